import { formatPath, isWithin, type FieldPath } from "../api/fieldPath.ts";
import {
  fieldSchemaOf,
  isKind,
  KINDS,
  schemaAt,
  SCHEMAS,
  type FieldSchema,
  type Kind,
} from "../api/fieldSchema.ts";
import { API_VERSION } from "../api/names.ts";
import { brokenBy, rulesWithin, type PlacedRule } from "../api/rules.ts";
import { fieldOf, isMapping, textAt, valueAt } from "../json/fields.ts";
import { didYouMean } from "../text/didYouMean.ts";
import { orList } from "../text/wording.ts";
import { guardWrongFields, unlessWrong, type Draft } from "./draft.ts";
import { allowedBy, found, type FieldProblem, type Problem, type YamlProblem } from "./problem.ts";

/** An object of a fleet as it was given: a document of a text, or data. */
export interface GivenObject {
  /** Its value, and what is wrong with its YAML; data has nothing wrong there. */
  readonly located: {
    readonly root: { readonly value: unknown };
    readonly problems: readonly YamlProblem[];
  };
  /** A problem of it, with its place. */
  problem(object: string | undefined, problem: YamlProblem | FieldProblem): Problem;
  /** How a message about another object refers to it. */
  readonly reference: string;
}

/**
 * Reads a document for its problems: of YAML, of the kind, of the object. There is no draft where
 * kind, namespace or name can't be read; then the object may be a budget whose name is not known.
 */
export function checkDocument(document: GivenObject) {
  const { root, problems: yamlProblems } = document.located;
  const { value } = root;
  const object = objectName(value);
  const placed = (problem: YamlProblem | FieldProblem) => document.problem(object, problem);
  const { kind, metadata } = fieldOf(value);
  const { namespace, name } = fieldOf(metadata);
  const isBroken = yamlProblems.some(({ path }) => path === undefined);
  if (!isKind(kind) && !isBroken) {
    const mayBeBudget = typeof kind !== "string" || didYouMean(kind, KINDS) !== undefined;
    return { problems: [placed(unknownKind(value))], mayBeBudget };
  }
  if (!isKind(kind)) return { problems: yamlProblems.map(placed), mayBeBudget: true };
  const doubtful = yamlProblems.flatMap(({ path }) => (path === undefined ? [] : [path]));
  // Of a document that is not YAML, only the name is used.
  const checked = isBroken
    ? { value: {}, wrong: [[]], problems: [] }
    : checkObject(kind, value, doubtful);
  const problems = [...yamlProblems, ...checked.problems].map(placed);
  if (typeof namespace !== "string" || typeof name !== "string") {
    return { problems, mayBeBudget: true };
  }
  const content = guardWrongFields(checked.value, checked.wrong);
  const draft: Draft<unknown> = { kind, namespace, name, object: content };
  return { draft, problems, mayBeBudget: false };
}

const NAME = /^[-\w.]{1,253}$/;

/** KIND/NAME of what may be an object, as far as both are there and look like names. */
function objectName(value: unknown): string | undefined {
  const kind = textAt(value, "kind");
  const name = textAt(value, "metadata", "name");
  if (kind === undefined || !NAME.test(kind)) return undefined;
  return name !== undefined && NAME.test(name) ? `${kind}/${name}` : kind;
}

function unknownKind(value: unknown): FieldProblem {
  if (!isMapping(value)) {
    const allowed = `must be a mapping with apiVersion: ${API_VERSION} and kind: ${orList(KINDS)}`;
    return { path: [], found: found(value, []), allowed };
  }
  const path = ["kind"];
  const { kind } = value;
  const meant = typeof kind === "string" ? didYouMean(kind, KINDS) : undefined;
  const hint =
    kind === "List"
      ? ": write each of its items as a document of its own, after a line with ---"
      : meant === undefined
        ? ` (apiVersion: ${API_VERSION}); weir verify reads other kinds`
        : `; did you mean ${meant}?`;
  return { path, found: found(kind, path), allowed: `must be ${orList(KINDS)}${hint}` };
}

