import { formatPath, type FieldPath } from "../api/fieldPath.ts";
import type { FieldSchema } from "../api/fieldSchema.ts";
import { orList } from "../text/wording.ts";

/** The text of a problem: the field, the value that was found, and the allowed values. */
interface ProblemText {
  /** KIND/NAME; absent where the file can't be read that far. */
  readonly object?: string | undefined;
  /** `spec.pool.max`; absent when it concerns the whole object or file. */
  readonly field?: string | undefined;
  /** `found "abc"`, `unknown field`, `missing`; absent where `allowed` alone says all. */
  readonly found?: string | undefined;
  /** The allowed values, or advice: `must be …`, `did you mean …?`. */
  readonly allowed: string;
}

/** Something in a fleet that is not allowed, and where it is. */
export interface Problem extends ProblemText {
  /** The source's name, as it was given. */
  readonly file: string;
  /** Counted from 1; absent, with the column, where objects were given as data and not as text. */
  readonly line?: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column?: number;
}

/** A problem of a field: the value that was found, and the allowed values. */
export interface FieldProblem extends Pick<ProblemText, "found" | "allowed"> {
  readonly path: FieldPath;
  /** What to point at; the value if absent. */
  readonly at?: "name" | "value";
}

/** A problem of a text's YAML, before any field is checked. */
export interface YamlProblem extends Pick<ProblemText, "found" | "allowed"> {
  /** From the beginning of the text. */
  readonly offset: number;
  /** The value that is concerned; absent when the text is not YAML. */
  readonly path?: FieldPath;
}

/** @param object KIND/NAME, where it can be read */
export function problemText(
  object: string | undefined,
  { path = [], found: what, allowed }: Partial<FieldProblem> & Pick<FieldProblem, "allowed">,
): ProblemText {
  const field = path.length === 0 ? undefined : formatPath(path);
  return { object, field, found: what, allowed };
}

/** One line for people: `fleet.yaml:12:9: McpServer/author: spec.port: found 0; must be …`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, object, field, allowed } = problem;
  const position = line === undefined ? file : `${file}:${line}:${column}`;
  const place = [position, object, field].filter((part) => part !== undefined);
  const what = problem.found === undefined ? "" : `${problem.found}; `;
  return `${place.join(": ")}: ${what}${allowed}`;
}

/** Orders problems of one file as they are met when reading it. */
export function byPosition(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Longer texts are cut: a message is for a line or two. */
const SHOWN_LENGTH_MAX = 60;

/** Fields whose values may be secrets: a message says only what kind of value they are. */
const SECRET_FIELDS = ["value", "command", "args", "annotations", "data", "stringData"];
const SECRET_NAME = /pass|secret|token|credential|auth|private|api-?_?key/i;
/** A password within a URL or a connection string. */
const SECRET_TEXT = /:\/\/[^/@\s]*:[^/@\s]*@|pass(?:word)?\s*[=:]/i;

/** The value of a field in words: `found "abc"`, `found 7`, `found a list`, `missing`. */
export function found(value: unknown, path: FieldPath): string {
  if (value === undefined) return "missing";
  if (value === null) return "found nothing";
  if (Array.isArray(value)) return value.length === 0 ? "found an empty list" : "found a list";
  if (typeof value === "object") return "found a mapping";
  if (typeof value === "string") {
    return mayBeSecret(path, value) ? "found a text" : `found ${quote(value)}`;
  }
  return mayBeSecret(path, "") ? `found a ${typeof value}` : `found ${JSON.stringify(value)}`;
}

/** The same of a text that stands without quotes, and may be meant as something else. */
export function foundUnquoted(text: string, path: FieldPath): string {
  return mayBeSecret(path, text) ? "found an unquoted value" : `found ${shorten(text)}`;
}

/** A text in double quotes, on one line and not too long. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}

function mayBeSecret(path: FieldPath, text: string): boolean {
  return (
    SECRET_TEXT.test(text) ||
    path.some((segment) => typeof segment === "string" && SECRET_FIELDS.includes(segment)) ||
    path.slice(-1).some((segment) => typeof segment === "string" && SECRET_NAME.test(segment))
  );
}

/** The allowed values, as a sentence without subject: `must be a whole number from 1 to 9`. */
export function allowedBy(schema: FieldSchema): string {
  return `must be ${kindsOf(schema)}`;
}

function kindsOf(schema: FieldSchema): string {
  if (schema.anyOf !== undefined) return orList(schema.anyOf.map(kindsOf));
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return orList(schema.enum.map(String));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return orList(types.map((type) => kindOf(type, schema)));
}

function kindOf(type: string, schema: FieldSchema): string {
  switch (type) {
    case "integer":
      return `a whole number${between(schema.minimum, schema.maximum)}`;
    case "number":
      return `a number${between(schema.minimum, schema.maximum)}`;
    case "boolean":
      return "true or false";
    case "string":
      return textKind(schema);
    case "array":
      return `a list${sized(schema.minItems, schema.maxItems, "entries")}`;
    case "object":
      return mappingKind(schema);
    default:
      return type;
  }
}

function textKind({ minLength, maxLength, allowed }: FieldSchema): string {
  const size = sized(minLength, maxLength, "characters");
  return allowed === undefined ? `text${size}` : `${allowed}${size === "" ? "" : `,${size}`}`;
}

function mappingKind({ properties, required = [], maxProperties }: FieldSchema): string {
  if (properties === undefined) return `a mapping${sized(0, maxProperties, "fields")}`;
  const names = required.length > 0 ? required : Object.keys(properties);
  return `a mapping with ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}

/** Bounds that only say "a safe integer" are none. */
function between(least = -Infinity, most = Infinity): string {
  const lowest = least <= Number.MIN_SAFE_INTEGER ? undefined : least;
  const highest = most >= Number.MAX_SAFE_INTEGER ? undefined : most;
  if (lowest !== undefined && highest !== undefined) return ` from ${lowest} to ${highest}`;
  if (lowest !== undefined) return ` of at least ${lowest}`;
  return highest === undefined ? "" : ` of at most ${highest}`;
}

function sized(least = 0, most = Infinity, unit: string): string {
  if (least > 0 && most < Infinity) return ` of ${least} to ${most} ${unit}`;
  if (least > 0) return ` of at least ${least} ${unit}`;
  return most < Infinity ? ` of at most ${most} ${unit}` : "";
}
