import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { budgetNames, PGBOUNCER_PORT } from "../src/api/names.ts";
import {
  pgbouncerSelector,
  serverMetadata,
  serverSelector,
  tierMetadata,
  type Labels,
} from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Names of container ports, which Services point at. */
export const PGBOUNCER_PORT_NAME = "pgbouncer";
export const MCP_PORT_NAME = "mcp";

/** Where servers reach a budget's PgBouncer: any pod of it that is Ready. */
export function clientService(budget: ConnectionBudget): Manifest {
  return service(tierMetadata(budget), pgbouncerSelector(budget.metadata.name), PGBOUNCER);
}

/**
 * Gives each PgBouncer pod a name of its own, for its peers. Also to a pod that is not Ready: a
 * cancel request must find the process that holds the query.
 */
export function peerService(budget: ConnectionBudget): Manifest {
  const { name } = budget.metadata;
  const metadata = { ...tierMetadata(budget), name: budgetNames(name).peers };
  return service(metadata, pgbouncerSelector(name), PGBOUNCER, {
    clusterIp: "None",
    publishNotReadyAddresses: true,
  });
}

/** Where a server is reached: on its own port. */
export function serverService(server: McpServer): Manifest {
  return service(serverMetadata(server), serverSelector(server.metadata.name), {
    name: MCP_PORT_NAME,
    port: server.spec.port,
  });
}

const PGBOUNCER = { name: PGBOUNCER_PORT_NAME, port: PGBOUNCER_PORT };

/** A Service of one port, which leads to the containers' port of the same name. */
export function service(
  metadata: k8s.ObjectMeta,
  selector: Labels,
  { name, port }: { readonly name: string; readonly port: number },
  spec: k8s.ServiceSpec = {},
): Manifest {
  const targetPort = k8s.IntOrString.fromString(name);
  return k8s.KubeService.manifest({
    metadata,
    spec: { ...spec, selector, ports: [{ name, port, targetPort }] },
  });
}
