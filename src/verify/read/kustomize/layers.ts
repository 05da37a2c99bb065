import type { ManifestObject } from "../../sourcePosition.ts";
import type { Layer } from "./kustomizations.ts";

/** Which layers apply each file, each layer being applied by others. */
export class Layers {
  readonly #layers: readonly Layer[];
  readonly #folders: ReadonlySet<string>;
  readonly #parents = new Map<Layer, readonly Layer[]>();
  readonly #found = new Map<string, readonly (readonly Layer[])[]>();
  readonly #byFolder: ReadonlyMap<string, Layer>;

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
    this.#byFolder = new Map(
      layers.flatMap((layer) => (layer.folder === undefined ? [] : [[layer.folder, layer]])),
    );
    this.#folders = new Set(this.#byFolder.keys());
  }

  /** Every way in which a file is applied: its layers, the innermost first. None: no layer has it. */
  waysOf(file: string): readonly (readonly Layer[])[] {
    const before = this.#found.get(file);
    if (before !== undefined) return before;
    const found = this.#layers
      .filter(
        (layer) =>
          (layer.object.file === file && layer.folder !== undefined) || this.#contains(layer, file),
      )
      .flatMap((layer) => this.#outwards(layer, []));
    this.#found.set(file, found);
    return found;
  }

  /** The components that a layer takes in: they change all that it applies. */
  componentsOf({ components }: Layer): readonly Layer[] {
    return components.flatMap((folder) => this.#byFolder.get(folder) ?? []);
  }

  #outwards(layer: Layer, below: readonly Layer[]): readonly (readonly Layer[])[] {
    const way = [...below, layer];
    const outer = this.#parentsOf(layer).filter((one) => !way.includes(one));
    return outer.length === 0 ? [way] : outer.flatMap((one) => this.#outwards(one, way));
  }

  #parentsOf(layer: Layer): readonly Layer[] {
    const before = this.#parents.get(layer);
    if (before !== undefined) return before;
    const { folder } = layer;
    // What Flux's Kustomization applies is changed by nothing beyond it.
    const parents = this.#layers.filter(
      (other) => folder !== undefined && other !== layer && this.#contains(other, folder),
    );
    this.#parents.set(layer, parents);
    return parents;
  }

  /** Flux takes all that is below its folder, up to folders with a kustomization. */
  #contains({ folder, members, components }: Layer, path: string): boolean {
    if (members.has(path) || components.includes(path)) return true;
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

/** Kustomize's components are no layers of their own: they belong to those that take them in. */
export function isComponent({ value }: ManifestObject): boolean {
  return value["kind"] === "Component";
}
