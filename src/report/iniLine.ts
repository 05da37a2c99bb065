import type { SourcePosition } from "../verify/sourcePosition.ts";

const HEADER = /^\s*\[([^\]]*)\]/;
const ENTRY = /^\s*"?([^"=;#]+?)"?\s*=/;

/**
 * The line (from 0) of an ini in a field that a place names: `max_client_conn`, or `[databases]
 * author pool_size`. The last one where there are several, as in PgBouncer; absent where the field
 * is no text or has no such line.
 */
export function iniLine({ object, path, key }: SourcePosition): number | undefined {
  if (key === undefined) return undefined;
  let value: unknown = object.value;
  for (const segment of path) value = isObject(value) ? value[segment] : undefined;
  if (typeof value !== "string") return undefined;
  const [, section = "pgbouncer", entry = key] = /^\[([^\]]*)\] (.*)$/s.exec(key) ?? [];
  // A file that another one includes may begin in the midst of a section.
  let within = section;
  let found: number | undefined;
  for (const [index, line] of value.split("\n").entries()) {
    within = HEADER.exec(line)?.[1] ?? within;
    const name = ENTRY.exec(line)?.[1];
    const isIt = name !== undefined && (entry === name || entry.startsWith(`${name} `));
    if (isIt && within === section) found = index;
  }
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === "object" && value !== null;
}
