import { known, missing, type Quantity } from "../quantity.ts";
import type { Field } from "../read/field.ts";
import { jobPods } from "../read/peakPods.ts";
import type { Adapter } from "./adapter.ts";

/** KEDA's default of maxReplicaCount, of a ScaledObject and a ScaledJob alike. */
const MAX_DEFAULT = 100;

/** KEDA: a ScaledObject scales a workload, a ScaledJob makes Jobs. */
export const keda: Adapter = {
  scalers: {
    "keda.sh/ScaledObject": {
      target: (root) => root.at("spec", "scaleTargetRef"),
      maximum: (root) => {
        const field = root.at("spec", "maxReplicaCount");
        const count = field.exists ? field.count() : MAX_DEFAULT;
        if (count === undefined) return missingMaximum(field);
        return known(count, `maxReplicaCount ${count}${byDefault(field)}`, field.place());
      },
    },
  },
  workloads: {
    "keda.sh/ScaledJob": {
      template: ["spec", "jobTargetRef", "template"],
      peakPods: (root) => scaledJobPods(root.at("spec")),
    },
  },
};

function scaledJobPods(spec: Field): Quantity {
  const field = spec.at("maxReplicaCount");
  const jobs = field.exists ? field.count() : MAX_DEFAULT;
  if (jobs === undefined) return missingMaximum(field);
  const job = jobPods(spec.at("jobTargetRef"));
  if (!job.known) return job;
  const why = `${jobs} jobs${byDefault(field)} × ${job.why}`;
  return known(jobs * job.value, why, ...job.places, field.place());
}

function missingMaximum(field: Field): Quantity {
  return missing("KEDA's maximum", field.place(), "write spec.maxReplicaCount as a number");
}

function byDefault(field: Field): string {
  return field.exists ? "" : " (KEDA's default)";
}