const RULES: Readonly<Record<Kind, readonly PlacedRule[]>> = {
  ConnectionBudget: rulesWithin(SCHEMAS.ConnectionBudget),
  McpServer: rulesWithin(SCHEMAS.McpServer),
};

/**
 * Finds all problems of an object: of types, of names, and of the rules whose fields are well.
 * Fields in `doubtful` have a problem already, and get no second one. The value that zod made of it,
 * with defaults, is not to be read at or below the `wrong` paths.
 */
export function checkObject(kind: Kind, value: unknown, doubtful: readonly FieldPath[]) {
  const schema = SCHEMAS[kind];
  const fields = fieldSchemaOf(kind);
  const { _zod: zod } = schema;
  const result = zod.run({ value, issues: [] }, { async: false });
  if (result instanceof Promise) throw new TypeError("a schema must not be asynchronous");
  const problems: FieldProblem[] = [];
  const wrong: FieldPath[] = [...doubtful];
  const unknown = result.issues.filter((issue) => issue.code === "unrecognized_keys");
  const misspelt = misspeltFields(fields, value, unknown);
  const isKnown = (path: FieldPath) => wrong.some((known) => isWithin(path, known));
  for (const issue of result.issues) {
    const path = pathOf(issue);
    if (issue.code === "custom") continue;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        if (!isKnown([...path, key])) problems.push(unknownField(fields, path, key));
      }
      continue;
    }
    if (isKnown(path)) continue;
    wrong.push(path);
    // It stands there under another name, which is a problem already.
    if (misspelt.has(formatPath(path))) continue;
    problems.push(wrongValue(fields, path, valueAt(value, path)));
  }
  for (const { at, rule } of RULES[kind]) {
    const broken = unlessWrong(() => {
      const object = valueAt(guardWrongFields(result.value, wrong), at);
      return object === undefined ? [] : brokenBy(rule, object);
    });
    for (const below of broken ?? []) {
      const path = [...at, ...below];
      const what = found(valueAt(value, path) ?? valueAt(result.value, path), path);
      problems.push({ path, found: what, allowed: rule.message });
    }
  }
  return { value: result.value, wrong, problems };
}

/** What zod says of a value. */
interface Issue {
  readonly path?: readonly PropertyKey[] | undefined;
}

function pathOf({ path = [] }: Issue): FieldPath {
  return path.map((key) => (typeof key === "symbol" ? String(key) : key));
}

/** The paths of absent fields whose misspelt names are there: `maxClientConn` for `maxClientCon`. */
function misspeltFields(
  fields: FieldSchema,
  value: unknown,
  unknown: readonly (Issue & { readonly keys: readonly string[] })[],
): ReadonlySet<string> {
  const paths = unknown.flatMap((issue) => {
    const path = pathOf(issue);
    return issue.keys.flatMap((key) => {
      const meant = didYouMean(key, Object.keys(schemaAt(fields, path)?.properties ?? {}));
      return meant === undefined ? [] : [[...path, meant]];
    });
  });
  return new Set(paths.filter((path) => valueAt(value, path) === undefined).map(formatPath));
}

function wrongValue(fields: FieldSchema, path: FieldPath, value: unknown): FieldProblem {
  const schema = schemaAt(fields, path);
  const allowed = schema === undefined ? "is not allowed" : allowedBy(schema);
  const hint = schema !== undefined && lacksQuotes(schema, value) ? ": write it in quotes" : "";
  return { path, found: found(value, path), allowed: `${allowed}${hint}` };
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

/** The path of a field of that name anywhere in the schema: for a field that is indented wrongly. */
function fieldElsewhere(schema: FieldSchema, key: string, path: FieldPath): string | undefined {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (name === "status" && path.length === 0) continue;
    const below = [...path, name];
    const there = name === key ? formatPath(below) : fieldElsewhere(field, key, below);
    if (there !== undefined) return there;
  }
  return undefined;
}
