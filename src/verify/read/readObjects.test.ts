import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, type Document } from "yaml";
import { formatProblem } from "../../fleet/problem.ts";
import { objectOf } from "../sourcePosition.ts";
import { readObjects } from "./readObjects.ts";

function read(text: string, name = "a.yaml") {
  return readObjects([{ name, text }]);
}

function keys(text: string): readonly string[] {
  const { objects, problems: found } = read(text);
  expect(found).toEqual([]);
  return objects.map((object) => objectOf({ object }));
}

function problems(text: string): readonly string[] {
  return read(text).problems.map(formatProblem);
}

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: n }\n";

describe("what is left out", () => {
  it.each([
    ["values of Helm", "replicas: 3", 1],
    ["nothing", "# none\n---\n", 0],
    ["an array of other things", "- a\n- b", 1],
    ["one of two", `${POD}---\n[1]`, 1],
    ["one whose apiVersion is misspelt", POD.replace("apiVersion", "apiversion"), 1],
  ])("is counted: %s", (_, text, count) => {
    expect(read(text).leftOut).toEqual(Array.from({ length: count }, () => "a.yaml"));
  });

  it.each([
    [
      "apiversion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec: { template: { spec: { containers: [] } } }",
      "a.yaml:1:1: makes pods, but has no apiVersion: an API server refuses it",
    ],
    [
      "apiVersion: batch/v1\nKind: CronJob\nspec: { jobTemplate: { spec: { template: { spec: { containers: [] } } } } }",
      "a.yaml:1:1: makes pods, but has no kind, metadata.name: an API server refuses it",
    ],
  ])("is a problem where it makes pods: %#", (text, problem) => {
    expect(problems(text)).toEqual([problem]);
    expect(read(text).leftOut).toEqual([]);
  });
});

describe("what is read", () => {
  it.each([
    ["one document", POD, ["Pod n/p"]],
    [
      "several, with comments and blank ones",
      `# Source: x\n${POD}---\n# none\n---\n${POD}`,
      ["Pod n/p"],
    ],
    ["no namespace", "apiVersion: v1\nkind: Pod\nmetadata: { name: p }", ["Pod default/p"]],
    ["a byte order mark", `\u{feff}${POD}`, ["Pod n/p"]],
    ["CRLF", POD.replaceAll("\n", "\r\n"), ["Pod n/p"]],
    ["a directive", `%YAML 1.2\n---\n${POD}`, ["Pod n/p"]],
    ["a comment after the marker", `--- # first\n${POD}...\n`, ["Pod n/p"]],
    [
      "an object on the marker's line",
      `--- {apiVersion: v1, kind: Pod, metadata: {name: q}}`,
      ["Pod default/q"],
    ],
    [
      "JSON",
      JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "j" } }),
      ["Pod default/j"],
    ],
    [
      "a stream of JSON, each on a line",
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b}{"}}\n',
      ["Pod default/a", "Pod default/b}{"],
    ],
    [
      "a stream of JSON with nothing between, and lists in it",
      '[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a\\""}}]{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"b"}}]} ',
      ['Pod default/a"', "Pod default/b"],
    ],
    [
      "JSON between marks of YAML",
      `{"apiVersion":"v1","kind":"Pod",\n\t"metadata":{"name":"a"}}\n---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}\n`,
      ["Pod default/a", "Pod default/b"],
    ],
    [
      "a List",
      `apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: Pod, metadata: { name: a } }\n  - { apiVersion: apps/v1, kind: Deployment, metadata: { name: b } }\n`,
      ["Pod default/a", "Deployment default/b"],
    ],
    [
      "a list of an API server",
      `apiVersion: apps/v1\nkind: DeploymentList\nitems: [{ metadata: { name: b, namespace: n } }]\n`,
      ["Deployment n/b"],
    ],
    [
      "an array of JSON",
      `[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"}}]`,
      ["Pod default/j"],
    ],
    [
      "names that the API server makes, another one each time",
      "apiVersion: v1\nkind: Pod\nmetadata: { generateName: a- }\n---\napiVersion: v1\nkind: Pod\nmetadata: { generateName: a- }\n",
      ["Pod default/a-*", "Pod default/a-*2"],
    ],
    ["values of Helm", "replicas: 3\nimage: { tag: x }\n", []],
    [
      "a kustomization",
      "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
      [],
    ],
    ["a compose file", "services: { web: { image: x } }\n", []],
    ["nothing", "", []],
    ["a text", "hello", []],
    ["a list of things", "- a\n- b\n", []],
  ])("%s", (_, text, expected) => {
    expect([...new Set(keys(text))]).toEqual(expected);
  });

  it("anchors, merge keys, tags, block scalars and tabs in them", () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: c }
base: &base { a: 1, b: 2 }
more: { <<: *base, b: 3 }
tagged: !!str 5
own: !secret x
data:
  script: |
    if true; then
    \techo "{{ not a template }}"
    fi
