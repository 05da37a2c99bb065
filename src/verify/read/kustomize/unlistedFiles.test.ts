import { describe, expect, it } from "vitest";
import { readObjects } from "../readObjects.ts";
import { unlistedFiles } from "./unlistedFiles.ts";

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n";

/** What is left out of these files; those that stand with `pod` hold a Pod. */
function unlisted(texts: Readonly<Record<string, string>>, given: readonly string[] = []) {
  const sources = Object.entries(texts).map(([name, text]) => ({ name, text }));
  const read = readObjects(sources);
  const unread = read.problems.map(({ file }) => file);
  const { files, assumed } = unlistedFiles({ ...read, unread }, (file) => given.includes(file));
  return { files: [...files], note: assumed?.note, remedy: assumed?.question.remedy };
}

/** An object of Argo CD with this in its source. */
function argo(kind: string, source: string): string {
  const spec =
    kind === "Application" ? `source: ${source}` : `template: { spec: { sources: [${source}] } }`;
  return `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata: { name: a }\nspec: { ${spec} }\n`;
}

describe("files beside a kustomization", () => {
  it("are left out where it does not list them, and the note says so", () => {
    const files = { "k/kustomization.yaml": "resources: [a.yaml]", "k/a.yaml": POD };
    expect(unlisted({ ...files, "k/b.yaml": POD })).toEqual({
      files: ["k/b.yaml"],
      note: "Assuming that k/b.yaml is not applied: k/kustomization.yaml does not list it. Give it by its own path to count it",
      remedy: "give it by its own path, or leave it out with --exclude",
    });
    expect(unlisted({ ...files, "k/b.yaml": POD, "k/c.yaml": "a: [" })).toMatchObject({
      files: ["k/b.yaml", "k/c.yaml"],
      note: "Assuming that k/b.yaml and k/c.yaml are not applied: no kustomization lists them. Give a file by its own path to count it",
    });
  });

  it("are left out where another kustomization lists the folder", () => {
    const files = { "base/kustomization.yaml": "resources: [a.yaml]", "base/a.yaml": POD };
    const overlay = { "prod/kustomization.yaml": "resources: [../base]" };
    expect(unlisted({ ...files, ...overlay, "base/b.yaml": POD }).files).toEqual(["base/b.yaml"]);
  });

  it("are left out of the current folder too, whatever the kustomization is called", () => {
    for (const name of ["kustomization.yml", "Kustomization", "kustomization.yaml"]) {
      expect(
        unlisted({ [name]: "resources: [./a.yaml]", "a.yaml": POD, "b.yaml": POD }).files,
      ).toEqual(["b.yaml"]);
    }
  });

  it.each([
    ["given by their own path", { "k/kustomization.yaml": "resources: []" }, ["k/b.yaml"]],
    [
      "with a kustomization that was given by its own path",
      { "k/kustomization.yaml": "resources: []" },
      ["k/kustomization.yaml"],
    ],
    ["in a folder below", { "kustomization.yaml": "resources: []" }],
    ["in a folder above", { "k/below/kustomization.yaml": "resources: []" }],
    [
      "with a kustomization that kustomize would not find",
      {
        "k/base.yaml":
          "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []",
      },
    ],
    [
      "as a resource of a folder above",
      { "k/kustomization.yaml": "{}", "kustomization.yaml": "resources: [k/b.yaml]" },
    ],
    ["in the folder of another's resource", { "k/kustomization.yaml": "resources: [../k/b.yaml]" }],
    ["as a patch", { "k/kustomization.yaml": "patches: [{ path: ./b.yaml }]" }],
    [
      "as a file of a generator",
      { "k/kustomization.yaml": "configMapGenerator: [{ name: a, files: [a=b.yaml] }]" },
    ],
    [
      "within a generator's text",
      { "k/kustomization.yaml": "generators:\n  - |\n    kind: ksops\n    files: [./b.yaml]\n" },
    ],
    [
      "in a generator's own file",
      {
        "k/kustomization.yaml": "generators: [generator.yaml]",
        "k/generator.yaml":
          "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: { name: a }\nfiles: [./b.yaml]\n",
      },
    ],
    ["of lists that can't be read", { "k/kustomization.yaml": "resources: {{ files }}" }],
    ["of a list with something else in it", { "k/kustomization.yaml": "resources: [{ a: b }]" }],
    [
      "of a folder that Argo CD applies as a whole",
      {
        "k/kustomization.yaml": "{}",
        "a.yaml": argo("Application", "{ path: ./k, directory: { recurse: true } }"),
      },
    ],
    [
      "of a folder above that Argo CD applies as a whole",
      {
        "apps/k/kustomization.yaml": "{}",
        "a.yaml": argo("Application", "{ path: '', directory: { recurse: true } }"),
      },
    ],
    [
      "of what a plugin makes",
      {
        "k/kustomization.yaml": "{}",
        "a.yaml": argo("ApplicationSet", "{ path: '{{path}}', plugin: { name: a } }"),
      },
    ],
  ] satisfies readonly (readonly [
    string,
    Readonly<Record<string, string>>,
    (readonly string[])?,
  ])[])("count %s", (_, files, given = []) => {
    expect(unlisted({ ...files, "k/b.yaml": POD }, given).files).toEqual([]);
  });

  it.each([
    ["the plain path of Argo CD", argo("Application", "{ path: k }")],
    ["another folder", argo("Application", "{ path: other, directory: { recurse: true } }")],
  ])("are left out with %s", (_, text) => {
    const files = { "k/kustomization.yaml": "resources: []", "k/b.yaml": POD };
    expect(unlisted({ ...files, "a.yaml": text }).files).toEqual(["k/b.yaml"]);
  });

  it("count as inis, and as what a comment does not name", () => {
    const ini = "[databases]\na = host=b\n";
    expect(
      unlisted({ "k/kustomization.yaml": "resources: [] # b.yaml", "k/p.ini": ini }).files,
    ).toEqual([]);
    expect(
      unlisted({ "k/kustomization.yaml": "resources: [] # b.yaml", "k/b.yaml": POD }).files,
    ).toEqual(["k/b.yaml"]);
  });
});

