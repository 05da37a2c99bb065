import { known, type Quantity } from "../quantity.ts";
import { Field } from "../read/objects/field.ts";
import type { Inventory } from "../read/objects/inventory.ts";
import { jobPods, countIn } from "../read/pods/peakPods.ts";
import type { Adapter } from "../read/adapter.ts";
import { triggerWorkloads } from "./kedaTriggers.ts";

/** KEDA's default of maxReplicaCount, of a ScaledObject and a ScaledJob alike. */
const MAX_DEFAULT = 100;

/** KEDA: a ScaledObject scales a workload, a ScaledJob makes Jobs; both by what triggers ask. */
export const keda: Adapter = {
  objects: {
    "keda.sh/ScaledObject": (object, { inventory }) => ({
      workloads: triggerWorkloads(Field.of(object), scaledTemplate, inventory),
    }),
    "keda.sh/ScaledJob": (object, { inventory }) => ({
      workloads: triggerWorkloads(
        Field.of(object),
        (root) => root.at("spec", "jobTargetRef", "template"),
        inventory,
      ),
    }),
  },
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

/** The pods' template of what a ScaledObject scales; undefined where it is not among the objects. */
function scaledTemplate(root: Field, inventory: Inventory): Field | undefined {
  const target = root.at("spec", "scaleTargetRef");
  const [group = ""] = (target.text("apiVersion") ?? "apps/v1").split("/");
  const kind = target.text("kind") ?? "Deployment";
  const object = inventory.find(group, kind, root.object.namespace, target.text("name") ?? "");
  return object && Field.of(object).at("spec", "template");
}

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
