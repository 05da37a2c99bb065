import { relative } from "node:path";

import { buildBinaries } from "../../tools/binaries/catalog.ts";
import { declarePrepared } from "../../tools/cache/cache.ts";
import { tell } from "../../tools/cache/progress.ts";
import { type Need, NEEDS, REAL_CLUSTER } from "./needs.ts";
import { reachedModules } from "./reached.ts";

/** The imports of these modules are not followed: one uses only some, the other only names them. */
const ENDS: ReadonlySet<string> = new Set([REAL_CLUSTER, "test/preparation/needs.ts"]);
/** A registry or a mirror may fail once. */
const TRIES = 2;

/** The needs of test files, each once. */
export async function needsOf(
  files: Iterable<string>,
  repository: string,
): Promise<readonly Need[]> {
  const reached = reachedModules(files, (file) => ENDS.has(relative(repository, file)));
  const needs = new Set<Need>();
  for (const file of reached) {
    const need = NEEDS.get(relative(repository, file));
    if (need?.choose !== undefined) needs.add(await need.choose());
    else if (need !== undefined) needs.add(need);
  }
  return [...needs];
}

/**
 * Brings all that is needed. Compiling and fetching run side by side: one takes processors, the other waits.
 *
 * @returns what could not be brought, each with why and with what to install
 */
export async function bring(needs: readonly Need[]): Promise<readonly string[]> {
  const problems: string[] = [];
  /** @returns whether it was brought */
  const attempt = async (work: () => Promise<unknown>, triesLeft = TRIES): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (triesLeft > 1) return attempt(work, triesLeft - 1);
      problems.push(error instanceof Error ? error.message : String(error));
      return false;
    }
  };
  const build = async () => {
    const binaries = needs.flatMap((need) => need.binaries ?? []);
    if (!(await attempt(() => buildBinaries(binaries)))) return;
    for (const { bringFromBinaries } of needs) {
      if (bringFromBinaries !== undefined) await attempt(bringFromBinaries);
    }
  };
  const fetch = async () => {
    for (const need of needs) {
      if (need.bring !== undefined) await attempt(need.bring);
    }
  };
  await Promise.all([build(), fetch()]);
  return problems;
}

/**
 * Brings all that test files need, before the first of them begins. From then on a test that misses
 * something says so, and why it could not be had.
 */
export async function prepare(files: Iterable<string>, repository: string): Promise<void> {
  const problems = await bring(await needsOf(files, repository));
  for (const problem of problems) tell(`not brought: ${problem}`);
  declarePrepared(problems);
}
