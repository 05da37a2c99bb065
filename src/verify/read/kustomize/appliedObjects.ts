import { isMapping } from "../../../json/fields.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { fluxVariables, withVariables, type FluxVariables } from "./fluxVariables.ts";
import {
  fluxLayer,
  isFluxKustomization,
  kustomizeLayer,
  patchFilesOf,
  type Layer,
} from "./kustomizations.ts";
import { changesOf, isAbout, type LayerChanges } from "./layerChanges.ts";
import { isComponent, Layers } from "./layers.ts";
import { patched } from "./objectPatches.ts";

/** What a change must name to change a sum. */
const COUNTED =
  /replicas|count|containers|env|args|command|strategy|data|instances|parallelism|annotations|values/i;

/** An object as kustomizations apply it. */
interface Appearance {
  readonly object: ManifestObject;
  /** The namespace that kustomizations give it; undefined: none does. */
  readonly namespace: string | undefined;
}

/**
 * Objects as Kustomize and Flux apply them: once for each way in which their file is applied, patched,
 * and with the variables of Flux put in.
 */
export class AppliedObjects {
  /** Flux's Kustomizations whose folder of objects is known, or not. */
  readonly flux: readonly Layer[];
  readonly #objects: readonly ManifestObject[];
  readonly #layers: Layers;
  readonly #texts: ReadonlyMap<string, string>;
  readonly #isApplied: (file: string) => boolean;
  readonly #patchFiles: ReadonlySet<string>;
  readonly #changes = new Map<Layer, readonly LayerChanges[]>();
  readonly #finished = new Map<ManifestObject, ManifestObject>();
  readonly #variables = new Map<ManifestObject, FluxVariables | undefined>();
  readonly #unapplied = new Map<string, MissingQuantity>();

  /**
   * @param objects those of all files
   * @param kustomizations those of Kustomize
   * @param texts of all files, by name: those of patches are read
   * @param isApplied whether a file's objects are applied
   */
  constructor(
    objects: readonly ManifestObject[],
    kustomizations: readonly ManifestObject[],
    {
      texts,
      isApplied,
    }: {
      readonly texts: ReadonlyMap<string, string>;
      readonly isApplied: (file: string) => boolean;
    },
  ) {
    const files = new Set([...objects, ...kustomizations].map(({ file }) => file));
    const kustomize = kustomizations.map(kustomizeLayer);
    this.flux = objects.filter(isFluxKustomization).map((object) => fluxLayer(object, files));
    this.#layers = new Layers([...kustomize, ...this.flux]);
    this.#objects = objects;
    this.#texts = texts;
    this.#isApplied = isApplied;
    const applied = new Set(kustomize.flatMap(({ members }) => [...members]));
    const patches = kustomizations.flatMap(patchFilesOf);
    this.#patchFiles = new Set(patches.filter((file) => !applied.has(file)));
  }