`;
    const { objects, problems: found } = read(text);
    expect(found).toEqual([]);
    expect(objects[0]?.value).toMatchObject({
      more: { a: 1, b: 3 },
      tagged: "5",
      own: "x",
      data: { script: 'if true; then\n\techo "{{ not a template }}"\nfi\n' },
    });
  });

  it("a field that stands twice, the last one, and says so", () => {
    const text = `${POD}spec:\n  a: 1\n  b: { c: 1, c: 2 }\n  a: 3\n`;
    const { objects, problems: found, notes } = readObjects([{ name: "a.yaml", text }]);
    expect(found).toEqual([]);
    expect(objects[0]?.value).toMatchObject({ spec: { a: 3, b: { c: 2 } } });
    expect(objects[0]?.positionOf(["spec", "a"])).toMatchObject({ line: 7 });
    const why = "this field stands there twice: the last one counts, as for kubectl";
    expect(notes).toEqual([`a.yaml:6:14: ${why}`, `a.yaml:7:3: ${why}`]);
  });

  it("just what the whole parser reads", () => {
    const files = readdirSync("test/golden").filter((file) => file.endsWith(".output.yaml"));
    for (const file of files) {
      const text = readFileSync(`test/golden/${file}`, "utf8");
      const documents: Iterable<Document.Parsed> = parseAllDocuments(text);
      const expected = [...documents].map((document) => document.toJS() as unknown);
      expect(read(text).objects.map(({ value }) => value)).toEqual(
        expected.filter((value) => value !== null),
      );
    }
  });
});

describe("what can't be read", () => {
  it.each([
    [
      "an open bracket",
      `${POD}spec: [1, 2\n`,
      /^a\.yaml:\d+:\d+: is not YAML: a bracket or quote that opens above is not closed$/,
    ],
    ["a tab", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n", /^a\.yaml:\d+:\d+: is not YAML/],
    [
      "a Helm template",
      `{{- if .Values.on }}\n${POD}{{- end }}\n`,
      /^a\.yaml:\d+:\d+: is a Helm template; render it first: helm template … \| weir verify -$/,
    ],
    [
      "a value of a template, which is YAML by accident",
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\nspec:\n  replicas: {{ .Values.replicas }}\n`,
      /^a\.yaml:5:\d+: is a Helm template; render it first/,
    ],
    [
      "an alias without an anchor",
      `${POD}spec: *nowhere\n`,
      /^a\.yaml:1:1: is not YAML that can be read/,
    ],
    [
      "JSON with comments",
      '{"apiVersion":"v1", // no\n"kind":"Pod"}\n',
      /^a\.yaml:1:21: is JSON with comments: kubectl reads none$/,
    ],
    ["a stream of JSON that breaks off", '{"a":1}\n{"b":', /^a\.yaml:\d:\d+: is not YAML/],
    [
      "bytes that are not UTF-8",
      `${POD}data: { a: gr\u{fffd}n }\n`,
      /^a\.yaml:4:14: is neither UTF-8 nor UTF-16/,
    ],
    ["UTF-16 without its mark", "a\0:\0", /^a\.yaml:1:2: has the character U\+0000/],
    [
      "a byte order mark between texts",
      `${POD}---\n\u{feff}${POD}`,
      /^a\.yaml:5:1: has a byte order mark/,
    ],
    ["a second document's slip", `${POD}---\nkind: [\n`, /^a\.yaml:[56]:\d+: is not YAML/],
  ])("%s", (_, text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it("aliases that repeat too much", () => {
    const levels = Array.from({ length: 12 }, (_, index) => {
      const refs = index === 0 ? "x" : `*a${index - 1}`;
      return `a${index}: &a${index} [${Array.from({ length: 10 }, () => refs).join(", ")}]`;
    });
    expect(problems(`${POD}${levels.join("\n")}\n`)).toEqual([
      expect.stringContaining("is not YAML that can be read"),
    ]);
  });

  it("leaves the other documents and files", () => {
    const { objects, problems: found } = readObjects([
      { name: "a.yaml", text: `${POD}---\nkind: [\n---\n${POD.replace("name: p", "name: q")}` },
      { name: "b.yaml", text: POD.replace("name: p", "name: r") },
    ]);
    expect(objects.map(({ name }) => name)).toEqual(["p", "q", "r"]);
    expect(found).toHaveLength(1);
  });

  it("never repeats what stands there", () => {
    const text = `${POD}data: { password: "geheim\n  other: geheim2: geheim3\n`;
    expect(problems(text).join("\n")).not.toContain("geheim");
  });
});

describe("where it stands", () => {
  const text = `# first
apiVersion: v1
kind: Pod
metadata: { name: p }
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: d
    spec:
      replicas: 3
      template: &t { spec: { containers: [{ name: a }] } }
      other: *t
`;
  const { objects } = read(text);
  const [pod, deployment] = objects;

  it.each([
    ["a field", ["metadata", "name"], 4, 13],
    ["one that is not there: the nearest around it", ["metadata", "labels", "a"], 4, 1],
    ["the object", [], 2, 1],
  ])("%s of the first", (_, path, line, column) => {
    expect(pod?.positionOf(path)).toEqual({ line, column });
  });

  it.each([
    ["a field", ["spec", "replicas"], 14, 7],
    ["an entry of a list", ["spec", "template", "spec", "containers", 0], 15, 43],
    ["one behind an alias", ["spec", "other", "spec", "containers"], 15, 30],
  ])("%s of one in a list", (_, path, line, column) => {
    expect(deployment?.positionOf(path)).toEqual({ line, column });
  });

  it("in a stream of JSON, and behind quoted text that is indented less than it must", () => {
    const json = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}';
    expect(read(`${json}\n ${json}`).objects[1]?.positionOf(["metadata", "name"])).toEqual({
      line: 2,
      column: 46,
    });
    const yaml = `${POD}data:\n  a: "x\n  y\nz"\n  b: 1\n`;
    expect(read(`---\n${yaml}`).objects[0]?.positionOf(["data", "b"])).toEqual({
      line: 9,
      column: 3,
    });
  });

  it("in JSON", () => {
    const json = `{ "apiVersion": "v1", "kind": "Pod",\n  "metadata": { "name": "j" } }`;
    expect(read(json).objects[0]?.positionOf(["metadata", "name"])).toEqual({
      line: 2,
      column: 17,
    });
  });
});
