import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, didYouMean } from "./didYouMean.ts";

describe("nearest", () => {
  it.each([
    ["guarantee", ["max", "guaranteed"], "guaranteed"],
    ["MaxClientConn", ["maxClientConn", "replicas"], "maxClientConn"],
    ["prot", ["path", "port"], "port"],
    ["mcpserver", ["ConnectionBudget", "McpServer"], "McpServer"],
    ["foo", ["max", "port"], undefined],
    ["x", ["y"], undefined],
    ["a".repeat(200), ["a".repeat(199)], undefined],
    ["ab", [], undefined],
  ])("takes %s of %j for %s", (name, candidates, meant) => {
    expect(didYouMean(name, candidates)).toBe(meant);
  });

  it("takes the first of two that are as near", () => {
    expect(didYouMean("pools", ["poolA", "poolB"])).toBe("poolA");
  });
});

describe("editDistance", () => {
  it.each([
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
  ])("from %j to %j is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is symmetric, at least the difference of lengths, at most the longer length", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance === 0).toBe(a === b);
      }),
    );
  });
});