  /** Every different form in which an object is applied; none: it is a patch, or patched away. */
  of(object: ManifestObject): readonly Appearance[] {
    if (this.#patchFiles.has(object.file)) return [];
    const ways = this.#waysOf(object.file);
    if (ways.length === 0) return [{ object, namespace: undefined }];
    const forms = ways.flatMap((way) => this.#applied(object, way));
    if (forms.length < 2) return forms;
    const different = new Map(
      forms.map((form) => [`${form.namespace} ${JSON.stringify(form.object.value)}`, form]),
    );
    return [...different.values()];
  }

  /** Changes that could not be followed, and that may change a sum. */
  get unapplied(): readonly MissingQuantity[] {
    return [...this.#unapplied.values()];
  }

  /** How a file is applied; what is left out counts where nothing else does: it was applied by hand. */
  #waysOf(file: string): readonly (readonly Layer[])[] {
    const ways = this.#layers.waysOf(file);
    const applied = ways.filter((way) => this.#isApplied(way.at(-1)?.object.file ?? file));
    return applied.length === 0 ? ways : applied;
  }

  #applied(object: ManifestObject, way: readonly Layer[]): readonly Appearance[] {
    let form = object;
    let namespace: string | undefined;
    for (const layer of way) {
      const isFlux = isFluxKustomization(layer.object);
      // Only what the files say of it is known while it applies itself.
      const from = isFlux ? this.#finishedFlux(layer.object) : layer.object;
      namespace = (isFlux ? targetNamespace(from) : layer.namespace) ?? namespace;
      if (isComponent(layer.object)) continue;
      const after = this.#changed(form, layer);
      if (after === undefined) return [];
      form = isFlux ? this.#withVariables(after, layer.object) : after;
    }
    return [{ object: form, namespace }];
  }

  /** The object as a layer and its components change it; undefined: they take it out. */
  #changed(object: ManifestObject, layer: Layer): ManifestObject | undefined {
    let form = object;
    for (const { patches, unread } of this.#changesOf(layer)) {
      for (const { field, text } of unread) this.#addUnapplied(field, text);
      for (const patch of patches) {
        const isFor = isAbout(patch, form);
        if (isFor === false) continue;
        const value = isFor === undefined ? undefined : patched(form, patch.change);
        if (value === "deleted") return undefined;
        if (value === undefined) this.#addUnapplied(patch.field, JSON.stringify(patch.change));
        else form = { ...form, value };
      }
    }
    return form;
  }

  #changesOf(layer: Layer): readonly LayerChanges[] {
    const before = this.#changes.get(layer);
    if (before !== undefined) return before;
    // A component that takes itself in is refused by kustomize.
    this.#changes.set(layer, []);
    const components = this.#layers.componentsOf(layer).flatMap((one) => this.#changesOf(one));
    const from = isFluxKustomization(layer.object)
      ? this.#finishedFlux(layer.object)
      : layer.object;
    const changes = [...components, changesOf(from, this.#texts)];
    this.#changes.set(layer, changes);
    return changes;
  }

  /** Flux's Kustomization as another one applies it. */
  #finishedFlux(object: ManifestObject): ManifestObject {
    const before = this.#finished.get(object);
    if (before !== undefined) return before;
    // Flux's own may apply the file that it stands in.
    this.#finished.set(object, object);
    const [form] = this.of(object);
    const finished =
      form === undefined
        ? object
        : { ...form.object, namespace: form.namespace ?? form.object.namespace };
    this.#finished.set(object, finished);
    return finished;
  }

  #withVariables(object: ManifestObject, kustomization: ManifestObject): ManifestObject {
    if (isDisabled(object) || !JSON.stringify(object.value).includes("${")) return object;
    const variables = this.#variablesOf(kustomization);
    if (variables === undefined) return object;
    const value = withVariables(object.value, variables);
    const metadata = Field.of({ ...object, value }).at("metadata");
    const name = metadata.text("name") ?? object.name;
    return { ...object, name, namespace: metadata.text("namespace") ?? object.namespace, value };
  }

  #variablesOf(kustomization: ManifestObject): FluxVariables | undefined {
    if (!this.#variables.has(kustomization)) {
      const finished = this.#finishedFlux(kustomization);
      const find = (kind: string, name: string): readonly ManifestObject[] =>
        this.#objects.filter(
          (one) =>
            one.kind === kind &&
            one.name === name &&
            this.#namespacesOf(one).has(finished.namespace),
        );
      this.#variables.set(kustomization, fluxVariables(finished, find));
    }
    return this.#variables.get(kustomization);
  }

  /** Where an object is, patches and variables aside. */
  #namespacesOf({ file, namespace }: ManifestObject): ReadonlySet<string> {
    const given = this.#waysOf(file).map(
      (way) => way.findLast((layer) => layer.namespace !== undefined)?.namespace,
    );
    return new Set(given.length === 0 ? [namespace] : given.map((one) => one ?? namespace));
  }

  /** @param change what it changes; undefined: that may be anything */
  #addUnapplied(field: Field, change: string | undefined): void {
    const { object } = field;
    const list = field.path.find((segment) => typeof segment === "string" && segment !== "spec");
    const key = `${object.file} ${object.name}`;
    if (this.#unapplied.has(key) || (change !== undefined && !COUNTED.test(change))) return;
    const isFlux = isFluxKustomization(object);
    const what = `what ${isFlux ? objectOf({ object }) : object.file} makes of the objects: it changes some of them (${list})`;
    const remedy = isFlux
      ? `give what it makes: flux build kustomization ${object.name} --path DIR | weir verify -`
      : "give what it makes: kubectl kustomize DIR | weir verify -";
    this.#unapplied.set(key, missing(what, field.place(), remedy));
  }
}

/** The namespace that Flux's Kustomization gives what it applies. */
function targetNamespace(object: ManifestObject): string | undefined {
  const namespace = Field.of(object).text("spec", "targetNamespace");
  return namespace === "" ? undefined : namespace;
}

/** Whether an object keeps its texts as they stand. */
function isDisabled({ value }: ManifestObject): boolean {
  const { metadata } = value;
  const { labels, annotations } = isMapping(metadata) ? metadata : {};
  return [labels, annotations].some(
    (one) => isMapping(one) && one["kustomize.toolkit.fluxcd.io/substitute"] === "disabled",
  );
}
