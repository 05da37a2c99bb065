import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import type { MissingQuantity } from "../quantity.ts";
import type { Annotation } from "../workload.ts";
import { Field } from "./field.ts";
import { fullestOf, type ConflictingObjects } from "./conflictingObjects.ts";

/** Annotations given by flag: by object (`Deployment writing/author`), by name. */
export type AnnotationOverrides = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** All objects, to be found by kind and name. */
export class Inventory {
  /** Objects that appear several times and differ: weir can't know which of them applies. */
  readonly conflicting: ConflictingObjects;
  readonly objects: readonly ManifestObject[];
  readonly namespaces: ReadonlySet<string>;
  /** The keys of all objects, whatever their group: `Deployment writing/author`. */
  readonly keys: ReadonlySet<string>;
  readonly #overrides: AnnotationOverrides;
  readonly #byKind: ReadonlyMap<string, readonly ManifestObject[]>;
  readonly #byName: ReadonlyMap<string, ManifestObject>;

  constructor(all: readonly ManifestObject[], overrides: AnnotationOverrides) {
    const byName = new Map<string, ManifestObject>();
    const conflicting = new Map<ManifestObject, MissingQuantity>();
    const named = Map.groupBy(all, (object) =>
      nameOf(groupOf(object), object.kind, object.namespace, object.name),
    );
    for (const [key, same] of named) {
      const { object, missing } = fullestOf(same);
      if (object === undefined) continue;
      if (missing !== undefined && isCounted(object)) conflicting.set(object, missing);
      byName.set(key, object);
    }
    this.conflicting = conflicting;
    this.objects = [...byName.values()];
    this.namespaces = new Set(this.objects.map(({ namespace }) => namespace));
    this.#byName = byName;
    this.keys = new Set(this.objects.map((object) => objectOf({ object })));
    this.#byKind = Map.groupBy(this.objects, kindOf);
    this.#overrides = overrides;
  }

  /** @param group API group, "" for the core's */
  ofKind(group: string, kind: string): readonly ManifestObject[] {
    return this.#byKind.get(`${group}/${kind}`) ?? [];
  }

  find(group: string, kind: string, namespace: string, name: string): ManifestObject | undefined {
    return this.#byName.get(nameOf(group, kind, namespace, name));
  }

  /** The annotation as a flag gave it, else the first of those that the `metadata` have. */
  annotation(name: string, ...metadata: readonly Field[]): Annotation | undefined {
    const [first] = metadata;
    if (first === undefined) return undefined;
    const given = this.#overrides.get(objectOf(first.place()))?.get(name);
    if (given !== undefined) {
      const field = Field.of(first.object).at("metadata", "annotations", name);
      return { name, value: given, place: field.place() };
    }
    const written = metadata.map((field) => field.at("annotations", name));
    const annotation = written.find(({ exists }) => exists);
    return annotation && { name, value: String(annotation.value), place: annotation.place() };
  }
}

/** The API group; "" for the core's. */
export function groupOf({ apiVersion }: ManifestObject): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** The kind with its API group: `apps/Deployment`, `/Service`. */
export function kindOf(object: ManifestObject): string {
  return `${groupOf(object)}/${object.kind}`;
}

/** Groups of which nothing counts connections. */
const UNCOUNTED =
  /^(?:rbac\.authorization|apiextensions|networking|policy|admissionregistration)\.k8s\.io$|^policy$/;

/** Whether something in it may change a sum. */
function isCounted(object: ManifestObject): boolean {
  if (object.kind === "Namespace" || object.kind === "ServiceAccount") return false;
  return !UNCOUNTED.test(groupOf(object));
}

function nameOf(group: string, kind: string, namespace: string, name: string): string {
  return `${group}/${kind} ${namespace}/${name}`;
}
