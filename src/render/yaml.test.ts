import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { yamlDocument, yamlStream } from "./yaml.ts";

/** Words, numbers and marks that some reader of YAML takes for something else than text. */
const TRAPS = [
  ..."y Y n N yes Yes NO on ON off true True FALSE null Null NULL ~ = << .nan .NaN .inf -.INF".split(
    " ",
  ),
  ..."0 00 007 0o17 0x1F 0b101 1_000 1:30 190:20:30 -1 +1 1e3 1.5e+3 .5 1. 5m 2024-01-01".split(
    " ",
  ),
  "2001-12-14t21:59:43.10-05:00",
  ..."- ? : , [ ] { } # & * ! | > ' \" % @ ` --- ... -a ?a :a a: a:b a#b".split(" "),
  "a: b",
  "a #b",
  " a",
  "a ",
  "",
  "a\tb",
  "\ta",
  "é",
  "😀",
  "\u0085",
  "\u2028",
  "\ufeff",
  "a\nb",
  "a\nb\n",
  "a\n\nb\n",
  "\na",
  "a\n\n",
  "\n",
  " a\nb",
  "a\n b",
  "a\r\nb",
  "a\n\tb",
  "---\na",
  "a\n---\nb",
  "a\n...\n",
  "a\n# b",
  "a \nb  \n",
  "\u0000",
  "\ud800",
  "\udc00\n",
];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TRAPS) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme" }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom("a", " ", "\n", "\t", "#", ":", "-"), { maxLength: 12 })
      .map((characters) => characters.join("")),
  },
);

const { document } = fc.letrec((tie) => ({
  document: fc.dictionary(text, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("document"),
  ),
}));

/** `__proto__` as a key is not data for every reader; Kubernetes has none. */
function isOrdinary(value: unknown): boolean {
  return !JSON.stringify(value).includes("__proto__");
}

describe("what is written is read again", () => {
  const RUNS = { numRuns: 3_000 };

  it.each(["1.1", "1.2"] as const)("as YAML %s", (version) => {
    fc.assert(
      fc.property(document.filter(isOrdinary), (value) => {
        const written = yamlDocument({ value });
        expect(parse(written, { version, merge: false, uniqueKeys: true })).toEqual({ value });
      }),
      RUNS,
    );
  });

  it.each(TRAPS)("%j as key, as value and in a list", (trap) => {
    const value = { [trap]: trap, list: [trap, [trap], { [trap]: trap }] };
    for (const version of ["1.1", "1.2"] as const) {
      expect(parse(yamlDocument(value), { version, merge: false })).toEqual(value);
    }
  });
});

it("writes a stream of documents in their order", () => {
  const manifests = ["b", "a"].map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  expect(parseAllDocuments(yamlStream(manifests)).map((one) => one.toJS())).toEqual(manifests);
});

it("is written to be read by people", () => {
  const value = {
    apiVersion: "apps/v1",
    immutable: true,
    metadata: { labels: { "app.kubernetes.io/name": "pgbouncer" }, annotations: {} },
    args: ["270", "plain", [["deep"]], [], { name: "x", ports: [{ port: 1 }], image: "a.b/c:1.2" }],
    data: { "common.ini": "[databases]\n\na = b\n", "no-end": "one\ntwo" },
    left: undefined,
  };
  expect(yamlDocument(value)).toBe(`apiVersion: apps/v1
immutable: true
metadata:
  labels:
    app.kubernetes.io/name: pgbouncer
  annotations: {}
args:
  - "270"
  - plain
  -
    -
      - deep
  - []
  - name: x
    ports:
      - port: 1
    image: a.b/c:1.2
data:
  common.ini: |
    [databases]

    a = b
  no-end: |-
    one
    two
`);
});
