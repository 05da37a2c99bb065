import { k8s } from "cdk8s-plus-27";
import type { Labels } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Lets a node be drained one pod at a time. For workloads of more than one pod. */
export function podDisruptionBudget(
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels },
  selector: Labels,
): Manifest {
  return k8s.KubePodDisruptionBudget.manifest({
    metadata,
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: selector },
      // Else one pod that never becomes Ready would hold up the drain for ever.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}
