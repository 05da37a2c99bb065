import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryYaml } from "../../test/fleets/arbitraryYaml.ts";
import { splitDocuments } from "./yaml.ts";
import { readSimpleYaml } from "./simpleYaml.ts";
import { readLocatedYaml } from "./locatedYaml.ts";

describe("readSimpleYaml", () => {
  it("never accepts what the whole parser refuses, nor reads it differently", () => {
    let simple = 0;
    fc.assert(
      fc.property(arbitraryYaml, (text) => {
        const value = readSimpleYaml(text);
        if (value === undefined) return;
        simple += 1;
        const { root, problems } = readLocatedYaml(text);
        expect(problems).toEqual([]);
        expect(root.value).toStrictEqual(value);
      }),
      { numRuns: 5000 },
    );
    // Else it was hardly asked anything.
    expect(simple).toBeGreaterThan(200);
  });

  it.each([
    ["a: b # c", { a: "b" }],
    ["# c\n\na: b\n  # d\ne: 5\n", { a: "b", e: 5 }],
    ["a: 'b'   # c\nd: \"e: #\"\n", { a: "b", d: "e: #" }],
    ["a: http://b:1/c#d", { a: "http://b:1/c#d" }],
    ["a: several words\n", { a: "several words" }],
    ["a:\nb:\n  c: ~\n", { a: null, b: { c: null } }],
    ["a:\n- b\n- --c=d\ne: f\n", { a: ["b", "--c=d"], e: "f" }],
    [
      "a:\n  - b: c\n    d: e\n  -\n    f: g\n  -   h:\n      - i",
      { a: [{ b: "c", d: "e" }, { f: "g" }, { h: ["i"] }] },
    ],
    [
      'a: { b: c, d: [1, two, "3", { e: ~ }], f: {}, g: [] }',
      { a: { b: "c", d: [1, "two", "3", { e: null }], f: {}, g: [] } },
    ],
    ["a: {b: c}\r\nd: e\r\n", { a: { b: "c" }, d: "e" }],
  ])("reads %j", (text, value) => {
    expect(readSimpleYaml(text)).toEqual(value);
  });

  it("reads every document of the example, so that a fleet is read quickly", () => {
    const { documents } = splitDocuments(
      readFileSync("examples/writing-servers/fleet.yaml", "utf8"),
    );
    expect(documents.filter(({ text }) => readSimpleYaml(text) === undefined)).toEqual([]);
  });

  it.each([
    ["a: on", "a doubtful scalar"],
    ["a: 1\na: 2", "a name twice"],
    ["a: { b: 1, b: 2 }", "a name twice within braces"],
    ["__proto__: 1", "a name that is none"],
    ["on: 1", "a doubtful name"],
    ["a: b\n  c", "a text on several lines"],
    ["a: |\n  b", "a block"],
    ["a: &x b", "an anchor"],
    ["a: *x", "an alias"],
    ["a: !!str b", "a tag"],
    ["a:\tb", "a tab"],
    ['a: "\\n"', "an escape"],
    ["a: 'it''s'", "a quote in quotes"],
    ["a: [b,\n  c]", "brackets on several lines"],
    ["a: [b c: d]", "a pair in a list"],
    ["a: [-]", "a dash within brackets"],
    ["a: {b: , c: d}", "nothing within braces"],
    ["a: b: c", "two colons"],
    ["a : b", "a space before the colon"],
    ["a:\n  b: 1\n c: 2", "an indentation that belongs to nothing"],
    ["- a", "a list"],
    ["a", "a scalar"],
    [" a: b", "an object that is indented"],
    [`a: ${"[".repeat(80)}${"]".repeat(80)}`, "too many levels"],
    ["a: é", "other letters without quotes"],
    ['"a": b', "a name in quotes"],
  ])("leaves %j to the parser: %s", (text) => {
    expect(readSimpleYaml(text)).toBeUndefined();
  });
});
