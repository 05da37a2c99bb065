import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { budgetNames, PGBOUNCER_PORT } from "../src/api/names.ts";
import {
  pgbouncerSelector,
  serverMetadata,
  serverSelector,
  tierMetadata,
} from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Names of container ports, which Services point at. */
export const PGBOUNCER_PORT_NAME = "pgbouncer";
export const MCP_PORT_NAME = "mcp";

/** Where servers reach a budget's PgBouncer: any pod of it that is Ready. */
export function clientService(budget: ConnectionBudget): Manifest {
  return k8s.KubeService.manifest({
    metadata: tierMetadata(budget),
    spec: {
      selector: pgbouncerSelector(budget.metadata.name),
      ports: [servicePort(PGBOUNCER_PORT_NAME, PGBOUNCER_PORT)],
    },
  });
}

/**
 * Gives each PgBouncer pod a name of its own, for its peers. Also to one that is not Ready: a
 * cancel request must find the process that holds the query.
 */
export function peerService(budget: ConnectionBudget): Manifest {
  const { name } = budget.metadata;
  return k8s.KubeService.manifest({
    metadata: { ...tierMetadata(budget), name: budgetNames(name).peers },
    spec: {
      clusterIp: "None",
      publishNotReadyAddresses: true,
      selector: pgbouncerSelector(name),
      ports: [servicePort(PGBOUNCER_PORT_NAME, PGBOUNCER_PORT)],
    },
  });
}

/** Where a server is reached: on its own port. */
export function serverService(server: McpServer): Manifest {
  return k8s.KubeService.manifest({
    metadata: serverMetadata(server),
    spec: {
      selector: serverSelector(server.metadata.name),
      ports: [servicePort(MCP_PORT_NAME, server.spec.port)],
    },
  });
}

/** A port that leads to the container's port of the same name. */
export function servicePort(name: string, port: number): k8s.ServicePort {
  return { name, port, targetPort: k8s.IntOrString.fromString(name) };
}
