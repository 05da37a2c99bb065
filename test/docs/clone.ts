import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";

import { scratchDir } from "../../tools/processes/scratch.ts";
import { ROOT } from "../synth/commands.ts";

/** A clone of the repository, as far as the commands of its pages need it: what they write stays there. */
export async function cloneOfRepository(): Promise<string> {
  const clone = await scratchDir("clone");
  for (const name of [
    "charts",
    "knowledge",
    "src",
    "bin",
    "examples",
    "crds",
    "pool",
    "node_modules",
  ]) {
    await symlink(join(ROOT, name), join(clone, name));
  }
  for (const name of ["cdk8s.yaml", "package.json", "manifests"]) {
    await cp(join(ROOT, name), join(clone, name), { recursive: true });
  }
  return clone;
}
