import { isMapping } from "../../../json/fields.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";

/** A kustomization, or Flux's Kustomization: where it puts the objects of its files. */
interface Layer {
  readonly object: ManifestObject;
  /** A kustomization's own folder; undefined for Flux's. */
  readonly folder?: string;
  /** The namespace that it gives them all; undefined: it leaves theirs. */
  readonly namespace?: string;
  /** Files, and folders with a kustomization; for Flux the folder of its path where it is there. */
  readonly members: ReadonlySet<string>;
}

/** Kustomize's own group; Flux's is kustomize.toolkit.fluxcd.io. */
const KUSTOMIZE_GROUP = "kustomize.config.k8s.io";

/** Whether a document is a kustomization; it may leave out apiVersion and kind. */
export function isKustomization(value: unknown, file: string): boolean {
  if (!isMapping(value)) return false;
  const { apiVersion } = value;
  if (apiVersion === undefined) return /(?:^|\/)kustomization(?:\.ya?ml)?$/i.test(file);
  return typeof apiVersion === "string" && apiVersion.startsWith(`${KUSTOMIZE_GROUP}/`);
}

/** The layer of a kustomization: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
export function kustomizeLayer(object: ManifestObject): Layer {
  const root = Field.of(object);
  const folder = object.file.slice(0, Math.max(object.file.lastIndexOf("/"), 0));
  const patches = [
    ...root.items("patchesStrategicMerge").map((item) => item.text()),
    ...root.items("patches").map((patch) => patch.text("path")),
  ];
  const members = [...filesOf(object), ...patches].flatMap((name) =>
    name === undefined || /\n|:\/\//.test(name) ? [] : [joined(folder, name)],
  );
  return { object, folder, ...withNamespace(root.text("namespace")), members: new Set(members) };
}

/** Files and folders that a kustomization applies, as it names them. */
export function filesOf(object: ManifestObject): readonly string[] {
  const root = Field.of(object);
  return ["resources", "bases", "components"].flatMap((list) =>
    root.items(list).map((item) => item.text() ?? ""),
  );
}

/** `a` and `a/b` of `a/b/c.yaml`. */
export function foldersAbove(file: string): readonly string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Whether a path is one of these, or lies in a folder of them. */
export function isWithin(path: string, folders: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  return parts.some((_, index) => folders.has(parts.slice(0, parts.length - index).join("/")));
}

/**
 * The layer of Flux's Kustomization: https://fluxcd.io/flux/components/kustomize/kustomizations/.
 * Its path begins at a repository's root, which is not known: the first folder of that name counts.
 */
export function fluxLayer(object: ManifestObject, files: Iterable<string>): Layer {
  const spec = Field.of(object).at("spec");
  const path = joined("", spec.text("path") ?? "");
  const found = new Set<string>();
  for (const file of path === "" ? [] : files) {
    const at = `/${file}`.indexOf(`/${path}/`);
    if (at !== -1) found.add(file.slice(0, at + path.length));
  }
  const members = [...found].toSorted((a, b) => a.length - b.length).slice(0, 1);
  return { object, ...withNamespace(spec.text("targetNamespace")), members: new Set(members) };
}

export function isFluxKustomization({ apiVersion, kind }: ManifestObject): boolean {
  return kind === "Kustomization" && apiVersion.startsWith("kustomize.toolkit.fluxcd.io/");
}

/** Fields of a kustomization that change objects and stand in no file that is read as one. */
const CHANGES = ["replicas", "patches", "patchesJson6902", "helmCharts", "transformers"];

/** What a change must name to change a sum. */
const COUNTED =
  /replicas|count|containers|env|args|command|strategy|data|instances|parallelism|annotations|values|chart|transformer/i;

function withNamespace(namespace: string | undefined): Pick<Layer, "namespace"> {
  return namespace === undefined || namespace === "" ? {} : { namespace };
}

/** `a/b` and `../c/d.yaml` are `a/c/d.yaml`. */
export function joined(folder: string, path: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || parts.length === 0 || parts.at(-1) === "..") parts.push(part);
    else parts.pop();
  }
  return parts.join("/");
}

/** What kustomizations make of the files: which layers each is in, and under which namespaces. */
export class Layers {
  readonly #layers: readonly Layer[];
  readonly #folders: ReadonlySet<string>;
  readonly #found = new Map<string, ReadonlySet<string | undefined>>();

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
    this.#folders = new Set(layers.flatMap(({ folder }) => folder ?? []));
  }

  /** Where kustomizations change numbers of the objects: these are not what stands in the files. */
  changes(): readonly MissingQuantity[] {
    return this.#layers.flatMap(({ object }) => {
      const root = Field.of(object);
      const isFlux = isFluxKustomization(object);
      const changed = CHANGES.map((name) => root.at(...(isFlux ? ["spec"] : []), name)).find(
        ({ value }) => value !== undefined && COUNTED.test(JSON.stringify(value)),
      );
      if (changed === undefined) return [];
      const what = `what ${isFlux ? objectOf({ object }) : object.file} makes of the objects: it changes some of them (${changed.path.at(-1)})`;
      const remedy = isFlux
        ? `give what it makes: flux build kustomization ${object.name} --path DIR | weir verify -`
        : "give what it makes: kubectl kustomize DIR | weir verify -";
      return [missing(what, changed.place(), remedy)];
    });
  }

  /** The layers that name a file themselves. */
  of(file: string): readonly Layer[] {
    return this.#layers.filter((layer) => this.#contains(layer, file));
  }

  /** The namespaces that a file's objects get: undefined is their own; none: it is in no layer. */
  namespacesOf(file: string): ReadonlySet<string | undefined> {
    const before = this.#found.get(file);
    if (before !== undefined) return before;
    const found = new Set(this.of(file).flatMap((layer) => [...this.#outer(layer, new Set())]));
    this.#found.set(file, found);
    return found;
  }

  /** The namespace of the outermost layers counts. */
  #outer(layer: Layer, below: ReadonlySet<Layer>): ReadonlySet<string | undefined> {
    const { folder, namespace } = layer;
    const within = new Set([...below, layer]);
    const parents = this.#layers.filter(
      (other) => folder !== undefined && !within.has(other) && this.#contains(other, folder),
    );
    if (parents.length === 0) return new Set([namespace]);
    const found = parents.flatMap((parent) => [...this.#outer(parent, within)]);
    return new Set(found.map((one) => one ?? namespace));
  }

  /** Flux takes all that is below its folder, up to folders with a kustomization. */
  #contains({ folder, members }: Layer, path: string): boolean {
    if (members.has(path)) return true;
    if (folder !== undefined) return false;
    for (const member of members) {
      if (!path.startsWith(`${member}/`)) continue;
      const parts = path.slice(member.length + 1).split("/");
      const between = parts.map((_, index) => [member, ...parts.slice(0, index)].join("/"));
      if (!between.some((one) => this.#folders.has(one))) return true;
    }
    return false;
  }
}
