import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, TestSpecification, Vitest } from "vitest/node";

import { excerptOf } from "../tools/ci/excerpt.ts";
import { failureLines } from "../tools/ci/failureLines.ts";
import { byFirstFailure, fileResultOf } from "../tools/ci/fileResult.ts";
import { type Results, tallyLine, tallyOf } from "../tools/ci/results.ts";

const NONE_BEGUN = "no test file was begun: none was found, or the global setup failed";

/**
 * Ends a run with what failed and, as the last line, `N passed, N failed` with the true counts. What
 * did not run (a skipped test, a file that could not be loaded, an error outside of any test) is a
 * failure. So is what a run leaves undone that ends early, by SIGINT or else: each test, and each
 * file whose tests are not known. Where WEIR_TEST_RESULTS names a file, the results are written to it.
 */
export default class TallyReporter implements Reporter {
  private root = "";
  private resultsFile: string | undefined;
  private paths: readonly string[] = [];
  private readonly begun = new Set<string>();
  private lastWords: string | undefined;

  onInit({ state, config }: Vitest): void {
    this.root = config.root;
    this.resultsFile = process.env.WEIR_TEST_RESULTS;
    // It is about this run, not about one that a test starts.
    delete process.env.WEIR_TEST_RESULTS;
    // It stays there, since who sends a signal to npm and its whole group sends it twice.
    process.on("SIGINT", () => process.exit());
    // Only then is everything else said: what went wrong in the global setup comes after the run.
    process.on("exit", () => {
      if (this.lastWords === undefined) {
        this.conclude(state.getTestModules(), state.getUnhandledErrors(), true);
      }
      process.stdout.write(this.lastWords ?? "");
    });
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.paths = specifications.map(({ moduleId }) => moduleId);
  }

  onTestCaseReady({ id }: TestCase): void {
    this.begun.add(id);
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: "passed" | "interrupted" | "failed",
  ): void {
    this.conclude(modules, unhandledErrors, reason === "interrupted");
  }

  private conclude(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    isInterrupted: boolean,
  ): void {
    const results = this.resultsOf(modules, unhandledErrors, isInterrupted);
    const tally = tallyOf(results);
    if (tally.failed > 0 || tally.passed === 0) process.exitCode = 1;
    this.write(results);
    const lines = failureLines(results);
    if (lines.length > 0) lines.unshift("", "failed:");
    this.lastWords = `${[...lines, "", tallyLine(tally)].join("\n")}\n`;
  }

  private resultsOf(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    isInterrupted: boolean,
  ): Results {
    const byPath = new Map(modules.map((module) => [module.moduleId, module]));
    const paths = [...new Set([...byPath.keys(), ...this.paths])];
    const files = paths.map((path) =>
      fileResultOf({
        path: relative(this.root, path),
        module: byPath.get(path),
        unhandled: unhandledErrors.filter((error) => pathOf(error) === path),
        begun: this.begun,
      }),
    );
    const errorsBeside = unhandledErrors
      .filter((error) => !paths.some((path) => pathOf(error) === path))
      .map((error) => excerptOf(error));
    if (modules.length === 0 && !isInterrupted) errorsBeside.push(NONE_BEGUN);
    return { files: files.toSorted(byFirstFailure), errorsBeside, isInterrupted };
  }

  /** Who waits for the results fails without them; the last line has to be said all the same. */
  private write(results: Results): void {
    if (this.resultsFile === undefined || this.resultsFile === "") return;
    try {
      writeFileSync(this.resultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`WEIR_TEST_RESULTS: ${String(error)}\n`);
    }
  }
}

/** The test file in whose process an error came up, as vitest tells it; else nobody knows. */
function pathOf(error: unknown): unknown {
  const isTold = typeof error === "object" && error !== null && "VITEST_TEST_PATH" in error;
  return isTold ? error.VITEST_TEST_PATH : undefined;
}
