import { PODS_ANNOTATION } from "../../api/names.ts";
import type { Quantity } from "../system.ts";
import type { Field } from "./field.ts";
import { known, missing } from "./quantities.ts";
import { KEDA_MAX_DEFAULT } from "./scalers.ts";

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
  const count = pods === 1 ? "1 pod" : `${pods} pods`;
  if (replaced.value === "Failed") return known(pods, count, ...places, replaced.place());
  if (backoff.value === 0) return known(pods, count, ...places, backoff.place());
  if (pods === 0) return known(0, count, ...places);
  return known(2 * pods, `2 (a failed pod still terminates) × ${count}`, ...places);
}

export function cronJobPods(spec: Field): Quantity {
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

export function scaledJobPods(spec: Field): Quantity {
  const field = spec.at("maxReplicaCount");
  const jobs = field.exists ? field.count() : KEDA_MAX_DEFAULT;
  if (jobs === undefined) {
    return missing("KEDA's maximum", field.place(), "write spec.maxReplicaCount as a number");
  }
  const job = jobPods(spec.at("jobTargetRef"));
  if (!job.known) return job;
  const why = `${jobs} jobs${field.exists ? "" : " (KEDA's default)"} × ${job.why}`;
  return known(jobs * job.value, why, ...job.places, field.place());
}
