import { k8s } from "cdk8s-plus-27";
import { MANAGED_LABELS } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/**
 * A namespace in which the API server refuses every pod that is not "restricted", and already warns
 * when a workload of such pods is applied.
 */
export function namespace(name: string): Manifest {
  return k8s.KubeNamespace.manifest({
    metadata: {
      name,
      labels: {
        ...MANAGED_LABELS,
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "latest",
      },
    },
  });
}
