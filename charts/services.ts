import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { budgetNames, PGBOUNCER_PORT } from "../src/api/names.ts";
import {
  pgbouncerLabels,
  pgbouncerSelector,
  serverLabels,
  serverSelector,
} from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Names of container ports, which Services point at. */
export const PGBOUNCER_PORT_NAME = "pgbouncer";
export const MCP_PORT_NAME = "mcp";

/** Where servers reach a budget's PgBouncer: any pod of it that is Ready. */
export function clientService(budget: ConnectionBudget): Manifest {
  const { name, namespace } = budget.metadata;
  return k8s.KubeService.manifest({
    metadata: { name: budgetNames(name).pgbouncer, namespace, labels: pgbouncerLabels(name) },
    spec: { selector: pgbouncerSelector(name), ports: [pgbouncerPort()] },
  });
}

/**
 * Gives each PgBouncer pod a name of its own, for its peers. Also to one that is not Ready: a
 * cancel request must find the process that holds the query.
 */
export function peerService(budget: ConnectionBudget): Manifest {
  const { name, namespace } = budget.metadata;
  return k8s.KubeService.manifest({
    metadata: { name: budgetNames(name).peers, namespace, labels: pgbouncerLabels(name) },
    spec: {
      clusterIp: "None",
      publishNotReadyAddresses: true,
      selector: pgbouncerSelector(name),
      ports: [pgbouncerPort()],
    },
  });
}

/** Where a server is reached: on its own port. */
export function serverService(server: McpServer): Manifest {
  const { name, namespace } = server.metadata;
  return k8s.KubeService.manifest({
    metadata: { name, namespace, labels: serverLabels(server) },
    spec: {
      selector: serverSelector(name),
      ports: [
        {
          name: MCP_PORT_NAME,
          port: server.spec.port,
          targetPort: k8s.IntOrString.fromString(MCP_PORT_NAME),
        },
      ],
    },
  });
}

function pgbouncerPort(): k8s.ServicePort {
  return {
    name: PGBOUNCER_PORT_NAME,
    port: PGBOUNCER_PORT,
    targetPort: k8s.IntOrString.fromString(PGBOUNCER_PORT_NAME),
  };
}
