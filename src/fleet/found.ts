import type { FieldPath } from "../api/fieldPath.ts";

/** Longer texts are cut: a message is for a line or two. */
const SHOWN_LENGTH_MAX = 60;

/** Fields whose values may be secrets: only what kind of value they are is told. */
const SECRET_FIELDS = ["value", "command", "args", "annotations", "data", "stringData"];
const SECRET_NAME = /pass|secret|token|credential|auth|private|api-?_?key/i;
/** A password within a URL or a connection string. */
const SECRET_TEXT = /:\/\/[^/@\s]*:[^/@\s]*@|pass(?:word)?\s*[=:]/i;

/** What was found in a field: `found "abc"`, `found 7`, `found a list`, `missing`. */
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