/** Flux's Kustomization of a path. */
function flux(name: string, path: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name} }\nspec: { path: ${path} }\n`;
}

describe("in a tree of Flux", () => {
  const tree = {
    "flux.yaml": flux("all", "./apps"),
    "apps/a/kustomization.yaml": "resources: [one/ks.yaml]",
    "apps/a/one/ks.yaml": flux("one", "./apps/a/one/app"),
    "apps/a/one/app/kustomization.yaml": "resources: [a.yaml]",
    "apps/a/one/app/a.yaml": POD,
  };

  it("an app that the folder's kustomization leaves out is not applied", () => {
    const files = {
      ...tree,
      "apps/a/two/ks.yaml": flux("two", "./apps/a/two/app"),
      "apps/a/two/app/kustomization.yaml": "resources: [a.yaml]",
      "apps/a/two/app/a.yaml": POD,
    };
    expect(unlisted(files)).toEqual({
      files: ["apps/a/two/ks.yaml", "apps/a/two/app/a.yaml", "apps/a/two/app/kustomization.yaml"],
      note: "Assuming that apps/a/two/ks.yaml is not applied, nor what it alone would apply: apps/a/kustomization.yaml does not list it. Give it by its own path to count it",
      remedy: "give it by its own path, or leave it out with --exclude",
    });
    expect(unlisted(files, ["apps/a/two/ks.yaml"]).files).toEqual([]);
  });

  it.each([
    ["a folder that nothing leads to", { "apps/a/two/kustomization.yaml": "resources: [a.yaml]" }],
    [
      "the only app below a kustomization that Flux applies",
      {
        "apps/a/kustomization.yaml": "resources: []",
        "apps/a/two/kustomization.yaml": "resources: [a.yaml]",
        "apps/a/two/ks.yaml": flux("two", "./apps/a/two"),
      },
    ],
    [
      "a folder with the Kustomization of its own path",
      {
        "apps/a/two/kustomization.yaml": "resources: [a.yaml]",
        "apps/a/two/ks.yaml": flux("two", "./apps/a/two"),
      },
    ],
    [
      "what a Kustomization leads to that is not applied itself",
      {
        "apps/a/below/ks.yaml": flux("below", "./b"),
        "b/ks.yaml": flux("two", "./apps/a/two"),
      },
    ],
  ])("%s is not applied", (_, files) => {
    expect(unlisted({ ...tree, ...files, "apps/a/two/a.yaml": POD }).files).toContain(
      "apps/a/two/a.yaml",
    );
  });

  it.each([
    ["what another kustomization lists", { "b/kustomization.yaml": "resources: [../apps/a/two]" }],
    ["what another Kustomization leads to", { "b.yaml": flux("b", "./apps/a/two") }],
    ["a Kustomization beside none of them", { "apps/b/two/ks.yaml": flux("b", "./apps/a/two") }],
    [
      "what a Kustomization applies that applies itself",
      { "apps/b/ks.yaml": flux("b", "./apps/b"), "apps/b/c.yaml": flux("c", "./apps/a/two") },
    ],
  ])("%s is applied", (_, files) => {
    const two = {
      "apps/a/two/kustomization.yaml": "resources: [a.yaml]",
      "apps/a/two/a.yaml": POD,
    };
    expect(unlisted({ ...tree, ...files, ...two }).files).toEqual([]);
  });

  it("a component that nothing takes in is not applied", () => {
    const component = { "c/kustomization.yaml": "kind: Component\nresources: [a.yaml]" };
    const files = { ...tree, ...component, "c/a.yaml": POD };
    expect(unlisted(files).files).toEqual(["c/kustomization.yaml", "c/a.yaml"]);
    const user = { "apps/a/one/app/kustomization.yaml": "components: [../../../../c]" };
    expect(unlisted({ ...files, ...user }).files).toEqual(["apps/a/one/app/a.yaml"]);
  });
});
