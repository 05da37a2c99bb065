import { known, type Quantity } from "../quantity.ts";
import type { Field } from "../read/field.ts";
import { jobPods, countIn } from "../read/peakPods.ts";
import type { Adapter } from "../read/adapter.ts";

/** KEDA's default of maxReplicaCount, of a ScaledObject and a ScaledJob alike. */
const MAX_DEFAULT = 100;

/** KEDA: a ScaledObject scales a workload, a ScaledJob makes Jobs. */
export const keda: Adapter = {
  scalers: {
    "keda.sh/ScaledObject": {
      target: (root) => root.at("spec", "scaleTargetRef"),
      maximum: (root) => maximumOf(root, (count) => `maxReplicaCount ${count}`),
    },
  },
  workloads: {
    "keda.sh/ScaledJob": {
      template: ["spec", "jobTargetRef", "template"],
      peakPods: scaledJobPods,
    },
  },
};

function scaledJobPods(root: Field): Quantity {
  const jobs = maximumOf(root, (count) => `${count} jobs`);
  if (!jobs.known) return jobs;
  const job = jobPods(root.at("spec", "jobTargetRef"));
  if (!job.known) return job;
  const why = `${jobs.why} × ${job.why}`;
  return known(jobs.value * job.value, why, ...job.places, ...jobs.places);
}

function maximumOf(root: Field, why: (count: number) => string): Quantity {
  const field = root.at("spec", "maxReplicaCount");
  const source = field.exists ? "" : " (KEDA's default)";
  return countIn(field, "KEDA's maximum", (count) => why(count) + source, MAX_DEFAULT);
}
