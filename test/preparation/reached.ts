import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { importsIn } from "../imports.ts";

/**
 * The modules that files import, directly or not, as paths; the files themselves are among them.
 * Types alone lead nowhere, since nothing of them is there when a test runs.
 *
 * @param files absolute paths
 * @param isEnd whether what a module imports is none of our concern
 */
export function reachedModules(
  files: Iterable<string>,
  isEnd: (file: string) => boolean = () => false,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...files];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    if (!isEnd(file)) next.push(...importedFiles(file));
  }
  return reached;
}

/** Files of this repository alone: packages need nothing of what tests prepare. */
function importedFiles(file: string): readonly string[] {
  return importsIn(readFileSync(file, "utf8"))
    .filter(({ name, ofTypes }) => name.startsWith(".") && !ofTypes)
    .map(({ name }) => join(dirname(file), name));
}
