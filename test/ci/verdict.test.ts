import { expect, test } from "vitest";

import type { Ending } from "../../tools/ci/processGroup.ts";
import type { FileResult, Results } from "../../tools/ci/results.ts";
import {
  filesToRunAgain,
  type Findings,
  type SecondRun,
  type TestRun,
  verdictOf,
  whyNotBegun,
} from "../../tools/ci/verdict.ts";

const LIMIT = "it was not over within the time limit of 84 minutes";

function ended(code: number | null, cutShort?: string): Ending {
  return { code, cutShort };
}

function good(path: string, passed: number): FileResult {
  return { path, passed, failed: 0, failures: [] };
}

function bad(path: string, passed: number, ...tests: readonly string[]): FileResult {
  const failures = tests.map((name) => ({ test: name, error: `Error: ${name} of ${path}` }));
  return { path, passed, failed: failures.length, failures };
}

/** As vitest ends it: with 1 where anything failed. */
function run(files: readonly FileResult[], more: Partial<Results> = {}, ending?: Ending): TestRun {
  const results = { files, errorsBeside: [], isInterrupted: false, ...more };
  const isBad = files.some(({ failed }) => failed > 0) || results.errorsBeside.length > 0;
  return { ending: ending ?? ended(isBad ? 1 : 0), results };
}

const FLAKY = bad("b.test.ts", 1, "flickers");
const SIX = ["a", "b", "c", "d", "e", "f"].map((name) => bad(`${name}.test.ts`, 1, "fails"));
const WELL = { name: "types", ending: ended(0) };

interface VerdictCase {
  readonly first: TestRun;
  readonly second?: Readonly<Record<string, SecondRun>>;
  readonly checks?: Findings["checks"];
  readonly again: readonly string[];
  /** All lines at the end of the log. */
  readonly log: string;
  readonly exitCode: 0 | 1;
}

