import { PODS_ANNOTATION } from "../../api/names.ts";
import { generationsOf } from "../../budget/sums.ts";
import { counted } from "../../text/wording.ts";
import { known, missing, positiveCount, type Quantity } from "../quantity.ts";
import type { Field } from "./field.ts";
import type { Scalers } from "./scalers.ts";

/** A kind whose objects make pods. */
export interface WorkloadKind {
  /** The path of its pod template; absent: spec.template. */
  readonly template?: readonly string[];
  /** The most pods of such an object that can hold connections at once. */
  readonly peakPods: (root: Field, scalers: Scalers) => Quantity;
}

/** Kubernetes' own kinds. See docs/budget.md. */
export const WORKLOAD_KINDS: ReadonlyMap<string, WorkloadKind> = new Map([
  ["/Pod", { template: [], peakPods: (root) => known(1, "1 pod", root.at("kind").place()) }],
  [
    "apps/Deployment",
    {
      peakPods: (root, scalers) =>
        rolledOut(replicas(root, scalers), root.at("spec", "strategy", "type")),
    },
  ],
  ["apps/StatefulSet", { peakPods: replicas }],
  ["apps/ReplicaSet", { peakPods: replicas }],
  ["/ReplicationController", { peakPods: replicas }],
  ["apps/DaemonSet", { peakPods: daemonSetPods }],
  ["batch/Job", { peakPods: (root) => jobPods(root.at("spec")) }],
  [
    "batch/CronJob",
    { template: ["spec", "jobTemplate", "spec", "template"], peakPods: cronJobPods },
  ],
] satisfies [string, WorkloadKind][]);

/** Pods of a Deployment of so many replicas: twice as many, unless its strategy is Recreate. */
export function rolledOut(count: Quantity, type: Field, byDefault = "RollingUpdate"): Quantity {
  const strategy = type.text() ?? byDefault;
  if (generationsOf(strategy) > 1) return doubled(count, `2 generations (${strategy})`, type);
  return count.known ? known(count.value, count.why, ...count.places, type.place()) : count;
}

export function doubled(count: Quantity, why: string, ...fields: readonly Field[]): Quantity {
  if (!count.known || count.value === 0) return count;
  const places = [...count.places, ...fields.filter((field) => field.exists).map((f) => f.place())];
  return known(2 * count.value, `${why} × ${count.why}`, ...places);
}

/** The highest count of replicas: an autoscaler's maximum, and never below what is written. */
export function replicas(root: Field, scalers: Scalers): Quantity {
  return replicasAt(root.at("spec", "replicas"), scalers.maximaOf(root.object));
}

/** The count in a field, 1 where it is not written, or the largest of these maxima. */
export function replicasAt(field: Field, maxima: readonly Quantity[]): Quantity {
  const written = field.exists ? field.count() : 1;
  if (written === undefined) {
    return missing("how many replicas it has", field.place(), "write it as a whole number");
  }
  let most: Quantity = known(written, counted(written, "replica"), field.place());
  for (const maximum of maxima) {
    if (!maximum.known) return maximum;
    if (maximum.value > most.value) most = maximum;
  }
  return most;
}

function daemonSetPods(root: Field): Quantity {
  const surge = root.at("spec", "updateStrategy", "rollingUpdate", "maxSurge");
  const surges = surge.exists && positiveCount(String(surge.value).replace("%", "")) !== undefined;
  const pods = surges
    ? "twice the nodes that it runs on (maxSurge starts new pods beside the old ones)"
    : "the nodes that it runs on";
  return missing(
    "how many nodes a DaemonSet's pods run on",
    root.at("kind").place(),
    `annotate it with ${PODS_ANNOTATION}: "N", ${pods}`,
  );
}

/**
 * Pods of a Job: its parallelism, bounded by its completions. A pod that failed is replaced while it
 * still terminates, so there can be twice as many, unless podReplacementPolicy is Failed or nothing
 * is tried again (backoffLimit 0).
 */
export function jobPods(spec: Field): Quantity {
  const suspend = spec.at("suspend");
  if (suspend.value === true) return known(0, "0 pods (suspended)", suspend.place());
  const parallelism = spec.at("parallelism");
  const completions = spec.at("completions");
  const most = parallelism.exists ? parallelism.count() : 1;
  const bound = completions.exists ? completions.count() : Infinity;
  if (most === undefined || bound === undefined) {
    const field = most === undefined ? parallelism : completions;
    return missing("how many pods the Job has at once", field.place(), "write it as a number");
  }
  const pods = Math.min(most, bound);
  const fields = [parallelism, completions].filter((field) => field.exists);
  const places = (fields.length > 0 ? fields : [spec]).map((field) => field.place());
  const replaced = spec.at("podReplacementPolicy");
  const backoff = spec.at("backoffLimit");
  const count = counted(pods, "pod");
  if (replaced.value === "Failed") return known(pods, count, ...places, replaced.place());
  if (backoff.value === 0) return known(pods, count, ...places, backoff.place());
  if (pods === 0) return known(0, count, ...places);
  return known(2 * pods, `2 (a failed pod still terminates) × ${count}`, ...places);
}

function cronJobPods(root: Field): Quantity {
  const spec = root.at("spec");
  const suspend = spec.at("suspend");
  if (suspend.value === true) return known(0, "0 pods (suspended)", suspend.place());
  const policy = spec.at("concurrencyPolicy");
  const job = jobPods(spec.at("jobTemplate", "spec"));
  if (!job.known) return job;
  switch (policy.text() ?? "Allow") {
    case "Forbid":
      return known(job.value, job.why, ...job.places, policy.place());
    case "Replace":
      // The job that is replaced still terminates.
      return known(2 * job.value, `2 jobs (Replace) × ${job.why}`, ...job.places, policy.place());
    default:
      return missing(
        "how many of its jobs run at once: concurrencyPolicy Allow bounds them by nothing",
        policy.place(),
        `write concurrencyPolicy: Forbid, or annotate it with ${PODS_ANNOTATION}: "N"`,
      );
  }
}
