import { describe, expect, it } from "vitest";
import { crds } from "./crd.ts";
import { isMapping } from "../json/fields.ts";

/** Every schema within the CRDs, with the path that leads to it. */
function schemas(): { path: string; schema: Readonly<Record<string, unknown>> }[] {
  const below = (
    value: unknown,
    path: string,
  ): { path: string; schema: Readonly<Record<string, unknown>> }[] => {
    if (!isMapping(value)) return [];
    const { properties, items, additionalProperties } = value;
    const fields = isMapping(properties) ? Object.entries(properties) : [];
    return [
      { path, schema: value },
      ...fields.flatMap(([name, field]) => below(field, `${path}.${name}`)),
      ...below(items, `${path}[]`),
      ...below(additionalProperties, `${path}{}`),
    ];
  };
  return crds().flatMap((crd) =>
    below(
      at(crd, "spec.versions.0.schema.openAPIV3Schema"),
      `${String(at(crd, "spec.names.kind"))}:`,
    ),
  );
}

function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (content, key) =>
        typeof content === "object" && content !== null ? Reflect.get(content, key) : undefined,
      value,
    );
}

const KEYWORDS = new Set([
  "description",
  "type",
  "format",
  "default",
  "nullable",
  "enum",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "maxProperties",
  "anyOf",
  "required",
  "items",
  "additionalProperties",
  "properties",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
]);

describe("crds", () => {
  it("name the kinds, with their short names and categories", () => {
    expect(
      crds().map((crd) => [
        at(crd, "metadata.name"),
        at(crd, "spec.names.shortNames"),
        at(crd, "spec.names.categories"),
      ]),
    ).toEqual([
      ["connectionbudgets.weir.dev", ["cb"], ["weir"]],
      ["mcpservers.weir.dev", ["mcps"], ["weir"]],
    ]);
    expect(at(crds()[1], "spec.versions.0.additionalPrinterColumns.4.name")).toBe("Admitted");
    expect(at(crds()[1], "spec.versions.0.subresources.scale")).toEqual({
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    });
  });

  it("have no word that is not of a structural schema", () => {
    for (const { path, schema } of schemas()) {
      expect({ path, words: Object.keys(schema).filter((word) => !KEYWORDS.has(word)) }).toEqual({
        path,
        words: [],
      });
      expect([path, typeof schema["additionalProperties"]]).not.toEqual([path, "boolean"]);
      expect(Math.abs(Number(schema["maximum"] ?? 0))).toBeLessThan(Number.MAX_SAFE_INTEGER);
    }
  });

  it("give each schema a type, but that of a number or text", () => {
    for (const { path, schema } of schemas()) {
      const isUnion = schema["x-kubernetes-int-or-string"] === true;
      expect([path, typeof schema["type"]]).toEqual([path, isUnion ? "undefined" : "string"]);
    }
  });

  it("describe every field that users write", () => {
    const silent = schemas().filter(
      ({ path, schema }) =>
        path.includes(":.spec.") && /\.\w+$/.test(path) && schema["description"] === undefined,
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it("fill in defaults below a default, since rules are asked of it as it stands", () => {
    const pool = schemas().find(({ path }) => path === "McpServer:.spec.pool");
    expect(pool?.schema["default"]).toEqual({
      guaranteed: 1,
      max: 5,
      minIdle: 0,
      idleTimeoutMs: 10_000,
      connectionTimeoutMs: 2_000,
      processesPerPod: 1,
      resize: "Static",
      env: {
        max: "DB_POOL_MAX_PER_SERVER",
        minIdle: "DB_POOL_MIN",
        idleTimeoutMs: "DB_POOL_IDLE_TIMEOUT",
        connectionTimeoutMs: "DB_POOL_CONNECTION_TIMEOUT",
      },
    });
  });
});
