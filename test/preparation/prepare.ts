import { relative } from "node:path";

import { buildBinaries } from "../binaries/catalog.ts";
import { declarePrepared } from "../parts/cache.ts";
import { tell } from "../parts/progress.ts";
import { type Need, NEEDS, REAL_CLUSTER, realClusterNeed } from "./needs.ts";
import { reachedModules } from "./reached.ts";

/** Modules that import what they may not use. */
const ENDS: ReadonlySet<string> = new Set([REAL_CLUSTER, "test/preparation/needs.ts"]);

/** The needs of test files, each once. */
export async function needsOf(
  files: Iterable<string>,
  repository: string,
): Promise<readonly Need[]> {
  const reached = reachedModules(files, (file) => ENDS.has(relative(repository, file)));
  const modules = [...reached].map((file) => relative(repository, file));
  const needs = new Set(modules.flatMap((module) => NEEDS.get(module) ?? []));
  if (modules.includes(REAL_CLUSTER)) needs.add(await realClusterNeed());
  return [...needs];
}

/**
 * Brings all that is needed. What is compiled takes processors, what is fetched waits: both at a time.
 *
 * @returns what could not be brought, each with why and with what to install
 */
export async function bring(needs: readonly Need[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const attempt = async (work: (() => Promise<unknown>) | undefined) => {
    try {
      await work?.();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  };
  const build = async () => {
    await attempt(() => buildBinaries(needs.flatMap(({ binaries = [] }) => binaries)));
    for (const { bringFromBinaries } of needs) await attempt(bringFromBinaries);
  };
  const fetch = async () => {
    for (const need of needs) await attempt(need.bring);
  };
  await Promise.all([build(), fetch()]);
  return problems;
}

/**
 * Brings all that test files need, before the first of them begins. From then on a test that misses
 * something says so; where something could not be had, the tests that need it try again, and fail
 * with why.
 */
export async function prepare(files: Iterable<string>, repository: string): Promise<void> {
  const problems = await bring(await needsOf(files, repository));
  for (const problem of problems) tell(`not prepared: ${problem}`);
  if (problems.length === 0) declarePrepared();
}
