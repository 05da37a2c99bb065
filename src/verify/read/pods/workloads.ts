import { PODS_ANNOTATION } from "../../../api/names.ts";
import { missing } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import type { Annotation, Workload } from "../../workload.ts";
import { annotatedWhole } from "../targets/annotations.ts";
import { containersOf } from "./containers.ts";
import { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";
import { kindOf } from "../objects/kinds.ts";
import { WORKLOAD_KINDS, type WorkloadKind, type Scalers } from "./peakPods.ts";

/** An object of a kind that is not known makes pods where its template has containers. */
const UNKNOWN_KIND: WorkloadKind = {
  peakPods: (root) =>
    missing(
      "how many pods of it there can be: its kind is not known",
      root.at("kind").place(),
      `annotate it with ${PODS_ANNOTATION}: "N"`,
    ),
};

/**
 * All objects that make pods, but those that another object among them owns.
 *
 * @param kinds besides Kubernetes' own: `keda.sh/ScaledJob`
 * @param owned keys of those that an operator makes, which its adapter reads
 */
export function workloadsOf(
  inventory: Inventory,
  scalers: Scalers,
  kinds: ReadonlyMap<string, WorkloadKind>,
  owned: ReadonlySet<string>,
): readonly Workload[] {
  return inventory.objects.flatMap((object) => {
    const kind = WORKLOAD_KINDS.get(kindOf(object)) ?? kinds.get(kindOf(object)) ?? UNKNOWN_KIND;
    const root = Field.of(object);
    const template = root.at(...(kind.template ?? ["spec", "template"]));
    if (!Array.isArray(template.at("spec", "containers").value) || isHelmTest(root)) return [];
    const key = objectOf(root.place());
    if (owned.has(key) || inventory.keys.has(ownerOf(object) ?? "")) return [];
    const metadata = [template.at("metadata"), root.at("metadata")];
    const annotation = (name: string): Annotation | undefined =>
      inventory.annotation(name, ...metadata);
    const isNumbered = object.kind === "StatefulSet";
    return [
      {
        key,
        object,
        namespace: object.namespace,
        labels: template.texts("metadata", "labels"),
        pods:
          annotatedWhole(annotation(PODS_ANNOTATION), "how many pods there can be", " pods") ??
          kind.peakPods(root, scalers),
        ...(template.at("spec", "hostNetwork").value === true && { isOnHost: true as const }),
        ...(isNumbered && { firstOrdinal: root.count("spec", "ordinals", "start") ?? 0 }),
        containers: containersOf({ template, inventory }),
        annotation,
      },
    ];
  });
}

/** It runs only by `helm test`. https://helm.sh/docs/topics/chart_tests/ */
function isHelmTest(root: Field): boolean {
  const hooks = root.text("metadata", "annotations", "helm.sh/hook") ?? "";
  return (
    hooks !== "" &&
    hooks.split(",").every((hook) => /^test(?:-success|-failure)?$/.test(hook.trim()))
  );
}

/** What makes an object: `ReplicaSet writing/author-5d4f`. */
export function ownerOf(object: ManifestObject): string | undefined {
  const owners = Field.of(object).items("metadata", "ownerReferences");
  const owner = owners.find((one) => one.at("controller").value === true);
  const [kind, name] = [owner?.text("kind"), owner?.text("name")];
  if (kind === undefined || name === undefined) return undefined;
  return `${kind} ${object.namespace}/${name}`;
}
