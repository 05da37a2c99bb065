import { expect, it } from "vitest";
import { parse } from "yaml";
import type { Fields } from "../../../json/fields.ts";
import { patched } from "./objectPatches.ts";

const WEB = {
  metadata: { name: "web", labels: { app: "web" } },
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          { name: "web", image: "web", env: [{ name: "A", value: "1" }], args: ["-v", "-x"] },
          { name: "log", image: "log" },
        ],
      },
    },
  },
};

/** A Deployment, or an object of another API, as a patch in YAML leaves it. */
function after(change: string, apiVersion = "apps/v1"): unknown {
  const object = {
    file: "a.yaml",
    kind: "Deployment",
    apiVersion,
    name: "web",
    namespace: "default",
    value: WEB satisfies Fields,
    positionOf: () => ({ line: 1, column: 1 }),
  };
  return patched(object, parse(change));
}

const [WEB_CONTAINER, LOG] = WEB.spec.template.spec.containers;

function withContainers(...containers: readonly unknown[]): unknown {
  return { ...WEB, spec: { ...WEB.spec, template: { spec: { containers } } } };
}

it.each([
  [
    "a number is set, and the patch's own name sets none",
    "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: x }, spec: { replicas: 9 } }",
    { ...WEB, spec: { ...WEB.spec, replicas: 9 } },
  ],
  [
    "containers and variables are found by their names",
    "spec: { template: { spec: { containers: [{ name: web, env: [{ name: B, value: '2' }, { name: A, value: '3' }] }] } } }",
    withContainers(
      {
        ...WEB_CONTAINER,
        env: [
          { name: "A", value: "3" },
          { name: "B", value: "2" },
        ],
      },
      LOG,
    ),
  ],
  [
    "a container is taken out, another is new",
    "spec: { template: { spec: { containers: [{ name: log, $patch: delete }, { name: new }] } } }",
    withContainers(WEB_CONTAINER, { name: "new" }),
  ],
  [
    "texts of a list are replaced, null takes a field out",
    "spec: { replicas: null, template: { spec: { containers: [{ name: web, args: [-q] }] } } }",
    {
      ...WEB,
      spec: {
        template: { spec: { containers: [{ ...WEB_CONTAINER, args: ["-q"] }, LOG] } },
      },
    },
  ],
  ["an object is taken out", "{ $patch: delete, metadata: { name: web } }", "deleted"],
  ["a directive that is not followed", "spec: { $retainKeys: [replicas] }", undefined],
])("a strategic merge: %s", (_, change, result) => {
  expect(after(change)).toEqual(result);
});

it("replaces lists in objects of other APIs, where no field tells their items apart", () => {
  const change = "spec: { template: { spec: { containers: [{ name: new }] } } }";
  expect(after(change, "shop.example.com/v1")).toEqual(withContainers({ name: "new" }));
});

it.each([
  [
    "a field is added, another is replaced",
    "[{ op: add, path: /spec/paused, value: true }, { op: replace, path: /spec/replicas, value: 9 }]",
    { ...WEB, spec: { ...WEB.spec, paused: true, replicas: 9 } },
  ],
  [
    "an item is added to a list's end, another is taken out",
    "[{ op: add, path: /spec/template/spec/containers/-, value: { name: new } }, { op: remove, path: /spec/template/spec/containers/1 }]",
    withContainers(WEB_CONTAINER, { name: "new" }),
  ],
  [
    "a name with a slash is read, a field is moved",
    "[{ op: add, path: /metadata/labels/a.b~1c, value: x }, { op: move, from: /metadata/labels/app, path: /metadata/labels/was }]",
    { ...WEB, metadata: { name: "web", labels: { "a.b/c": "x", was: "web" } } },
  ],
  [
    "a test that holds",
    "[{ op: test, path: /spec/replicas, value: 1 }, { op: remove, path: /spec/replicas }]",
    { ...WEB, spec: { template: WEB.spec.template } },
  ],
  ["a test that doesn't hold", "[{ op: test, path: /spec/replicas, value: 2 }]", undefined],
  ["there is no such field", "[{ op: replace, path: /spec/other, value: 2 }]", undefined],
  ["there is no such list", "[{ op: add, path: /spec/other/-, value: 2 }]", undefined],
])("operations: %s", (_, change, result) => {
  expect(after(change)).toEqual(result);
});
