import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { mostReplicas } from "../src/budget/sums.ts";
import type { ServerPlan } from "../src/budget/plan.ts";
import { deployment } from "./deployment.ts";
import { serverMetadata, serverSelector } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { serverPolicy } from "./networkPolicies.ts";
import { patched } from "./pod.ts";
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
  const { image, autoscaling } = server.spec;
  if (image === undefined || budget.spec.pgbouncer.existing !== undefined) return [];
  const metadata = serverMetadata(server);
  return [
    serverPolicy(server),
    serverService(server),
    deployment(server, image, budget, plan),
    ...(autoscaling === undefined ? [] : [hpa(server, autoscaling)]),
    ...(mostReplicas(server) > 1
      ? [podDisruptionBudget(metadata, serverSelector(metadata.name))]
      : []),
  ];
}

/** Percent of what a container requests; above it more pods start. */
const CPU_TARGET = { type: "Utilization", averageUtilization: 80 };

/** A server's autoscaler; the budget counts its maximum. */
function hpa(
  server: McpServer,
  autoscaling: NonNullable<McpServer["spec"]["autoscaling"]>,
): Manifest {
  const metadata = serverMetadata(server);
  const manifest: Manifest = k8s.KubeHorizontalPodAutoscalerV2.manifest({
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [{ type: "Resource", resource: { name: "cpu", target: CPU_TARGET } }],
    },
  });
  return patched(manifest, {
    "/spec/metrics": autoscaling.metrics.length === 0 ? undefined : autoscaling.metrics,
  });
}
