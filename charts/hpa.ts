import { k8s } from "cdk8s-plus-27";
import type { McpServer } from "../src/api/mcpServer.ts";
import { serverLabels } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { patched } from "./patched.ts";

/** Of what a container requests; above it more pods start. */
const CPU_UTILIZATION_PERCENT = 80;

/** A server's autoscaler; the budget counts its maximum. */
export function hpa(
  server: McpServer,
  autoscaling: NonNullable<McpServer["spec"]["autoscaling"]>,
): Manifest {
  const { name, namespace } = server.metadata;
  const manifest: Manifest = k8s.KubeHorizontalPodAutoscalerV2.manifest({
    metadata: { name, namespace, labels: serverLabels(server) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [
        {
          type: "Resource",
          resource: {
            name: "cpu",
            target: { type: "Utilization", averageUtilization: CPU_UTILIZATION_PERCENT },
          },
        },
      ],
    },
  });
  return patched(manifest, {
    "/spec/metrics": autoscaling.metrics.length === 0 ? undefined : autoscaling.metrics,
  });
}
