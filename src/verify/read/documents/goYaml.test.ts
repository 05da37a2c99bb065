import { describe, expect, it } from "vitest";
import { goYaml, valueOf } from "./goYaml.ts";

/** The value of the only document of a text. */
function goYamlValue(text: string): unknown {
  const [document] = goYaml(text).documents;
  expect(document?.errors).toEqual([]);
  return document && valueOf(document);
}

// What go-yaml makes of each text; libyaml, from which it was made, reads them in the same way.
describe("what go-yaml reads and YAML 1.2 does not allow", () => {
  it.each([
    ["quoted text at the indentation of its key", "a:\n  k: '\n  [\n  ]\n  '\n", " [ ] "],
    ["quoted text at the beginning of a line", 'a:\n  k: "x\ny\n\nz"\n  c: 1\n', "x y\nz"],
    ["quoted text that looks like fields", "a:\n  k: 'x\n\n  y: z\n  - q'\n", "x\ny: z - q"],
    ["quotes in quoted text", "a:\n  k: 'it''s\n  \"x\n  y'\n", "it's \"x y"],
    ["escapes in quoted text", 'a:\n  k: "a\\"\n  b\\\n  c"\n', 'a" bc'],
    ["a list's end", "a:\n  k: [\n    1\n]\n", [1]],
    ["a list at the beginning of a line", "a:\n  k: [\n1, # one ]\n2\n]\n  c: 1\n", [1, 2]],
    ["a mapping's end", "a:\n  k: {\n  x: 1,\n  y: 'b }\n '\n  }\n  c: 1\n", { x: 1, y: "b } " }],
    ["a comment without a space before it", "a: { k: 1 }# c\n", 1],
  ])("%s", (_, text, expected) => {
    expect(goYamlValue(text)).toMatchObject({ a: { k: expected } });
  });

  it("several in one text, each value at its place", () => {
    const text = "a:\n  - 'x\n  y'\n  - 'z\n\n  z'\n  - [1,\n2]\nb: 1\n";
    const read = goYaml(text);
    expect(read.documents.map(valueOf)).toEqual([{ a: ["x y", "z\nz", [1, 2]], b: 1 }]);
    expect(read.givenOffset(read.text.indexOf("b: 1"))).toBe(text.indexOf("b: 1"));
    expect(read.givenOffset(read.text.indexOf("z\n"))).toBe(text.indexOf("z\n"));
    expect(read.givenOffset(read.text.indexOf("2]"))).toBe(text.indexOf("2]"));
    expect(read.givenOffset(2)).toBe(2);
  });
});

describe("what go-yaml can't read either", () => {
  it.each([
    ["a quote without an end", "a: 'x\nb: 1\nc: 2\n"],
    ["a quote that ends at the next one", "a: 'x\nb: 1\nc: 'y'\n"],
    ["a document's mark in quoted text", "a:\n  k: 'x\n---\ny'\n"],
    ["a bracket without an end", "a: [1, 2\nb: 1\n"],
    ["quoted text over lines as a key", "'a\n  b': 1\n"],
    ["a key in the value of another", "a: b: c\n"],
  ])("%s", (_, text) => {
    const errors = goYaml(text).documents.flatMap((document) => document.errors);
    expect(errors).not.toEqual([]);
  });
});

describe("aliases", () => {
  it("of any number", () => {
    const items = Array.from({ length: 300 }, (_, index) => `- { <<: *env, B: ${index} }`);
    const value = goYamlValue(`env: &env { A: 1 }\nall:\n${items.join("\n")}\n`);
    expect(value).toMatchObject({ all: { length: 300, 299: { A: 1, B: 299 } } });
  });

  it("name the last anchor before them, and merge in lists and nested", () => {
    const text =
      "a: &x { p: 1 }\nb: *x\nc: &x { q: 2 }\nd: { <<: [*x, { r: 3 }], s: 4 }\ne: &y { <<: *x, t: *x }\nf: *y\n*x : 1\n";
    expect(goYamlValue(text)).toMatchObject({
      b: { p: 1 },
      d: { q: 2, r: 3, s: 4 },
      f: { q: 2, t: { q: 2 } },
    });
  });

  it.each([
    [
      "a bomb of lists",
      Array.from({ length: 12 }, (_, level) => {
        const item = level === 0 ? "x" : `*a${level - 1}`;
        return `a${level}: &a${level} [${Array.from({ length: 10 }, () => item).join(", ")}]`;
      }).join("\n"),
    ],
    [
      "a bomb of merge keys",
      `a: &a { ${Array.from({ length: 1100 }, (_, index) => `k${index}: 1`).join(", ")} }\nb:\n${Array.from({ length: 1100 }, () => "- { <<: *a }").join("\n")}`,
    ],
    ["one in what it repeats", "a: &a [1, *a]"],
    ["one without an anchor", "a: *b"],
  ])("not %s", (_, text) => {
    expect(() => goYamlValue(text)).toThrow(ReferenceError);
  });
});
