import { failureLines, indented } from "./failureLines.ts";
import type { Ending } from "./processGroup.ts";
import { type FileResult, type Results, type Tally, tallyLine, tallyOf } from "./results.ts";

/** One such file may be an accident of its machine; of many the run says something. */
const MOST_SECOND_RUNS = 5;
/** With less there is no sense in a second run: what fails then may have failed for want of time. */
const LEAST_LEFT_MS = 3 * 60_000;

/** A run of the tests. */
export interface TestRun {
  readonly ending: Ending;
  /** Undefined where it ended before it had written any. */
  readonly results: Results | undefined;
}

/** The second run of a file that failed: it alone. */
export type SecondRun = TestRun | { readonly notBegun: string };

export interface CheckRun {
  readonly name: string;
  readonly ending: Ending;
}

/** All that is known when everything has run. */
export interface Findings {
  readonly first: TestRun;
  /** By the path of the file. */
  readonly second: ReadonlyMap<string, SecondRun>;
  readonly checks: readonly CheckRun[];
}

interface Verdict extends Tally {
  /** What the log ends with; the last line is the tally. */
  readonly lines: readonly string[];
  readonly exitCode: 0 | 1;
}

/**
 * The files of the first run that get a second one: those that failed, where nothing else went wrong
 * and they are few.
 */
export function filesToRunAgain(first: TestRun): string[] {
  const failed = failedFiles(first);
  if (whyNoneAgain(first) !== undefined) return [];
  return failed.map(({ path }) => path);
}

/** Why a second run is not begun with so little of the time limit left, or undefined. */
export function whyNotBegun(leftMs: number): string | undefined {
  return leftMs < LEAST_LEFT_MS
    ? `less than ${LEAST_LEFT_MS / 60_000} minutes of the time limit were left`
    : undefined;
}

/** A file that passed at its second run counts as it did there; all else as at the first. */
export function verdictOf({ first, second, checks }: Findings): Verdict {
  const firstFiles = first.results?.files ?? [];
  const rescued = new Map<string, FileResult>();
  const remarks = new Map<string, readonly string[]>();
  for (const path of filesToRunAgain(first)) {
    const run = second.get(path) ?? { notBegun: "nobody has begun it" };
    const faults = faultsOfSecond(run, path);
    const [file] = resultsOf(run)?.files ?? [];
    if (faults.length === 0 && file !== undefined) rescued.set(path, file);
    else remarks.set(path, faults);
  }
  const files = firstFiles.map((file) => rescued.get(file.path) ?? file);
  const errorsBeside = errorsBesideFiles(first);
  const failedChecks = checks.filter(({ ending }) => !isWell(ending));

  const tests = tallyOf({ files, errorsBeside });
  const passed = tests.passed + checks.length - failedChecks.length;
  const failed = tests.failed + failedChecks.length;
  const lines: string[] = [];
  if (rescued.size > 0) lines.push("passed at the second run:");
  for (const file of firstFiles) if (rescued.has(file.path)) lines.push(...firstErrorOf(file));
  if (failed > 0) lines.push("failed:");
  lines.push(
    ...failureLines({ files, errorsBeside }, remarks),
    ...failedChecks.flatMap(checkLines),
  );
  const why = whyNoneAgain(first);
  if (why !== undefined) lines.push(`no file was run a second time: ${why}`);
  lines.push("", tallyLine({ passed, failed }));
  return { passed, failed, lines, exitCode: failed === 0 && passed > 0 ? 0 : 1 };
}

function failedFiles({ results }: TestRun): readonly FileResult[] {
  return (results?.files ?? []).filter(({ failed }) => failed > 0);
}

function whyNoneAgain(first: TestRun): string | undefined {
  const failed = failedFiles(first);
  if (failed.length === 0) return undefined;
  const { ending, results } = first;
  // 1 is what a test that fails makes of it.
  const isOver = ending.cutShort === undefined && ending.code === 1;
  if (!isOver || results?.isInterrupted === true) return howOf(ending, results);
  if (errorsBesideFiles(first).length > 0) return "there are errors outside of the test files";
  if (failed.length > MOST_SECOND_RUNS) {
    return `${failed.length} files failed, more than ${MOST_SECOND_RUNS}`;
  }
  return undefined;
}

/** What failed without belonging to a file. A run that ended badly has failed, whatever it said. */
function errorsBesideFiles({ ending, results }: TestRun): readonly string[] {
  const how = howOf(ending, results);
  if (results === undefined) return [`the tests did not say what failed: ${how}`];
  const { passed, failed } = tallyOf(results);
  if (failed > 0) return results.errorsBeside;
  if (passed === 0) return [`no test was run: ${how}`];
  if (results.isInterrupted || !isWell(ending)) return [`no test failed, but ${how}`];
  return [];
}

/** Empty where it passed. */
function faultsOfSecond(run: SecondRun, path: string): string[] {
  if ("notBegun" in run) return [`it was not run a second time: ${run.notBegun}`];
  const { ending, results } = run;
  const files = results?.files ?? [];
  const others = files.filter((file) => file.path !== path);
  const faults: string[] = [];
  if (ending.cutShort !== undefined) faults.push(`at its second run: ${ending.cutShort}`);
  for (const { failures } of failedFiles(run)) {
    const [{ test, error } = { test: "nobody knows which test", error: "" }] = failures;
    faults.push(`at its second run: ${test}`, ...indented(error, 2));
  }
  if (others.length > 0) {
    const names = others.map((file) => file.path).join(", ");
    faults.push(`at its second run it was not alone: its path is also part of ${names}`);
  }
  if (faults.length === 0) {
    faults.push(...errorsBesideFiles(run).map((error) => `at its second run: ${error}`));
  }
  return faults;
}

function resultsOf(run: SecondRun): Results | undefined {
  return "notBegun" in run ? undefined : run.results;
}

function firstErrorOf({ path, failures }: FileResult): string[] {
  const [first] = failures;
  const lines = [`  ${path}`];
  if (first !== undefined) lines.push(`    ${first.test}`, ...indented(first.error, 6));
  return lines;
}

function checkLines({ name, ending }: CheckRun): string[] {
  return [`  check ${name} (${howOf(ending)}): npm run check:${name}`];
}

function isWell({ code, cutShort }: Ending): boolean {
  return code === 0 && cutShort === undefined;
}

function howOf({ code, cutShort }: Ending, results?: Results): string {
  if (cutShort !== undefined) return cutShort;
  if (results?.isInterrupted === true) return "it was interrupted";
  return code === null ? "a signal ended it" : `it ended with exit code ${code}`;
}