const TABLE: Readonly<Record<string, VerdictCase>> = {
  "all green": {
    first: run([good("a.test.ts", 3), good("b.test.ts", 2)]),
    checks: [WELL, { name: "lint", ending: ended(0) }],
    again: [],
    log: `
7 passed, 0 failed`,
    exitCode: 0,
  },
  "a file that passes at the second run counts as it did there": {
    first: run([good("a.test.ts", 3), FLAKY]),
    second: { "b.test.ts": run([good("b.test.ts", 4)]) },
    again: ["b.test.ts"],
    log: `passed at the second run:
  b.test.ts
    flickers
      Error: flickers of b.test.ts

8 passed, 0 failed`,
    exitCode: 0,
  },
  "one that fails twice counts as it did at the first": {
    first: run([good("a.test.ts", 3), FLAKY]),
    second: { "b.test.ts": run([bad("b.test.ts", 0, "flickers", "another")]) },
    again: ["b.test.ts"],
    log: `failed:
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
    at its second run: flickers
      Error: flickers of b.test.ts

5 passed, 1 failed`,
    exitCode: 1,
  },
  "one of two passes at the second run": {
    first: run([bad("a.test.ts", 0, "fails"), FLAKY]),
    second: {
      "a.test.ts": run([bad("a.test.ts", 0, "fails")]),
      "b.test.ts": run([good("b.test.ts", 2)]),
    },
    again: ["a.test.ts", "b.test.ts"],
    log: `passed at the second run:
  b.test.ts
    flickers
      Error: flickers of b.test.ts
failed:
  a.test.ts (1 failed): npx vitest run a.test.ts
    fails
      Error: fails of a.test.ts
    at its second run: fails
      Error: fails of a.test.ts

3 passed, 1 failed`,
    exitCode: 1,
  },
  "five files are run again": {
    first: run(SIX.slice(0, 5)),
    second: Object.fromEntries(SIX.slice(0, 5).map(({ path }) => [path, run([good(path, 2)])])),
    again: ["a.test.ts", "b.test.ts", "c.test.ts", "d.test.ts", "e.test.ts"],
    log: `passed at the second run:
${["a", "b", "c", "d", "e"].map((name) => `  ${name}.test.ts\n    fails\n      Error: fails of ${name}.test.ts`).join("\n")}

11 passed, 0 failed`,
    exitCode: 0,
  },
  "six are not": {
    first: run(SIX),
    again: [],
    log: `failed:
${["a", "b", "c", "d", "e", "f"].map((name) => `  ${name}.test.ts (1 failed): npx vitest run ${name}.test.ts\n    fails\n      Error: fails of ${name}.test.ts`).join("\n")}
no file was run a second time: 6 files failed, more than 5

7 passed, 6 failed`,
    exitCode: 1,
  },
  "an error outside of the files": {
    first: run([good("a.test.ts", 3)], { errorsBeside: ["Error: the worker is gone"] }),
    again: [],
    log: `failed:
  outside of the test files
    Error: the worker is gone

4 passed, 1 failed`,
    exitCode: 1,
  },
  "an error outside of the files, beside a file that failed": {
    first: run([FLAKY], { errorsBeside: ["Error: the worker is gone"] }),
    again: [],
    log: `failed:
  outside of the test files
    Error: the worker is gone
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
no file was run a second time: there are errors outside of the test files

2 passed, 2 failed`,
    exitCode: 1,
  },
  "a run that the limit ended, and that said what it knew": {
    first: run([FLAKY], { isInterrupted: true }, ended(1, LIMIT)),
    again: [],
    log: `failed:
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
no file was run a second time: ${LIMIT}

2 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that was killed": {
    first: { ending: ended(null, LIMIT), results: undefined },
    again: [],
    log: `failed:
  outside of the test files
    the tests did not say what failed: ${LIMIT}

1 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that hung after its last test": {
    first: run([good("a.test.ts", 3)], {}, ended(1, LIMIT)),
    again: [],
    log: `failed:
  outside of the test files
    no test failed, but ${LIMIT}

4 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that hung after its last test, beside a file that failed": {
    first: run([good("a.test.ts", 3), FLAKY], {}, ended(1, LIMIT)),
    again: [],
    log: `failed:
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
no file was run a second time: ${LIMIT}

5 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that only vitest was told to end": {
    first: run([FLAKY], { isInterrupted: true }),
    again: [],
    log: `failed:
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
no file was run a second time: it was interrupted

2 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that a signal ended after it had said what failed": {
    first: run([FLAKY], {}, ended(null)),
    again: [],
    log: `failed:
  b.test.ts (1 failed): npx vitest run b.test.ts
    flickers
      Error: flickers of b.test.ts
no file was run a second time: a signal ended it

2 passed, 1 failed`,
    exitCode: 1,
  },
  "a run that failed, nobody says why": {
    first: run([good("a.test.ts", 3)], {}, ended(1)),
    again: [],
    log: `failed:
  outside of the test files
    no test failed, but it ended with exit code 1

4 passed, 1 failed`,
    exitCode: 1,
  },
  "no tests": {
    first: run([]),
    again: [],
    log: `failed:
  outside of the test files
    no test was run: it ended with exit code 0

1 passed, 1 failed`,
    exitCode: 1,
  },
  "checks that failed, or were not over": {
    first: run([good("a.test.ts", 3)]),
    checks: [
      WELL,
      { name: "lint", ending: ended(2) },
      { name: "format", ending: ended(0, "it was interrupted by SIGINT") },
    ],
    again: [],
    log: `failed:
  check lint (it ended with exit code 2): npm run check:lint
  check format (it was interrupted by SIGINT): npm run check:format

4 passed, 2 failed`,
    exitCode: 1,
  },
};

test.each(Object.entries(TABLE))("%s", (_, row) => {
  const { first, second = {}, checks = [WELL], again, log, exitCode } = row;
  expect(filesToRunAgain(first)).toEqual(again);
  const verdict = verdictOf({ first, second: new Map(Object.entries(second)), checks });
  expect(verdict.lines.join("\n")).toBe(log);
  expect(verdict.lines.at(-1)).toBe(`${verdict.passed} passed, ${verdict.failed} failed`);
  expect(verdict.exitCode).toBe(exitCode);
});

const REFUSED: Readonly<Record<string, [run: SecondRun, remark: string]>> = {
  "was not begun": [
    { notBegun: "less than 3 minutes of the time limit were left" },
    "it was not run a second time: less than 3 minutes of the time limit were left",
  ],
  "was not over": [run([good("b.test.ts", 2)], {}, ended(0, LIMIT)), `at its second run: ${LIMIT}`],
  "did not say what came of it": [
    { ending: ended(null), results: undefined },
    "at its second run: the tests did not say what failed: a signal ended it",
  ],
  "had no test in it": [
    run([good("b.test.ts", 0)]),
    "at its second run: no test was run: it ended with exit code 0",
  ],
  "was interrupted": [
    run([good("b.test.ts", 2)], { isInterrupted: true }),
    "at its second run: no test failed, but it was interrupted",
  ],
  "ended badly": [
    run([good("b.test.ts", 2)], {}, ended(1)),
    "at its second run: no test failed, but it ended with exit code 1",
  ],
  "had an error outside of its tests": [
    run([good("b.test.ts", 2)], { errorsBeside: ["Error: lost"] }),
    "at its second run: Error: lost",
  ],
  "was not alone": [
    run([good("b.test.ts", 2), good("src/b.test.ts", 1)]),
    "at its second run it was not alone: its path is also part of src/b.test.ts",
  ],
};

test.each(Object.entries(REFUSED))("a second run that %s is none that passed", (_, row) => {
  const [second, remark] = row;
  const verdict = verdictOf({
    first: run([good("a.test.ts", 3), FLAKY]),
    second: new Map([["b.test.ts", second]]),
    checks: [WELL],
  });
  expect(verdict).toEqual({
    passed: 5,
    failed: 1,
    exitCode: 1,
    lines: [
      "failed:",
      "  b.test.ts (1 failed): npx vitest run b.test.ts",
      "    flickers",
      "      Error: flickers of b.test.ts",
      `    ${remark}`,
      "",
      "5 passed, 1 failed",
    ],
  });
});

test("a second run is begun with three minutes left, and not with less", () => {
  expect(whyNotBegun(180_000)).toBeUndefined();
  expect(whyNotBegun(179_999)).toBe("less than 3 minutes of the time limit were left");
  expect(whyNotBegun(-1)).toBe("less than 3 minutes of the time limit were left");
});
