import { isMapping } from "../../../json/fields.ts";
import { listed } from "../../../text/wording.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { folderOf, foldersAbove, isWithin, joined } from "./kustomizations.ts";
import { unappliedFlux } from "./unappliedFlux.ts";

/** Files that lie beside a kustomization and that no kustomization names. */
interface UnlistedFiles {
  readonly files: ReadonlySet<string>;
  /** What is assumed of them, and the question that would settle it. */
  readonly assumed?: { readonly note: string; readonly question: MissingQuantity };
}

/** The names under which kustomize finds a folder's kustomization. */
const FILE_NAME = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;

/**
 * The files that a folder's kustomization leaves out: what stands beside it, is in no resources,
 * components, generators or the like of any kustomization, and was not given by its own path. A file
 * counts as named wherever a text of a kustomization, or of a generator that it lists, has its path:
 * what counts too much makes a sum greater, what is left out would make it smaller.
 *
 * @param objects those of all files
 * @param kustomizations those of Kustomize, each called by its file
 * @param unread files that could not be read
 */
export function unlistedFiles(
  { objects, kustomizations, unread }: ReadFiles,
  isNamed: (file: string) => boolean,
): UnlistedFiles {
  const named = new Set<string>();
  for (const { file, value } of kustomizations) addPaths(named, folderOf(file), value);
  // A generator names files of its own: those of KSOPS are Secrets.
  for (const { file, value } of objects) {
    if (GENERATOR.test(JSON.stringify(value)) && isWithin(file, named)) {
      addPaths(named, folderOf(file), value);
    }
  }
  const applied = wholeFolders(objects);
  const isWhole = (one: ManifestObject): boolean =>
    FILE_NAME.test(one.file) &&
    !isNamed(one.file) &&
    hasPlainLists(one) &&
    !applied.some((matches) => matches(folderOf(one.file)));
  const byFolder = new Map(kustomizations.filter(isWhole).map((one) => [folderOf(one.file), one]));
  const own = new Set(kustomizations.map(({ file }) => file));
  const beside = [...new Set([...objects.map(({ file }) => file), ...unread])].filter(
    (file) =>
      byFolder.has(folderOf(file)) &&
      !file.endsWith(".ini") &&
      !own.has(file) &&
      !isNamed(file) &&
      // Its folder being named, what the kustomization there lists is.
      !named.has(file),
  );
  const flux = unappliedFlux(
    objects,
    kustomizations,
    (file, above) => isWhole(above) && !isNamed(file) && !named.has(file),
  );
  const files = [...new Set([...beside, ...flux.unlisted])];
  const [first] = files;
  const kustomization = ["", ...foldersAbove(first ?? "")]
    .toReversed()
    .flatMap((folder) => byFolder.get(folder) ?? [])[0];
  if (kustomization === undefined) return { files: new Set() };
  const isOne = files.length === 1;
  const whatElse =
    flux.files.length === 0 ? "" : `, nor what ${isOne ? "it" : "they"} alone would apply`;
  const which = `${listed(files)} ${isOne ? "is" : "are"}`;
  const why = isOne ? `${kustomization.file} does not list it` : "no kustomization lists them";
  return {
    files: new Set([...files, ...flux.files]),
    assumed: {
      note: `Assuming that ${which} not applied${whatElse}: ${why}. Give ${isOne ? "it" : "a file"} by its own path to count it`,
      question: missing(
        `whether ${which} applied${whatElse === "" ? "" : `, with what ${isOne ? "it" : "they"} alone would apply`}: ${why}`,
        Field.of(kustomization).at("resources").place(),
        isOne
          ? "give it by its own path, or leave it out with --exclude"
          : "give those that are by their own paths, and leave out the others with --exclude",
      ),
    },
  };
}

interface ReadFiles {
  readonly objects: readonly ManifestObject[];
  readonly kustomizations: readonly ManifestObject[];
  readonly unread: readonly string[];
}

/** What takes files by a list of its own. */
const GENERATOR = /"files":/;

/** Adds every path that a text within the value may be, from this folder. */
function addPaths(paths: Set<string>, folder: string, value: unknown): void {
  if (typeof value === "string") {
    for (const word of value.split(/[\s"',=[\]{}]+/)) {
      const path = word === "" ? "" : joined(folder, word);
      // A folder's own path, and those of what it is in, name no file.
      if (path !== "" && !`${folder}/`.startsWith(`${path}/`)) paths.add(path);
    }
  } else if (Array.isArray(value)) for (const one of value) addPaths(paths, folder, one);
  else if (isMapping(value)) for (const one of Object.values(value)) addPaths(paths, folder, one);
}

/** Whether a kustomization's resources are what they should be: then they say all that it applies. */
function hasPlainLists({ value }: ManifestObject): boolean {
  const { resources = [], bases = [], components = [] } = isMapping(value) ? value : {};
  return [resources, bases, components].every(
    (list) => Array.isArray(list) && list.every((one) => typeof one === "string"),
  );
}

/** Folders of which Argo CD applies every file, or what a plugin makes of them: as `directory`. */
function wholeFolders(
  objects: readonly ManifestObject[],
): readonly ((folder: string) => boolean)[] {
  const paths: string[] = [];
  const search = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(search);
    if (!isMapping(value)) return;
    const { path = "", directory, plugin } = value;
    const isWhole = isMapping(directory) || isMapping(plugin);
    if (isWhole && typeof path === "string") paths.push(joined("", path));
    Object.values(value).forEach(search);
  };
  for (const { apiVersion, value } of objects) {
    if (apiVersion.startsWith("argoproj.io/")) search(value);
  }
  return paths.map((path) =>
    path === "" || /[{*]/.test(path)
      ? () => true
      : (folder: string) => `/${folder}/`.includes(`/${path}/`),
  );
}
