import type { TestCase, TestModule } from "vitest/node";

import { excerptOf } from "./excerpt.ts";
import type { TestFailure, FileResult } from "./results.ts";

const RUNNING = "it was not over when the run ended";
const NOT_BEGUN = "no word of it came before the run ended";
const SKIPPED = "it was skipped, and nothing may be";
/** What failed by itself comes first, since it may be why the others did not run. */
const UNDONE = [RUNNING, NOT_BEGUN, SKIPPED];

const AROUND = "(around the tests)";

/** What vitest knows of a test file when a run ends. */
interface FileAtTheEnd {
  readonly path: string;
  /** Undefined where nothing is known of it: the run ended before it began. */
  readonly module: TestModule | undefined;
  /** Errors outside of any test that came up while this file ran. */
  readonly unhandled: readonly unknown[];
  /** The ids of the tests that have begun, over or not. */
  readonly begun: ReadonlySet<string>;
}

/**
 * Counts a file's tests. What did not run has failed: each test, and the file itself where no test of
 * it is known, or where all have passed but it is not over. So has what failed around the tests: a
 * hook, or a file that could not be loaded.
 */
export function fileResultOf({ path, module, unhandled, begun }: FileAtTheEnd): FileResult {
  const failures: TestFailure[] = [];
  let passed = 0;
  if (module !== undefined) {
    failures.push(...module.errors().map((error) => failureOf(AROUND, error)));
    for (const suite of module.children.allSuites()) {
      const test = `${suite.fullName} ${AROUND}`;
      failures.push(...suite.errors().map((error) => failureOf(test, error)));
    }
    for (const test of module.children.allTests()) {
      const failure = failureOfTest(test, begun);
      if (failure === undefined) passed += 1;
      else failures.push(failure);
    }
  }
  failures.push(...unhandled.map((error) => failureOf("(outside of any test)", error)));
  if (failures.length === 0 && module?.state() !== "passed") {
    failures.push({ test: AROUND, error: passed > 0 ? RUNNING : NOT_BEGUN });
  }
  return { path, passed, failed: failures.length, failures: failures.toSorted(byRank) };
}

/** Those last that failed only because the run ended. */
export function byFirstFailure(a: FileResult, b: FileResult): number {
  return rankOf(a.failures[0]) - rankOf(b.failures[0]);
}

function byRank(a: TestFailure, b: TestFailure): number {
  return rankOf(a) - rankOf(b);
}

function rankOf(failure: TestFailure | undefined): number {
  return failure === undefined ? -1 : UNDONE.indexOf(failure.error);
}

function failureOfTest(test: TestCase, begun: ReadonlySet<string>): TestFailure | undefined {
  const { state, errors } = test.result();
  if (state === "passed") return undefined;
  if (state === "failed") return failureOf(test.fullName, errors[0]);
  const undone = begun.has(test.id) ? RUNNING : NOT_BEGUN;
  return { test: test.fullName, error: state === "skipped" ? SKIPPED : undone };
}

function failureOf(test: string, error: unknown): TestFailure {
  return { test, error: excerptOf(error) };
}
