import { readFile } from "node:fs/promises";

import type { RunningFleet } from "./runningFleet.ts";
import { logMeasured } from "../measured.ts";
import type { Watch } from "./watch.ts";

/** CPU seconds that the suite itself has taken so far. */
interface Costs {
  readonly atMs: number;
  readonly callers: number;
  readonly samplers: number;
  /** This process and its children that have ended: kubectl, and weir's commands in a scenario. */
  readonly suite: number;
}

/** Of /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What it has taken so far. */
export async function costsOf({ loadGenerator }: RunningFleet, { samples }: Watch): Promise<Costs> {
  const stat = await readFile("/proc/self/stat", "utf8");
  // utime, stime, and those of children that have ended: fields 14 to 17 of `man proc_pid_stat`.
  const ticks = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  await samples.look();
  return {
    atMs: performance.now(),
    callers: (await loadGenerator.ended()).cpuSeconds,
    samplers: samples.cpuSeconds(),
    suite: ticks.reduce((sum, each) => sum + Number(each), 0) / TICKS_PER_SECOND,
  };
}

/** Prints which part of a core each has taken between two moments. */
export function logCosts(namespace: string, before: Costs, after: Costs): void {
  const elapsedSeconds = (after.atMs - before.atMs) / 1000;
  const part = (key: "callers" | "samplers" | "suite") =>
    `${((100 * (after[key] - before[key])) / elapsedSeconds).toFixed(1)} %`;
  logMeasured(
    `${namespace}: callers took ${part("callers")} of a core, samplers ${part("samplers")}, ` +
      `the suite with its kubectls ${part("suite")}, for ${elapsedSeconds.toFixed(0)} s`,
  );
}
