import { objectOf, optionPlace, type ManifestObject } from "../../sourcePosition.ts";
import type { MissingQuantity } from "../../quantity.ts";
import type { Annotation } from "../../workload.ts";
import { Field } from "./field.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { ChartSecrets } from "./chartSecrets.ts";
import { Injectors } from "./injectors.ts";
import { Stores } from "../targets/stores.ts";
import { groupOf, kindOf, Kinds } from "./kinds.ts";
import { Mounts } from "./mounts.ts";
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
  readonly kinds: Kinds;
  readonly chartSecrets: ChartSecrets;
  readonly injectors: Injectors;
  readonly stores: Stores;
  readonly programs: Knowledge["programs"];
  readonly mounts: Mounts;
  readonly #overrides: AnnotationOverrides;
  readonly #byKind: ReadonlyMap<string, readonly ManifestObject[]>;
  readonly #byName: ReadonlyMap<string, ManifestObject>;

  constructor(
    all: readonly ManifestObject[],
    overrides: AnnotationOverrides,
    knowledge: Knowledge,
  ) {
    this.kinds = new Kinds(knowledge);
    this.injectors = new Injectors(knowledge);
    this.stores = new Stores(knowledge);
    this.chartSecrets = new ChartSecrets(knowledge, this.stores);
    this.programs = knowledge.programs;
    const byName = new Map<string, ManifestObject>();
    const conflicting = new Map<ManifestObject, MissingQuantity>();
    const named = Map.groupBy(all, (object) =>
      nameOf(groupOf(object), object.kind, object.namespace, object.name),
    );
    for (const [key, same] of named) {
      const { object, missing } = fullestOf(same);
      if (object === undefined) continue;
      if (missing !== undefined && this.#isCounted(object)) conflicting.set(object, missing);
      byName.set(key, object);
    }
    this.conflicting = conflicting;
    this.objects = [...byName.values()];
    this.namespaces = new Set(this.objects.map(({ namespace }) => namespace));
    this.#byName = byName;
    this.keys = new Set(this.objects.map((object) => objectOf({ object })));
    this.#byKind = Map.groupBy(this.objects, kindOf);
    this.#overrides = overrides;
    this.mounts = new Mounts(knowledge, this.objects);
    this.#dropUnused(conflicting);
  }

  /** A ConfigMap or a Secret that no other object names holds nothing that a sum rests on. */
  #dropUnused(conflicting: Map<ManifestObject, MissingQuantity>): void {
    const data = [...conflicting.keys()].filter(({ kind }) => /^(?:ConfigMap|Secret)$/.test(kind));
    if (data.length === 0) return;
    // What Flux puts in from it has been put in.
    const others = this.objects.filter(
      (object) => !data.includes(object) && kindOf(object) !== FLUX_KUSTOMIZATION,
    );
    const texts = others.map(({ namespace, value }) => ({
      namespace,
      text: JSON.stringify(value),
    }));
    for (const object of data) {
      const isUsed = texts.some(
        ({ namespace, text }) => namespace === object.namespace && text.includes(object.name),
      );
      if (!isUsed) conflicting.delete(object);
    }
  }

  /** Whether something in it may change a sum. */
  #isCounted(object: ManifestObject): boolean {
    const effect = this.kinds.rowOf(object)?.effect;
    return effect === undefined || !UNCOUNTED.has(effect);
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
      return { name, value: given, place: optionPlace(field.place(), name, given) };
    }
    const written = metadata.map((field) => field.at("annotations", name));
    const annotation = written.find(({ exists }) => exists);
    return annotation && { name, value: String(annotation.value), place: annotation.place() };
  }
}

const FLUX_KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/Kustomization";

/** Effects of kinds of which it makes no difference which of two objects applies. */
const UNCOUNTED: ReadonlySet<string> = new Set(["none", "routes", "exports"]);

function nameOf(group: string, kind: string, namespace: string, name: string): string {
  return `${group}/${kind} ${namespace}/${name}`;
}
