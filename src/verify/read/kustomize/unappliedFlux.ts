import type { ManifestObject } from "../../sourcePosition.ts";
import {
  filesOf,
  folderOf,
  fluxLayer,
  foldersAbove,
  isFluxKustomization,
  joined,
  kustomizeLayer,
} from "./kustomizations.ts";
import { isComponent, Layers } from "./layers.ts";

/** What no kustomization lists in files that Flux applies, and what it alone would apply. */
interface UnappliedFlux {
  /** The files of Flux's Kustomizations, and kustomizations, that nothing lists. */
  readonly unlisted: readonly string[];
  /** The files that only these apply. */
  readonly files: readonly string[];
}

/**
 * Where the kustomization above a folder lists files with Flux's Kustomizations, or Flux applies it,
 * what lies below it and is in none of its lists is not applied: neither such a file, nor a folder with a kustomization
 * that no path leads to, nor what only these apply. A component that nothing takes in isn't either.
 *
 * @param objects those of all files
 * @param kustomizations those of Kustomize, each called by its file
 * @param isLeftOut whether a file may be one that a kustomization leaves out
 */
export function unappliedFlux(
  objects: readonly ManifestObject[],
  kustomizations: readonly ManifestObject[],
  isLeftOut: (file: string, kustomization: ManifestObject) => boolean,
): UnappliedFlux {
  const flux = objects.filter(isFluxKustomization);
  if (flux.length === 0) return { unlisted: [], files: [] };
  const files = new Set([...objects, ...kustomizations].map(({ file }) => file));
  const fluxFiles = new Set(flux.map(({ file }) => file));
  const layers = new Layers([
    ...kustomizations.map(kustomizeLayer),
    ...flux.map((object) => fluxLayer(object, files)),
  ]);
  const lists = new Map(
    kustomizations
      .filter(
        (one) =>
          filesOf(one).some((name) => fluxFiles.has(joined(folderOf(one.file), name))) ||
          layers.waysOf(one.file).some((way) => way.at(-1)?.folder === undefined),
      )
      .map((one) => [folderOf(one.file), one]),
  );
  const isUnlisted = (file: string, folder: string): boolean => {
    const [above] = ["", ...foldersAbove(folder)]
      .toReversed()
      .flatMap((one) => lists.get(one) ?? []);
    return above !== undefined && isLeftOut(file, above);
  };
  const roots = kustomizations.filter((one) => {
    const isOutermost = layers.waysOf(one.file).every((way) => way.at(-1)?.object === one);
    return isOutermost && (isComponent(one) || isUnlisted(one.file, folderOf(one.file)));
  });
  const unlisted = new Set([
    ...[...fluxFiles].filter((file) => layers.waysOf(file).length === 0 && isUnlisted(file, file)),
    ...roots.map(({ file }) => file),
  ]);
  const known = new Map<string, boolean>();
  const isApplied = (file: string): boolean => {
    const before = known.get(file);
    if (before !== undefined) return before;
    // What applies itself counts as applied.
    known.set(file, true);
    const ways = layers.waysOf(file).flatMap((way) => way.slice(-1));
    const isReached = ways.some(({ folder, object }) =>
      folder === undefined ? isApplied(object.file) : !unlisted.has(object.file),
    );
    const result = !unlisted.has(file) && (ways.length === 0 || isReached);
    known.set(file, result);
    return result;
  };
  const unapplied = [...files].filter((file) => !unlisted.has(file) && !isApplied(file));
  return { unlisted: [...unlisted], files: unapplied };
}
