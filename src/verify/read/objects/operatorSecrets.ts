import { valueAt } from "../../../json/fields.ts";
import type { FieldPath } from "../../../api/fieldPath.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "./field.ts";
import { kindOf } from "./kinds.ts";

type SecretRow = Knowledge["secrets"][number];

/**
 * The Secrets that operators make from these objects and that are not among them, as far as the table
 * of secrets says what they hold. Their places are those of the operator's object.
 */
export function operatorSecrets(
  objects: readonly ManifestObject[],
  rows: readonly SecretRow[],
): readonly ManifestObject[] {
  const byKind = Map.groupBy(rows, ({ kind }) => kind);
  const given = new Set(
    objects.filter((object) => kindOf(object) === "/Secret").map((one) => nameOf(one)),
  );
  const made = new Map<string, ManifestObject>();
  for (const object of objects) {
    for (const secret of (byKind.get(kindOf(object)) ?? []).flatMap((row) =>
      secretsOf(object, row),
    )) {
      const key = nameOf(secret);
      if (given.has(key)) continue;
      const before = made.get(key);
      const data = { ...stringData(before), ...stringData(secret) };
      made.set(key, { ...secret, value: { stringData: data } });
    }
  }
  return [...made.values()];
}

function nameOf({ namespace, name }: ManifestObject): string {
  return `${namespace}/${name}`;
}

function stringData(secret: ManifestObject | undefined): Readonly<Record<string, unknown>> {
  return secret === undefined
    ? {}
    : Object.fromEntries(
        Field.of(secret)
          .entries("stringData")
          .map(([key, field]) => [key, field.value]),
      );
}

function secretsOf(object: ManifestObject, row: SecretRow): readonly ManifestObject[] {
  const isSet = (path: string): boolean => {
    const value = valueAt(object.value, pathOf(path));
    return value !== undefined && value !== null && value !== false;
  };
  const { when = [], unless = [], each } = row;
  if (!when.every(isSet) || unless.some(isSet)) return [];
  if (each === undefined) return secretOf(object, row, new Map(), undefined);
  const entries = Field.of(object).at(...pathOf(each));
  const items = entries.items().map((item) => secretOf(object, row, new Map(), item));
  const keyed = entries
    .entries()
    .map(([key, item]) => secretOf(object, row, new Map([["key", key]]), item));
  return [...items, ...keyed].flat();
}

function secretOf(
  object: ManifestObject,
  row: SecretRow,
  entry: ReadonlyMap<string, string>,
  item: Field | undefined,
): readonly ManifestObject[] {
  const { name, namespace } = object;
  const known = new Map([["name", name], ["namespace", namespace], ...entry]);
  for (const [key, { fields = [], default: byDefault }] of Object.entries(row.values ?? {})) {
    const written = fields.map((path) => textAt(object, item, path));
    const value = written.find((text) => text !== undefined) ?? filled(byDefault, known);
    if (value !== undefined) known.set(key, value);
  }
  const dashed = new Map([...known].map(([key, value]) => [key, value.replaceAll("_", "-")]));
  const secret = filled(row.secret, dashed);
  if (secret === undefined) return [];
  const data = Object.entries(row.keys).flatMap(([key, template]) => {
    const value = filled(template, known);
    return value === undefined ? [] : [[key, value] as const];
  });
  return [
    {
      ...object,
      kind: "Secret",
      apiVersion: "v1",
      name: secret,
      value: { stringData: Object.fromEntries(data) },
      positionOf: () => object.positionOf(["metadata", "name"]),
    },
  ];
}

/** A field of the object, or of the entry where a dot stands in front. */
function textAt(object: ManifestObject, item: Field | undefined, path: string): string | undefined {
  const field = path.startsWith(".")
    ? item?.at(...pathOf(path.slice(1)))
    : Field.of(object).at(...pathOf(path));
  const text = field?.scalar();
  return text === "" ? undefined : text;
}

function pathOf(path: string): FieldPath {
  return path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** The template with all its values; undefined where one is not known. */
function filled(
  template: string | undefined,
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (template === undefined) return undefined;
  const names = [...template.matchAll(/\{([\w-]+)\}/g)].map(([, name = ""]) => name);
  if (names.some((name) => !values.has(name))) return undefined;
  return template.replaceAll(/\{([\w-]+)\}/g, (_, name: string) => values.get(name) ?? "");
}
