import { expect, it } from "vitest";
import { readFleet } from "./readFleet.ts";

/** Files that are made to be slow end soon: each of these would take minutes, or never end. */

const HEAD =
  "apiVersion: weir.dev/v1alpha1\nkind: McpServer\nmetadata: { name: a, namespace: b }\n";

/** A billion laughs, and a billion times as many. */
function bomb(): string {
  const lines = Array.from({ length: 18 }, (_, index) => {
    const repeated = Array.from({ length: 10 }, () => `*a${index}`).join(", ");
    return `a${index + 1}: &a${index + 1} [${repeated}]`;
  });
  return `${HEAD}a0: &a0 lol\n${lines.join("\n")}\n`;
}

function indented(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${" ".repeat(level + 1)}a:\n`).join("");
}

it.each([
  ["a billion laughs", bomb(), "aliases repeat too much: write out what is meant"],
  [
    "50,001 documents",
    `${HEAD}---\n`.repeat(50_001),
    "a file may have at most 50000 documents: write several files",
  ],
  ["brackets", `${HEAD}spec: ${"[".repeat(900_000)}`, "at most 64 levels may nest"],
  ["dashes", `${HEAD}spec:\n ${"- ".repeat(500_000)}`, "at most 64 levels may nest"],
  ["indentation", `${HEAD}spec:\n${indented(1000)}`, "at most 64 levels may nest"],
  ["one object", `${HEAD}spec: "${"a".repeat(2_000_000)}"`, "one object may have at most 1048576"],
  ["digits", `${HEAD}spec: ${"1".repeat(900_000)}x`, "must be a mapping with budgetRef, port"],
  [
    "white space",
    " \n".repeat(30_000_000),
    "must hold at least one object: ConnectionBudget or McpServer",
  ],
])("a file of %s ends with a clear error", (_, text, allowed) => {
  const read = readFleet([{ name: "f", text }]);
  expect(read.ok ? [] : read.problems.map((problem) => problem.allowed)).toContain(allowed);
});

it("all of fifty thousand documents may be wrong", () => {
  const read = readFleet([{ name: "f", text: "a: 1\n---\n".repeat(50_000) }]);
  expect(read.ok ? 0 : read.problems.length).toBe(50_000);
});
