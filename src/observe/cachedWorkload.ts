import { fieldOf, numberAt, textAt, type Fields } from "../kube/fields.ts";
import type { KubeObject } from "../kube/list.ts";
import type { WorkloadSnapshot } from "../model/workload.ts";
import { poolHints, type PoolHints } from "./envNumbers.ts";

/** What is kept of a Deployment, StatefulSet or DaemonSet. */
export interface CachedWorkload
  extends PoolHints, Pick<WorkloadSnapshot, "kind" | "name" | "uid" | "replicas" | "rollout"> {
  readonly namespace: string;
  /** Its label selector, as it is written. */
  readonly selector: Fields;
}

/** What is kept of a HorizontalPodAutoscaler. */
export interface CachedScaler {
  readonly name: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** What it scales, as workloadKey says it. */
  readonly target: string;
}

/** `Deployment writing/author`: tells a workload from all others. */
export function workloadKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

export function toCachedWorkload(object: KubeObject): CachedWorkload | undefined {
  const { kind } = object;
  if (kind !== "Deployment" && kind !== "StatefulSet" && kind !== "DaemonSet") return undefined;
  const metadata = fieldOf(object, "metadata");
  const spec = fieldOf(object, "spec");
  return {
    kind,
    namespace: textAt(metadata, "namespace") ?? "",
    name: textAt(metadata, "name") ?? "",
    uid: textAt(metadata, "uid") ?? "",
    replicas:
      kind === "DaemonSet"
        ? (numberAt(fieldOf(object, "status"), "desiredNumberScheduled") ?? 0)
        : (numberAt(spec, "replicas") ?? 1),
    rollout: rolloutOf(fieldOf(spec, kind === "Deployment" ? "strategy" : "updateStrategy")),
    selector: fieldOf(spec, "selector"),
    ...poolHints(fieldOf(spec, "template")),
  };
}

export function toCachedScaler(object: KubeObject): CachedScaler {
  const metadata = fieldOf(object, "metadata");
  const spec = fieldOf(object, "spec");
  const target = fieldOf(spec, "scaleTargetRef");
  return {
    name: textAt(metadata, "name") ?? "",
    minReplicas: numberAt(spec, "minReplicas") ?? 1,
    maxReplicas: numberAt(spec, "maxReplicas") ?? 1,
    target: workloadKey(
      textAt(target, "kind") ?? "",
      textAt(metadata, "namespace") ?? "",
      textAt(target, "name") ?? "",
    ),
  };
}

function rolloutOf(strategy: Fields): WorkloadSnapshot["rollout"] {
  const { type } = strategy;
  return type === "Recreate" || type === "OnDelete" ? type : "RollingUpdate";
}
