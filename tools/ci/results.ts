/**
 * What a run of the tests leaves for programs: test/tallyReporter.ts writes it, as JSON, to the file
 * that the variable WEIR_TEST_RESULTS names.
 */
export interface Results {
  /** What failed before comes before what failed only because the run ended. */
  readonly files: readonly FileResult[];
  /** Errors of which nobody knows what file they belong to. Each counts as one failure. */
  readonly errorsBeside: readonly string[];
  /** Whether the run ended before it was over. */
  readonly isInterrupted: boolean;
}

/** What came of one test file. */
export interface FileResult {
  /** From the root, as it is given to vitest to run it alone. */
  readonly path: string;
  readonly passed: number;
  /** How many failures there are. */
  readonly failed: number;
  /** The first of them is the file's first error. */
  readonly failures: readonly TestFailure[];
}

/** A test that did not pass, or an error around the tests of a file. */
export interface TestFailure {
  readonly test: string;
  /** The first lines of its message, without a stack. */
  readonly error: string;
}

/** How many tests passed and how many failed, with all that counts as one. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export function tallyOf({ files, errorsBeside }: Omit<Results, "isInterrupted">): Tally {
  return {
    passed: files.reduce((sum, { passed }) => sum + passed, 0),
    failed: files.reduce((sum, { failed }) => sum + failed, errorsBeside.length),
  };
}

/** The last line of every run. */
export function tallyLine({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

/** Undefined where it is not whole: who wrote it was killed. */
export function parseResults(text: string): Results | undefined {
  try {
    const results: Results = JSON.parse(text);
    return results;
  } catch {
    return undefined;
  }
}
