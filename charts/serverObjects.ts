import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import { POOL_LIMIT_ANNOTATION } from "../src/api/names.ts";
import { assertWritten } from "../src/budget/assertSums.ts";
import { mostReplicas } from "../src/budget/sums.ts";
import type { ServerPlan } from "../src/budget/plan.ts";
import { deployment, type DeploymentManifest } from "./deployment.ts";
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
 * @throws SumError when its processes, as they are written, could believe in more than its grant
 */
export function serverObjects(
  server: McpServer,
  budget: ConnectionBudget,
  plan: ServerPlan,
): readonly Manifest[] {
  const { image, autoscaling } = server.spec;
  if (image === undefined || budget.spec.pgbouncer.existing !== undefined) return [];
  const metadata = serverMetadata(server);
  const workload = deployment(server, image, budget, plan);
  const scalers = autoscaling === undefined ? [] : [hpa(server, autoscaling)];
  assertObjects(server, plan, workload, scalers);
  return [
    serverPolicy(server),
    serverService(server),
    workload,
    ...scalers,
    ...(mostReplicas(server) > 1
      ? [podDisruptionBudget(metadata, serverSelector(metadata.name))]
      : []),
  ];
}

/**
 * The numbers are those of the objects, in which they have the names that Kubernetes reads. Only how
 * many pods a sleeping server is woken to stands in no object.
 */
function assertObjects(
  server: McpServer,
  plan: ServerPlan,
  { spec }: DeploymentManifest,
  scalers: readonly HpaManifest[],
): void {
  const [container] = spec?.template.spec?.containers ?? [];
  const variable = container?.env?.findLast(({ name }) => name === server.spec.pool.env.max);
  const annotation = spec?.template.metadata?.annotations?.[POOL_LIMIT_ANNOTATION];
  assertWritten(server, plan, {
    replicas: Math.max(
      mostReplicas(server),
      // 1 is what a Deployment has that says nothing.
      spec?.replicas ?? 1,
      ...scalers.map((each) => each.spec?.maxReplicas ?? 0),
    ),
    rollout: spec?.strategy?.type,
    limits: [variable?.value, annotation],
  });
}

/** Percent of what a container requests; above it more pods start. */
const CPU_TARGET = { type: "Utilization", averageUtilization: 80 };

type HpaManifest = Manifest & Pick<k8s.KubeHorizontalPodAutoscalerV2Props, "spec">;

/** A server's autoscaler; the budget counts its maximum. */
function hpa(
  server: McpServer,
  autoscaling: NonNullable<McpServer["spec"]["autoscaling"]>,
): HpaManifest {
  const metadata = serverMetadata(server);
  const manifest: HpaManifest = k8s.KubeHorizontalPodAutoscalerV2.manifest({
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
