import { allowedBy } from "./allowed.ts";
import { formatPath, isWithin, type FieldPath } from "../api/fieldPath.ts";
import {
  fieldSchemaOf,
  schemaAt,
  SCHEMAS,
  type FieldSchema,
  type Kind,
} from "../api/fieldSchema.ts";
import { found } from "./found.ts";
import { didYouMean } from "../text/didYouMean.ts";
import { brokenBy, rulesWithin, type PlacedRule } from "../api/rules.ts";
import { poisonFields, unlessPoisoned } from "./poisonedFields.ts";

/** A field of one object that is not as its schema or a rule wants it. */
export interface FieldProblem {
  readonly path: FieldPath;
  /** What to point at: the field's name, or its value. */
  readonly at: "name" | "value";
  readonly found?: string;
  readonly allowed: string;
}

/** What zod made of an object that may be wrong, and where it is. */
export interface CheckedObject {
  /** With defaults; not to be read at or below the `unsound` paths. */
  readonly value: unknown;
  readonly unsound: readonly FieldPath[];
  readonly problems: readonly FieldProblem[];
}

const RULES: Readonly<Record<Kind, readonly PlacedRule[]>> = {
  ConnectionBudget: rulesWithin(SCHEMAS.ConnectionBudget),
  McpServer: rulesWithin(SCHEMAS.McpServer),
};

/**
 * Finds all problems of an object: of types, of names, and of the rules whose fields are well.
 * Of fields in `doubtful`, which somebody complained of already, nothing is said.
 */
export function checkObject(
  kind: Kind,
  value: unknown,
  doubtful: readonly FieldPath[],
): CheckedObject {
  const schema = SCHEMAS[kind];
  const fields = fieldSchemaOf(kind);
  const { _zod: zod } = schema;
  const result = zod.run({ value, issues: [] }, { async: false });
  if (result instanceof Promise) throw new TypeError("a schema must not be asynchronous");
  const problems: FieldProblem[] = [];
  const unsound: FieldPath[] = [...doubtful];
  const isKnown = (path: FieldPath) => unsound.some((known) => isWithin(path, known));
  for (const issue of result.issues) {
    const path = (issue.path ?? []).map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "custom") continue;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        if (!isKnown([...path, key])) problems.push(unknownField(fields, path, key));
      }
      continue;
    }
    if (isKnown(path)) continue;
    unsound.push(path);
    problems.push(wrongValue(fields, path, valueAt(value, path)));
  }
  for (const { at, rule } of RULES[kind]) {
    const broken = unlessPoisoned(() => {
      const object = valueAt(poisonFields(result.value, unsound), at);
      return object === undefined ? [] : brokenBy(rule, object);
    });
    for (const below of broken ?? []) {
      const path = [...at, ...below];
      const culprit = found(valueAt(value, path) ?? valueAt(result.value, path), path);
      problems.push({ path, at: "value", found: culprit, allowed: rule.message });
    }
  }
  return { value: result.value, unsound, problems };
}

function wrongValue(fields: FieldSchema, path: FieldPath, value: unknown): FieldProblem {
  const schema = schemaAt(fields, path);
  const allowed = schema === undefined ? "is not allowed" : allowedBy(schema);
  const hint = schema !== undefined && lacksQuotes(schema, value) ? ": write it in quotes" : "";
  return { path, at: "value", found: found(value, path), allowed: `${allowed}${hint}` };
}

/** Text was wanted, and in quotes the value would be. */
function lacksQuotes({ type, pattern = "" }: FieldSchema, value: unknown): boolean {
  const isScalar = typeof value === "number" || typeof value === "boolean";
  return type === "string" && isScalar && new RegExp(pattern).test(String(value));
}

function unknownField(fields: FieldSchema, path: FieldPath, key: string): FieldProblem {
  const names = Object.keys(schemaAt(fields, path)?.properties ?? {});
  const meant = didYouMean(key, names);
  const elsewhere = meant ?? fieldElsewhere(fields, key, []);
  const allowed =
    elsewhere === undefined ? `known here are ${names.join(", ")}` : `did you mean ${elsewhere}?`;
  return { path: [...path, key], at: "name", found: "unknown field", allowed };
}

/** The path of a field of that name anywhere in the schema: for one that is indented wrongly. */
function fieldElsewhere(schema: FieldSchema, key: string, path: FieldPath): string | undefined {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (name === "status" && path.length === 0) continue;
    const below = [...path, name];
    const there = name === key ? formatPath(below) : fieldElsewhere(field, key, below);
    if (there !== undefined) return there;
  }
  return undefined;
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let content: unknown = value;
  for (const segment of path) {
    if (typeof content !== "object" || content === null) return undefined;
    content = Reflect.get(content, segment);
  }
  return content;
}
