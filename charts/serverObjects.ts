import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { mostReplicas } from "../src/budget/sums.ts";
import type { ServerPlan } from "../src/budget/plan.ts";
import { deployment } from "./deployment.ts";
import { hpa } from "./hpa.ts";
import { serverLabels, serverSelector } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { serverPolicy } from "./networkPolicies.ts";
import { podDisruptionBudget } from "./podDisruptionBudget.ts";
import { serverService } from "./services.ts";

/**
 * All objects of one server, in an order that can be applied. A workload that weir did not make, or
 * one behind a PgBouncer that weir did not make, has none.
 *
 * @param plan the server's, in a feasible budget
 */
export function serverObjects(
  server: McpServer,
  budget: ConnectionBudget,
  plan: ServerPlan,
): readonly Manifest[] {
  const { name, namespace } = server.metadata;
  const { image, autoscaling } = server.spec;
  if (image === undefined || budget.spec.pgbouncer.existing !== undefined) return [];
  const metadata = { name, namespace, labels: serverLabels(server) };
  return [
    serverPolicy(server),
    serverService(server),
    deployment(server, image, budget, plan),
    ...(autoscaling === undefined ? [] : [hpa(server, autoscaling)]),
    ...(mostReplicas(server) > 1 ? [podDisruptionBudget(metadata, serverSelector(name))] : []),
  ];
}
