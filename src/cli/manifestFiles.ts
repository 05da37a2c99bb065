import { basename, matchesGlob, normalize } from "node:path";
import type { Problem } from "../fleet/problem.ts";
import type { SourceText } from "../fleet/yaml.ts";
import { listed } from "../text/wording.ts";
import { badInput, Failure, inputName, readInputOnce, refuse, type Shell } from "./shell.ts";

/** The texts that paths lead to. */
interface ManifestFiles {
  readonly sources: readonly SourceText[];
  /** What lies in the given folders and can't be read. */
  readonly problems: readonly Problem[];
  /** What --exclude left out. */
  readonly excluded: readonly string[];
  /** That, and what --exclude did not find. */
  readonly notes: readonly string[];
}

const MANIFEST = /\.(?:ya?ml|json|ini)$|^Kustomization$/;

/**
 * The texts of these files, and of the manifests (*.yaml, *.yml, *.json, *.ini) in these folders and
 * below; a file that is named is read whatever its name. node_modules, folders with a dot before
 * their name and what a glob matches are left out. Each file once, in the order of the paths, those
 * of a folder by name.
 *
 * @param globs `charts/**`, from a given folder or as paths are printed; one without / matches the
 *   name of any file or folder
 * @param mistakes in other options, told with the paths that can't be read
 * @throws Failure (bad input) with every path that can't be read, and every folder without a manifest
 */
export function manifestFiles(
  paths: readonly string[],
  shell: Shell,
  globs: readonly string[],
  mistakes: readonly string[] = [],
): ManifestFiles {
  readInputOnce(paths);
  const exclusion = new Exclusion(globs);
  const files = new Map<string, SourceText>();
  const problems: Problem[] = [];
  const failures: string[] = [];
  const add = (path: string, onFailure: (message: string) => void): void => {
    if (files.has(path)) return;
    const text = attempted(() => shell.read(path), onFailure);
    if (text !== undefined) files.set(path, { name: inputName(path), text });
  };
  const unread = (file: string) => (message: string) => {
    problems.push({ file, allowed: message.replace(`${file}: `, "") });
  };
  const addBelow = (folder: string, names: readonly string[], root: string): number => {
    const base = folder === "./" ? "" : folder;
    let count = 0;
    for (const name of names.toSorted()) {
      const path = `${base}${name}`;
      const isFolder = name.endsWith("/");
      if (isFolder ? /^\.|^node_modules\/$/.test(name) : !MANIFEST.test(name)) continue;
      count += 1;
      if (exclusion.has(path, root === "./" ? "" : root)) continue;
      if (isFolder) {
        count -= 1;
        count += addBelow(path, attempted(() => shell.list(path), unread(path)) ?? [], root);
      } else add(path, unread(path));
    }
    return count;
  };
  const fail = (message: string): void => void failures.push(message);
  for (const path of paths) {
    const before = failures.length;
    const names = path === "-" ? undefined : attempted(() => shell.list(path), fail);
    if (failures.length > before) continue;
    if (names === undefined) {
      const file = path === "-" ? path : normalize(path);
      if (path === "-" || !exclusion.has(file, "")) add(file, fail);
      continue;
    }
    const root = normalize(`${path}/`);
    if (addBelow(root, names, root) === 0 && problems.length === 0) {
      fail(`${path}: has no *.yaml, *.yml, *.json or *.ini in it`);
    }
  }
  if (failures.length > 0) refuse([...mistakes, ...failures]);
  if (files.size === 0 && problems.length === 0) throw badInput("--exclude leaves no file to read");
  const { excluded } = exclusion;
  return { sources: [...files.values()], problems, excluded, notes: exclusion.notes() };
}

/** What is done; undefined, with the message, where it fails for what a person gave. */
function attempted<Value>(work: () => Value, onFailure: (message: string) => void) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    onFailure(error.message);
    return undefined;
  }
}

/** What --exclude says, and what it matched. */
class Exclusion {
  readonly excluded: string[] = [];
  readonly #globs: readonly { readonly given: string; readonly glob: string }[];
  readonly #used = new Set<string>();

  constructor(globs: readonly string[]) {
    this.#globs = globs.map((given) => ({ given, glob: given.replace(/^(?:\.\/)+|\/+$/g, "") }));
  }

  /** @param root the given folder that the path is in, with / at its end, or "" */
  has(path: string, root: string): boolean {
    const whole = path.replace(/\/$/, "");
    const below = whole.startsWith(root) ? whole.slice(root.length) : whole;
    const matching = this.#globs.filter(({ glob }) => {
      const names = glob.includes("/") ? [whole, below] : [basename(whole)];
      return names.some((name) => name === glob || matchesGlob(name, glob));
    });
    for (const { given } of matching) this.#used.add(given);
    if (matching.length > 0) this.excluded.push(path);
    return matching.length > 0;
  }

  notes(): readonly string[] {
    const unused = this.#globs.filter(({ given }) => !this.#used.has(given));
    return [
      ...(this.excluded.length > 0 ? [`Left out by --exclude: ${listed(this.excluded)}`] : []),
      ...unused.map(({ given }) => `--exclude ${given} matches no file or folder`),
    ];
  }
}
