import { PODS_ANNOTATION } from "../../api/names.ts";
import { objectOf, type AuditObject } from "../sourcePosition.ts";
import type { Quantity } from "../system.ts";
import { Field } from "./field.ts";
import { known, missing, positiveCount, wholeNumber } from "./quantities.ts";
import { groupOf, type Annotation, type Inventory } from "./inventory.ts";
import { jobPods, cronJobPods, scaledJobPods } from "./jobs.ts";
import type { Scalers } from "./scalers.ts";

/** An object that makes pods, or is one. */
export interface Workload {
  /** `Deployment writing/author`. */
  readonly key: string;
  readonly object: AuditObject;
  readonly namespace: string;
  /** metadata and spec of its pods. */
  readonly template: Field;
  readonly labels: ReadonlyMap<string, string>;
  /** The most pods of it that can hold connections at once. */
  readonly pods: Quantity;
  /** From a flag, the pods' template or the object. */
  readonly annotation: (name: string) => Annotation | undefined;
}

/** Where the kinds that are known keep the template of their pods. */
const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ["/Pod", []],
  ["batch/CronJob", ["spec", "jobTemplate", "spec", "template"]],
  ["keda.sh/ScaledJob", ["spec", "jobTargetRef", "template"]],
]);

/** All that make pods, but those that another object among them makes. */
export function workloadsOf(inventory: Inventory, scalers: Scalers): readonly Workload[] {
  return inventory.objects.flatMap((object) => {
    const path = TEMPLATES.get(`${groupOf(object)}/${object.kind}`) ?? ["spec", "template"];
    const template = Field.of(object).at(...path);
    if (!Array.isArray(template.at("spec", "containers").value)) return [];
    return isMade(object, inventory) ? [] : [workloadOf(object, template, inventory, scalers)];
  });
}

/** Whether the object that made this one is there too, and counts for it. */
function isMade(object: AuditObject, inventory: Inventory): boolean {
  const owners = Field.of(object).at("metadata", "ownerReferences").items();
  return owners.some((owner) => {
    const [kind, name] = [owner.at("kind").text(), owner.at("name").text()];
    return (
      owner.at("controller").value === true &&
      kind !== undefined &&
      name !== undefined &&
      inventory.findAny(kind, object.namespace, name) !== undefined
    );
  });
}

function workloadOf(
  object: AuditObject,
  template: Field,
  inventory: Inventory,
  scalers: Scalers,
): Workload {
  const root = Field.of(object);
  const annotation = (name: string): Annotation | undefined =>
    inventory.annotation(name, template.at("metadata"), root.at("metadata"));
  return {
    key: objectOf(root.place()),
    object,
    namespace: object.namespace,
    template,
    labels: template.at("metadata", "labels").texts(),
    pods: peakPods(root, annotation(PODS_ANNOTATION), scalers),
    annotation,
  };
}

/**
 * The most pods that can hold connections at once. A Deployment does not count pods that terminate:
 * during a RollingUpdate a whole old generation may still hold its connections beside a whole new
 * one, whatever maxSurge says. See docs/budget.md.
 */
function peakPods(root: Field, told: Annotation | undefined, scalers: Scalers): Quantity {
  if (told !== undefined) return toldPods(told);
  switch (`${groupOf(root.object)}/${root.object.kind}`) {
    case "/Pod":
      return known(1, "1 pod", root.at("kind").place());
    case "apps/Deployment":
      return generations(root, scalers, root.at("spec", "strategy", "type"));
    case "argoproj.io/Rollout":
      // Canary and blue-green both have two generations.
      return doubled(replicas(root, scalers), "2 generations (Rollout)");
    case "apps.openshift.io/DeploymentConfig":
      return generations(root, scalers, root.at("spec", "strategy", "type"));
    case "apps/StatefulSet":
    case "apps/ReplicaSet":
    case "/ReplicationController":
      return replicas(root, scalers);
    case "apps/DaemonSet":
      return daemonSetPods(root);
    case "batch/Job":
      return jobPods(root.at("spec"));
    case "batch/CronJob":
      return cronJobPods(root.at("spec"));
    case "keda.sh/ScaledJob":
      return scaledJobPods(root.at("spec"));
    default:
      return missing(
        "how many pods of it there can be: its kind is not known",
        root.at("kind").place(),
        `annotate it with ${PODS_ANNOTATION}: "N"`,
      );
  }
}

function toldPods({ name, value, place }: Annotation): Quantity {
  const pods = wholeNumber(value);
  if (pods !== undefined) return known(pods, `${pods} pods (${name})`, place);
  return missing(`how many pods there can be: ${name} is no whole number`, place, `${name}: "N"`);
}

function generations(root: Field, scalers: Scalers, type: Field): Quantity {
  const byDefault = root.object.kind === "Deployment" ? "RollingUpdate" : "Rolling";
  return rolledOut(replicas(root, scalers), type, byDefault);
}

/** Pods of a Deployment of so many replicas: twice as many, unless its strategy is Recreate. */
export function rolledOut(count: Quantity, type: Field, byDefault = "RollingUpdate"): Quantity {
  const strategy = type.text() ?? byDefault;
  if (strategy !== "Recreate") return doubled(count, `2 generations (${strategy})`, type);
  return count.known ? known(count.value, count.why, ...count.places, type.place()) : count;
}

function doubled(count: Quantity, why: string, ...fields: readonly Field[]): Quantity {
  if (!count.known || count.value === 0) return count;
  const places = [...count.places, ...fields.filter((field) => field.exists).map((f) => f.place())];
  return known(2 * count.value, `${why} × ${count.why}`, ...places);
}

/** The highest count of replicas: an autoscaler's maximum, and never below what is written. */
function replicas(root: Field, scalers: Scalers): Quantity {
  return replicasAt(root.at("spec", "replicas"), scalers.maximaOf(root.object));
}

/** The count in a field, 1 where it is not written, or the largest of these maxima. */
export function replicasAt(field: Field, maxima: readonly Quantity[]): Quantity {
  const written = field.exists ? field.count() : 1;
  if (written === undefined) {
    return missing("how many replicas it has", field.place(), "write it as a whole number");
  }
  const own = known(written, plural(written), field.place());
  let most: Quantity = own;
  for (const maximum of maxima) {
    if (!maximum.known) return maximum;
    if (maximum.value > most.value) most = maximum;
  }
  return most;
}

function plural(count: number): string {
  return count === 1 ? "1 replica" : `${count} replicas`;
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
