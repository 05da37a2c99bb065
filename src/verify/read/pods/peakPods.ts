import { PODS_ANNOTATION } from "../../../api/names.ts";
import { generationsOf } from "../../../budget/sums.ts";
import { counted } from "../../../text/wording.ts";
import { known, missing, positiveCount, type Quantity } from "../../quantity.ts";
import { Field } from "../objects/field.ts";
import { formatPath } from "../../../api/fieldPath.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import type { Inventory } from "../objects/inventory.ts";
import { kindOf } from "../objects/kinds.ts";

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

/**
 * Pods of a Deployment of so many replicas: twice as many, unless its strategy is Recreate or its
 * maxSurge more than all of them.
 */
export function rolledOut(count: Quantity, type: Field, byDefault = "RollingUpdate"): Quantity {
  const strategy = type.text() ?? byDefault;
  const surging = generationsOf(strategy) > 1 ? surged(count, type) : undefined;
  if (surging !== undefined) return surging;
  if (generationsOf(strategy) > 1) return doubled(count, `2 generations (${strategy})`, type);
  return count.known ? known(count.value, count.why, ...count.places, type.place()) : count;
}

/**
 * A Deployment may have maxSurge pods beyond its replicas, and has them where it is scaled, or changed
 * again, in the middle of a rollout: undefined where these are no more than its replicas.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
 */
function surged(count: Quantity, type: Field): Quantity | undefined {
  const surge = Field.of(type.object).at(...type.path.slice(0, -1), "rollingUpdate", "maxSurge");
  const [, number, percent] = /^(\d{1,9})(%?)$/.exec(surge.scalar() ?? "") ?? [];
  if (number === undefined || !count.known) return undefined;
  const more = percent === "%" ? Math.ceil((count.value * Number(number)) / 100) : Number(number);
  if (more <= count.value || count.value === 0) return undefined;
  const why = `${count.value + more} pods (${count.why}, and maxSurge ${number}${percent ?? ""})`;
  return known(count.value + more, why, ...count.places, surge.place());
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

/** A kind whose objects set the replicas of another object. */
export interface ScalerKind {
  /** The reference to the object that is scaled. */
  readonly target: (root: Field) => Field;
  /** The most replicas that it gives the object. */
  readonly maximum: (root: Field) => Quantity;
  /** What scales such an object scales its target too. */
  readonly passesOn?: true;
}

/** Kubernetes' own; other autoscalers write it as this one does. */
const AUTOSCALER: ScalerKind = {
  target: (root) => root.at("spec", "scaleTargetRef"),
  maximum: (root) =>
    countIn(
      root.at("spec", "maxReplicas"),
      "the autoscaler's maximum",
      (count) => `maxReplicas ${count}`,
    ),
};

/** The count in a field, else `byDefault`. `what` and `why` are for people. */
export function countIn(
  field: Field,
  what: string,
  why: (count: number) => string,
  byDefault?: number,
): Quantity {
  const count = field.exists ? field.count() : byDefault;
  if (count !== undefined) return known(count, why(count), field.place());
  return missing(what, field.place(), `write ${formatPath(field.path)} as a number`);
}

/** What scales each workload, and up to how many replicas. */
export class Scalers {
  readonly #maxima = new Map<string, readonly Quantity[]>();

  /** @param kinds besides Kubernetes' own: `keda.sh/ScaledObject` */
  constructor(inventory: Inventory, kinds: ReadonlyMap<string, ScalerKind>) {
    for (const object of inventory.objects) {
      const root = Field.of(object);
      const kind = kinds.get(kindOf(object)) ?? AUTOSCALER;
      const target = targetKey(kind.target(root), object);
      if (target !== undefined) this.#add(target, kind.maximum(root));
    }
    for (const object of inventory.objects) {
      const kind = kinds.get(kindOf(object));
      if (kind?.passesOn !== true) continue;
      const target = targetKey(kind.target(Field.of(object)), object);
      if (target !== undefined) this.#add(target, ...this.maximaOf(object));
    }
  }

  #add(target: string, ...maxima: readonly Quantity[]): void {
    this.#maxima.set(target, [...this.maximaByKey(target), ...maxima]);
  }

  /** The maximum that each of its autoscalers has. */
  maximaOf(object: ManifestObject): readonly Quantity[] {
    return this.maximaByKey(objectOf({ object }));
  }

  /** The same by `Deployment writing/author`, for a workload that need not be among the objects. */
  maximaByKey(key: string): readonly Quantity[] {
    return this.#maxima.get(key) ?? [];
  }
}

function targetKey(target: Field, { namespace }: ManifestObject): string | undefined {
  const name = target.text("name");
  const kind = target.text("kind") ?? "Deployment";
  return name === undefined ? undefined : `${kind} ${namespace}/${name}`;
}
