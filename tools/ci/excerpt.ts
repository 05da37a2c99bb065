import { inspect, stripVTControlCharacters } from "node:util";

/** As many lines as tell what it is about; the whole of it stands further up in the log. */
const MOST_LINES = 5;
const LONGEST_LINE = 200;

/**
 * The first lines of an error's message, and the first one of what caused it: what a poll waited
 * for in vain stands only there. No stack. It takes anything, since anything can be thrown, and
 * vitest hands on some errors as they are and others as plain objects.
 */
export function excerptOf(error: unknown): string {
  const [first = "it does not say what went wrong", ...more] = linesOf(error);
  const shown = [first, ...more.slice(0, MOST_LINES - 1)];
  if (more.length > MOST_LINES - 1) shown.push("…");
  const [cause] = linesOf(isObject(error) ? error.cause : undefined);
  // Where vitest has printed it, it has put these words before the cause's name.
  if (cause !== undefined) shown.push(`caused by: ${cause.replace(/^Caused by: /, "")}`);
  return shown.join("\n");
}

function linesOf(error: unknown): string[] {
  return stripVTControlCharacters(messageOf(error))
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
}

function messageOf(error: unknown): string {
  if (error === undefined || error === null) return "";
  if (!isObject(error)) return textOf(error);
  const { name, message = "" } = error;
  return typeof name === "string" && name !== "" ? `${name}: ${textOf(message)}` : textOf(message);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
