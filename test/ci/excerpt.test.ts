import { expect, test } from "vitest";

import { excerptOf } from "../../tools/ci/excerpt.ts";

const ANSI = "\u001B[31mred\u001B[39m";

test.each<[name: string, error: unknown, excerpt: string]>([
  ["an error", new Error("wrong"), "Error: wrong"],
  [
    "one as vitest hands it on",
    { name: "AssertionError", message: "1 is 2" },
    "AssertionError: 1 is 2",
  ],
  ["its colours", new Error(ANSI), "Error: red"],
  ["empty lines", new Error("a\n\n  b  \n"), "Error: a\n  b"],
  ["more lines than fit", new Error("1\n2\n3\n4\n5\n6"), "Error: 1\n2\n3\n4\n5\n…"],
  ["a line that is too long", { message: "x".repeat(201) }, `${"x".repeat(200)}…`],
  [
    "its cause",
    new Error("late", { cause: new Error("1 is 2\nmore") }),
    "Error: late\ncaused by: Error: 1 is 2",
  ],
  [
    "a cause that vitest has printed",
    { name: "Error", message: "late", cause: { name: "Caused by: Error", message: "1 is 2" } },
    "Error: late\ncaused by: Error: 1 is 2",
  ],
  ["no message", new TypeError(""), "TypeError:"],
  ["a text", "wrong", "wrong"],
  ["an object", { message: { code: 5 } }, "{ code: 5 }"],
  ["a number", 5, "5"],
  ["nothing", undefined, "it does not say what went wrong"],
  ["null", null, "it does not say what went wrong"],
])("%s", (_, error, excerpt) => {
  expect(excerptOf(error)).toBe(excerpt);
});
