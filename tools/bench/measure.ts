import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

/** What one run of a whole process took. */
export interface MeasuredRun {
  readonly wallMs: number;
  /** The most memory that it had resident. */
  readonly peakMiB: number;
}

export interface Contestant {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How often the peak is read while a process runs; the kernel keeps it, so only the end is lost. */
const PEAK_INTERVAL_MS = 5;

/**
 * Runs a process to its end, its output thrown away by the kernel.
 *
 * @throws when it does not exit with 0
 */
async function measure({ name, command, args, cwd, env }: Contestant): Promise<MeasuredRun> {
  const nowhere = openSync("/dev/null", "w");
  const startedMs = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", nowhere, "inherit"],
  });
  let peakKiB = 0;
  const watch = setInterval(() => {
    peakKiB = Math.max(peakKiB, child.pid === undefined ? 0 : residentPeakKiB(child.pid));
  }, PEAK_INTERVAL_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
    return { wallMs: performance.now() - startedMs, peakMiB: peakKiB / 1024 };
  } finally {
    clearInterval(watch);
    closeSync(nowhere);
  }
}

function residentPeakKiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    // Gone between two looks.
    return 0;
  }
}

/** Contestants in turn, A B C A B C …, so that a machine whose speed drifts treats all alike. */
export async function race(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly MeasuredRun[]>> {
  const runs = new Map<string, MeasuredRun[]>(contestants.map(({ name }) => [name, []]));
  // The first round fills caches, of the disk and of compiled code, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const run = await measure(contestant);
      if (round > 0) runs.get(contestant.name)?.push(run);
    }
  }
  return runs;
}

/** The middle of the numbers; of two in the middle their mean. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? 0)) / 2 : upper;
}
