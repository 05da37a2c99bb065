import { expect, test } from "vitest";

import { failureLines } from "../../tools/ci/failureLines.ts";
import type { FileResult } from "../../tools/ci/results.ts";

function file(path: string, failed: number): FileResult {
  const failures = Array.from({ length: failed }, (_, index) => ({
    test: `test ${index + 1}`,
    error: "Error: wrong\nsecond line",
  }));
  return { path, passed: 1, failed, failures };
}

function linesOf(...files: readonly FileResult[]): string[] {
  return failureLines({ files, errorsBeside: [] });
}

function countOf(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length;
}

test("nothing where nothing failed", () => {
  expect(linesOf(file("a.test.ts", 0))).toEqual([]);
});

test("the file, its tests with their errors, and how to run it alone", () => {
  const remarks = new Map([["a.test.ts", ["a remark", "of two lines"]]]);
  expect(
    failureLines(
      {
        files: [file("a.test.ts", 1), file("b.test.ts", 0)],
        errorsBeside: ["Error: lost\ncaused by: Error: gone"],
      },
      remarks,
    ),
  ).toEqual([
    "  outside of the test files",
    "    Error: lost",
    "    caused by: Error: gone",
    "  a.test.ts (1 failed): npx vitest run a.test.ts",
    "    test 1",
    "      Error: wrong",
    "      second line",
    "    a remark",
    "    of two lines",
  ]);
});

test("of a file with many a few, and how many more there are", () => {
  const lines = linesOf(file("a.test.ts", 7), file("b.test.ts", 2));
  expect(countOf(lines, /^ {4}test \d+$/)).toBe(3 + 2);
  expect(lines[0]).toBe("  a.test.ts (7 failed): npx vitest run a.test.ts");
  expect(lines.at(-1)).toBe("  and 4 more");
});

test.each([
  [1, 3],
  [6, 18],
  [8, 16],
  [20, 20],
  [30, 20],
])("of %i files all are named, with %i tests", (files, tests) => {
  const names = Array.from({ length: files }, (_, index) => `${index}.test.ts`);
  const lines = linesOf(...names.map((name) => file(name, 4)));
  expect(countOf(lines, /: npx vitest run \d+\.test\.ts$/)).toBe(files);
  expect(countOf(lines, /^ {4}test \d+$/)).toBe(tests);
  expect(lines.at(-1)).toBe(`  and ${files * 4 - tests} more`);
});

test("of many errors outside of the files a few, and how many more there are", () => {
  const errorsBeside = Array.from({ length: 25 }, (_, index) => `Error: ${index}`);
  const lines = failureLines({ files: [], errorsBeside });
  expect(countOf(lines, /^ {4}Error: \d+$/)).toBe(20);
  expect(lines.at(-1)).toBe("  and 5 more");
});
