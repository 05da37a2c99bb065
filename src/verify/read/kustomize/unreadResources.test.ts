import { expect, it, test } from "vitest";
import { readObjects } from "../readObjects.ts";
import { unreadResources } from "./unreadResources.ts";

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n";

/** What is asked and assumed of these files. */
function unread(texts: Readonly<Record<string, string>>, excluded: readonly string[] = []) {
  const sources = Object.entries(texts).map(([name, text]) => ({ name, text }));
  const { kustomizations } = readObjects(sources);
  const found = unreadResources(kustomizations, new Set(Object.keys(texts)), excluded);
  return {
    missing: found.missing.map(({ what, remedy }) => [what, remedy]),
    note: found.assumed?.note,
  };
}

test("a folder that is not there is asked about once", () => {
  const text = "resources: [../../base]";
  const files = { "k/o/a/kustomization.yaml": text, "k/o/b/kustomization.yaml": text };
  expect(unread(files)).toEqual({
    missing: [
      [
        "what kustomize makes of k/base: k/o/a/kustomization.yaml names it, and it is not among the files",
        "give k/base too, or what it makes: kubectl kustomize k/o/a | weir verify -",
      ],
    ],
    note: undefined,
  });
});

it.each([
  ["a component above the current folder", { "kustomization.yaml": "components: [../c]" }, "../c"],
  ["an old base", { "k/kustomization.yaml": "bases: [./b/]" }, "k/b"],
])("asks about %s", (_, files, path) => {
  expect(unread(files).missing).toMatchObject(
    [[`what kustomize makes of ${path}`, ""]].map(([what = ""]) => [
      expect.stringContaining(what),
      expect.stringContaining(`give ${path} too`),
    ]),
  );
});

it.each([
  ["files", { "k/kustomization.yaml": "resources: [./a.yaml]", "k/a.yaml": POD }, []],
  ["folders", { "k/kustomization.yaml": "resources: [./b]", "k/b/c/a.yaml": POD }, []],
  ["all above", { "k/kustomization.yaml": "resources: [../]", "k/a.yaml": POD }, []],
  [
    "what --exclude left out",
    { "k/kustomization.yaml": "resources: [b, c.yaml]" },
    ["k/b/", "k/c.yaml"],
  ],
] satisfies readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[])(
  "asks nothing of %s",
  (_, files, excluded) => {
    expect(unread(files, excluded)).toEqual({ missing: [], note: undefined });
  },
);

it.each([
  "https://example.com/a.yaml",
  "github.com/o/r//k?ref=v1",
  "git@example.com:o/r",
  "s.yaml",
])("assumes that %s opens none", (name) => {
  expect(unread({ "kustomization.yaml": `resources: ["${name}"]` })).toEqual({
    missing: [],
    note: `Assuming that ${name} opens no connections: kustomizations name it, and it is not among the files`,
  });
});
