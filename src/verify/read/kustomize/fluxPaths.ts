import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import {
  filesOf,
  fluxLayer,
  foldersAbove,
  isFluxKustomization,
  isWithin,
  joined,
  kustomizeLayer,
} from "./kustomizations.ts";

/**
 * Flux's Kustomizations of which everything that they apply is among the objects: the folder of their
 * path is there, and all that the kustomizations in it name. A folder of another repository than most
 * are from (`sourceRef`) may only have the same name.
 *
 * @param kustomizations those of Kustomize
 */
export function readPaths(
  objects: readonly ManifestObject[],
  kustomizations: readonly ManifestObject[],
): ReadonlySet<ManifestObject> {
  const files = new Set([...objects, ...kustomizations].map(({ file }) => file));
  const folders = new Set([...files].flatMap(foldersAbove));
  const flux = objects.filter(isFluxKustomization).map((object) => fluxLayer(object, files));
  const found = flux.filter(({ members }) => members.size > 0);
  const bySource = Map.groupBy(found, ({ object }) => sourceOf(object));
  const [own = []] = [...bySource.values()].toSorted((a, b) => b.length - a.length);
  const unread = kustomizations.map(kustomizeLayer).filter(({ object, folder = "" }) =>
    filesOf(object).some((name) => {
      const path = joined(folder, name);
      return name.includes("://") || !(files.has(path) || folders.has(path));
    }),
  );
  const whole = own.filter(
    ({ members }) => !unread.some(({ folder = "" }) => isWithin(folder, members)),
  );
  return new Set(whole.map(({ object }) => object));
}

function sourceOf(object: ManifestObject): string {
  const source = Field.of(object).at("spec", "sourceRef");
  return `${source.text("kind")} ${source.text("name")}`;
}
