import { objectOf, type AuditObject, type SourcePosition } from "../sourcePosition.ts";
import type { MissingQuantity } from "../system.ts";
import { Field } from "./field.ts";
import { oneOf, type ConflictingObjects } from "./conflictingObjects.ts";

/** Annotations given by flag: by object (`Deployment writing/author`), by name. */
export type AnnotationOverrides = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** An annotation and where it stands. */
export interface Annotation {
  readonly name: string;
  readonly value: string;
  readonly place: SourcePosition;
}

/** All objects, to be found by kind and name. */
export class Inventory {
  /** Those of `objects` that stand twice and differ: which of them applies nothing tells. */
  readonly twice: ConflictingObjects;
  readonly objects: readonly AuditObject[];
  readonly namespaces: ReadonlySet<string>;
  readonly #told: AnnotationOverrides;
  readonly #byKind: ReadonlyMap<string, readonly AuditObject[]>;
  readonly #byName: ReadonlyMap<string, AuditObject>;
  readonly #byKindAndName: ReadonlyMap<string, AuditObject>;

  constructor(all: readonly AuditObject[], told: AnnotationOverrides) {
    const byName = new Map<string, AuditObject>();
    const twice = new Map<AuditObject, MissingQuantity>();
    const named = Map.groupBy(all, (object) =>
      nameOf(groupOf(object), object.kind, object.namespace, object.name),
    );
    for (const [key, same] of named) {
      const { object, missing } = oneOf(same);
      if (object === undefined) continue;
      if (missing !== undefined && isCounted(object)) twice.set(object, missing);
      byName.set(key, object);
    }
    this.twice = twice;
    this.objects = [...byName.values()];
    this.namespaces = new Set(this.objects.map(({ namespace }) => namespace));
    this.#byName = byName;
    this.#byKindAndName = new Map(
      this.objects.map((object) => [objectOf({ object, path: [] }), object]),
    );
    this.#byKind = Map.groupBy(this.objects, (object) => `${groupOf(object)}/${object.kind}`);
    this.#told = told;
  }

  /** @param group API group, "" for the core's */
  ofKind(group: string, kind: string): readonly AuditObject[] {
    return this.#byKind.get(`${group}/${kind}`) ?? [];
  }

  find(group: string, kind: string, namespace: string, name: string): AuditObject | undefined {
    return this.#byName.get(nameOf(group, kind, namespace, name));
  }

  /** An object of any group by that kind and name. */
  findAny(kind: string, namespace: string, name: string): AuditObject | undefined {
    return this.#byKindAndName.get(`${kind} ${namespace}/${name}`);
  }

  /** A ConfigMap or Secret. */
  data(kind: "ConfigMap" | "Secret", namespace: string, name: string): Field | undefined {
    const object = this.find("", kind, namespace, name);
    return object === undefined ? undefined : Field.of(object);
  }

  /** The annotation as a flag gave it, else the first of those that the `metadata` have. */
  annotation(name: string, ...metadata: readonly Field[]): Annotation | undefined {
    const [first] = metadata;
    if (first === undefined) return undefined;
    const told = this.#told.get(objectOf(first.place()))?.get(name);
    if (told !== undefined) {
      const field = Field.of(first.object).at("metadata", "annotations", name);
      return { name, value: told, place: field.place() };
    }
    for (const field of metadata) {
      const annotation = field.at("annotations", name);
      if (!annotation.exists) continue;
      return { name, value: String(annotation.value), place: annotation.place() };
    }
    return undefined;
  }
}

/** The API group; "" for the core's. */
export function groupOf({ apiVersion }: AuditObject): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** Groups of which nothing counts connections. */
const UNCOUNTED =
  /^(?:rbac\.authorization|apiextensions|networking|policy|admissionregistration)\.k8s\.io$|^policy$/;

/** Whether something in it may change a sum. */
function isCounted(object: AuditObject): boolean {
  if (object.kind === "Namespace" || object.kind === "ServiceAccount") return false;
  return !UNCOUNTED.test(groupOf(object));
}

function nameOf(group: string, kind: string, namespace: string, name: string): string {
  return `${group}/${kind} ${namespace}/${name}`;
}
