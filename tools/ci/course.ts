import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Command, type Ending, runGroup } from "./processGroup.ts";
import { parseResults } from "./results.ts";
import {
  type CheckRun,
  filesToRunAgain,
  type SecondRun,
  type TestRun,
  verdictOf,
  whyNotBegun,
} from "./verdict.ts";

const KILL_AFTER_MS = 60_000;
/** The checks run also where the tests have used up the limit: they tell what else there is to do. */
const CHECKS_BEYOND_LIMIT_MS = 5 * 60_000;

/** What a run of CI consists of. */
export interface Course {
  /** Where all of it runs. */
  readonly root: string;
  /** Runs the tests; with the path of a file as one more argument, that file alone. */
  readonly test: Command;
  readonly checks: readonly CheckCommand[];
  /** How long the tests may take, their second runs and what was before them included. */
  readonly limitMs: number;
  /** What of the limit is gone already. */
  readonly spentMs: number;
}

export interface CheckCommand {
  readonly name: string;
  readonly command: Command;
}

/**
 * Runs the tests, then once more and alone the files that failed, then the checks, and says what
 * came of it.
 *
 * @returns what the process should exit with
 */
export async function runCi({ root, test, checks, limitMs, spentMs }: Course): Promise<0 | 1> {
  const endMs = performance.now() + limitMs - spentMs;
  const leftMs = () => endMs - performance.now();
  const interruption = interrupted();
  const testsEnd = abortedBy(interruption, leftMs(), limitMs);
  const checksEnd = abortedBy(
    interruption,
    leftMs() + CHECKS_BEYOND_LIMIT_MS,
    limitMs + CHECKS_BEYOND_LIMIT_MS,
  );
  const run = (command: Command, until: AbortSignal, env = {}): Promise<Ending> =>
    runGroup({ command, cwd: root, env, until, killAfterMs: KILL_AFTER_MS });

  const dir = await mkdtemp(join(tmpdir(), "weir-ci-"));
  const runTests = async (name: string, ...files: readonly string[]): Promise<TestRun> => {
    const resultsFile = join(dir, `${name}.json`);
    const ending = await run([...test, ...files], testsEnd, { WEIR_TEST_RESULTS: resultsFile });
    const text = await readFile(resultsFile, "utf8").catch(() => "");
    return { ending, results: parseResults(text) };
  };
  try {
    const first = await runTests("first");
    const second = new Map<string, SecondRun>();
    for (const path of filesToRunAgain(first)) {
      const why = testsEnd.aborted ? String(testsEnd.reason) : whyNotBegun(leftMs());
      if (why === undefined) say(`second run, alone: ${path}`);
      second.set(
        path,
        why === undefined ? await runTests(`${second.size}`, path) : { notBegun: why },
      );
    }
    const checkRuns: CheckRun[] = [];
    for (const { name, command } of checks) {
      say(`check: ${name}`);
      checkRuns.push({ name, ending: await run(command, checksEnd) });
    }
    const { lines, exitCode } = verdictOf({ first, second, checks: checkRuns });
    say("", ...lines);
    return exitCode;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Aborted by another signal or, for want of time, then. It keeps no process alive. */
function abortedBy(other: AbortSignal, leftMs: number, limitMs: number): AbortSignal {
  const controller = new AbortController();
  const minutes = Number((limitMs / 60_000).toFixed(1));
  const overdue = `it was not over within the time limit of ${minutes} minutes`;
  setTimeout(() => controller.abort(overdue), leftMs).unref();
  other.addEventListener("abort", () => controller.abort(other.reason));
  return controller.signal;
}

/**
 * Aborted when somebody wants this process to end. The process goes on: it ends what it has started,
 * which is in groups of its own and has not heard of it, and says what it knows.
 */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => controller.abort(`it was interrupted by ${signal}`));
  }
  return controller.signal;
}
