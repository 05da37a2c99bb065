import { normalize } from "node:path";
import type { Source } from "../fleet/yaml.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

const MANIFEST = /\.(?:ya?ml|json|ini)$/;

/**
 * The texts of these files, and of the manifests (*.yaml, *.yml, *.json, *.ini) in these folders and
 * below; a file that is named is read whatever its name. node_modules and folders with a dot before
 * their name are left out. Each file once, in the order of the paths, those of a folder by name.
 *
 * @throws Failure (bad input) for a path that can't be read, or a folder without a manifest
 */
export function manifestSources(paths: readonly string[], shell: Shell): readonly Source[] {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new Failure(EXIT.badInput, "standard input (-) can be read once only");
  }
  const files = paths.flatMap((path) => {
    if (path === "-") return [path];
    const names = shell.list(path);
    if (names === undefined) return [normalize(path)];
    const found = filesBelow(normalize(`${path}/`), names, shell);
    if (found.length > 0) return found;
    throw new Failure(EXIT.badInput, `${path}: has no *.yaml, *.yml, *.json or *.ini in it`);
  });
  return [...new Set(files)].map((file) => ({
    name: file === "-" ? "standard input" : file,
    text: shell.read(file),
  }));
}

/** @param folder with `/` at its end */
function filesBelow(folder: string, names: readonly string[], shell: Shell): readonly string[] {
  const base = folder === "./" ? "" : folder;
  return names.toSorted().flatMap((name) => {
    if (!name.endsWith("/")) return MANIFEST.test(name) ? [`${base}${name}`] : [];
    if (name.startsWith(".") || name === "node_modules/") return [];
    return filesBelow(`${base}${name}`, shell.list(`${base}${name}`) ?? [], shell);
  });
}
