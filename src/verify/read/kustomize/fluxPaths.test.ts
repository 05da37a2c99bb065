import { expect, it } from "vitest";
import { readPaths } from "./fluxPaths.ts";
import { readObjects } from "../readObjects.ts";

/** Flux's Kustomization of this path, from a repository. */
function flux(name: string, path: string, source = "home"): string {
  const sourceRef = `{ kind: GitRepository, name: ${source} }`;
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name} }\nspec: { path: ${path}, sourceRef: ${sourceRef} }\n---\n`;
}

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\n";
const A = flux("a", "./apps/a");

it.each([
  ["with its folder", { "ks.yaml": A, "apps/a/p.yaml": POD }, ["a"]],
  ["below a folder", { "ks.yaml": A, "cluster/apps/a/p.yaml": POD }, ["a"]],
  [
    "with all that its kustomization names",
    {
      "ks.yaml": A,
      "apps/a/kustomization.yaml": "resources: [./p.yaml, ../b/, below]",
      "apps/a/p.yaml": POD,
      "apps/b/p.yaml": POD,
      "apps/a/below/deeper/p.yaml": POD,
    },
    ["a"],
  ],
  ["without its folder", { "ks.yaml": A, "apps/b/p.yaml": POD }, []],
  ["without a path", { "ks.yaml": flux("a", '""'), "apps/a/p.yaml": POD }, []],
  [
    "with a resource that is not there",
    {
      "ks.yaml": A,
      "apps/a/kustomization.yaml": "resources: [p.yaml, other.yaml]",
      "apps/a/p.yaml": POD,
    },
    [],
  ],
  [
    "with a resource elsewhere, below its folder",
    {
      "ks.yaml": A,
      "apps/a/b/kustomization.yaml": "resources: [https://example.com/a, p.yaml]",
      "apps/a/b/p.yaml": POD,
    },
    [],
  ],
  [
    "of another repository than the others",
    {
      "ks.yaml": A + flux("b", "./apps/b") + flux("c", "./apps/b", "other"),
      "apps/a/p.yaml": POD,
      "apps/b/p.yaml": POD,
    },
    ["a", "b"],
  ],
] satisfies readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[])(
  "Kustomizations %s",
  (_, files, names) => {
    const sources = Object.entries(files).map(([name, text]) => ({ name, text }));
    const { objects, kustomizations } = readObjects(sources);
    expect([...readPaths(objects, kustomizations)].map(({ name }) => name)).toEqual(names);
  },
);
