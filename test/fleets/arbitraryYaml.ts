import * as fc from "fast-check";

/**
 * YAML texts of one document, right and wrong: texts that use much of YAML, in which some pieces
 * were put, replaced or taken out, and some lines left out.
 */

const TEXTS = [
  `apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: author, namespace: writing, labels: {x: "y", z: 'w'} }
spec:
  budgetRef: { name: writing }
  image: weir.local/author:0.1.0
  port: 3001
  env:
    - name: A
      value: "5"
    - { name: B, value: 'x' }
  args:
  - --flag=1
  -   b: c
      d: [1, -2.5, true, ~]
  - # nothing
    e: f
  members: [a, b]  # two
`,
  `a:
- b
- c: d
  e:
    f: g
    h:
    - i
    -
      j: k
# a comment

l: [] # none
m: {}
n: {o: {p: [q, {r: s}]}}
t:
u: null
`,
  `a: "y\\n"
b: 'w''s'
c: "5
  6"
d: |
  as it
   is
e: >-
  one
  line

  two
f: &x { g: h }
i: *x
j: several
  lines
k: [l,
  m]
n: {o: p, "q":r}
`,
];

/** What has a meaning in YAML, or has one for some parsers alone. */
const MARKS = String.raw`: # " ' { } [ ] , - ? | > &a *a ! !!str % @ ~ = << \ \/ \x41 \u0041 \ud83d\ude00 ( $ + / .`;
const SCALARS = String.raw`on y No TRUE null 017 0o7 0x1F 0b1 0b-1 1_0 _1 +1 .5 5. 1e3 1.5e3 -0 00 0 1.10 1:30
  2024-01-01 .inf .NaN 9007199254740993 1.2.3 10.0.0.5 5Gi a a:b a#b ?x -x http://x é --- ... .. ::`;
const SHAPES = [
  " ",
  "  ",
  "\n",
  "\n  ",
  "\n- ",
  "- ",
  ": ",
  " #",
  ", ",
  "? ",
  "|+\n",
  ">2",
  "<<: *a",
];
const COLLECTIONS = ["b: c", '"k": v', "k : v", "[[", "[a]", "{a: b}", "[a: b]", "{a, b}", "- - a"];
const RARE = ["-\n", "  \n", "#\n", "__proto__: 1", "\u{1f600}", "\u00a0", "\t", "\r\n", "`"];
const PIECES = [MARKS.split(" "), SCALARS.split(/\s+/), SHAPES, COLLECTIONS, RARE].flat();

const change = fc.record({
  piece: fc.constantFrom("", ...PIECES),
  /** Where, from the beginning to the end of the text. */
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  /** UTF-16 units that go. */
  instead: fc.constantFrom(0, 0, 1, 2, 5),
});

/** Texts of one document. */
export const arbitraryYaml = mutated(fc.constantFrom(...TEXTS));

/** What becomes of texts, right and wrong, when some of them is changed. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .record({
      text: texts,
      kept: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
      leavesLinesOut: fc.boolean(),
      changes: fc.array(change, { maxLength: 3 }),
    })
    .map(({ text, kept, leavesLinesOut, changes }) => {
      const lines = text.split("\n").filter((_, index) => !leavesLinesOut || kept[index] !== false);
      return changes.reduce((changed, { piece, at, instead }) => {
        const start = Math.round(at * changed.length);
        return `${changed.slice(0, start)}${piece}${changed.slice(start + instead)}`;
      }, lines.join("\n"));
    });
}
