import { isMapping } from "../json/fields.ts";

/**
 * Writes plain data as YAML. A writer of our own: cdk8s' writer takes more than half of a synth.
 * What it writes, every reader of YAML 1.1 or 1.2 reads the same.
 */

type Mapping = Readonly<Record<string, unknown>>;

/**
 * A YAML stream of the documents, each after a line `---`, in their order. The keys keep theirs;
 * none may be longer than 1,000 characters, which YAML readers refuse.
 *
 * @throws TypeError when something is not a value of JSON
 */
export function yamlStream(documents: readonly Mapping[]): string {
  return documents.map((document) => `---\n${yamlDocument(document)}`).join("");
}

/** One object in block style; `undefined` among its values is left out. See yamlStream. */
export function yamlDocument(document: Mapping): string {
  return mapping(document, "") || "{}\n";
}

/** `indent` is that of the keys; the first one's is written by the caller. */
function mapping(object: Mapping, indent: string): string {
  let text = "";
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : indent}${scalar(key)}:${afterKey(value, indent)}`;
  }
  return text;
}

/** What follows a key, with the end of its last line. */
function afterKey(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (isList(value) && value.length > 0) return `\n${sequence(value, inner)}`;
  if (isMapping(value)) {
    const text = mapping(value, inner);
    return text === "" ? " {}\n" : `\n${inner}${text}`;
  }
  return ` ${leaf(value, indent)}\n`;
}

function sequence(items: readonly unknown[], indent: string): string {
  let text = "";
  for (const item of items) text += `${indent}-${afterDash(item, indent)}`;
  return text;
}

/** What follows a dash: as after a key, but a mapping begins on the dash's own line. */
function afterDash(item: unknown, indent: string): string {
  return isMapping(item) ? ` ${mapping(item, `${indent}  `) || "{}\n"}` : afterKey(item, indent);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A value without others in it. `indent` is that of the line it stands on. */
function leaf(value: unknown, indent: string): string {
  if (typeof value === "string") return block(value, indent) ?? scalar(value);
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value === null) return "null";
  if (isList(value)) return "[]";
  throw new TypeError(`${typeof value} is not a value of JSON`);
}

/**
 * Text that no reader takes for something else than text: it begins like a word or a path, has
 * nothing in it that YAML gives a meaning, and is none of the words of YAML 1.1. All numbers, dates
 * and base 60 (`1:30`) begin otherwise.
 */
const PLAIN = /^[A-Za-z/_][-\w./]*(?::[-\w./]+)*$/;
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** What stands in a double-quoted text only as an escape; JSON's own escapes are YAML's too. */
// oxlint-disable-next-line no-control-regex -- these are the characters it is about
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function scalar(text: string): string {
  if (PLAIN.test(text) && !WORDS.test(text)) return text;
  return JSON.stringify(text).replaceAll(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Lines that may stand as they are: no control character but the tab, nothing that some reader
 * takes for a line break or a byte order mark, no half of a surrogate pair.
 */
const LITERAL =
  // oxlint-disable-next-line no-control-regex -- these are the characters it is about
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\p{Surrogate}]*$/u;

/** Text of several lines as a literal block; undefined where quotes are needed. */
function block(text: string, indent: string): string | undefined {
  if (!text.includes("\n")) return undefined;
  // A reader finds the block's indentation in its first line, and drops further line ends.
  if (/^\s/.test(text) || text.endsWith("\n\n") || !LITERAL.test(text)) return undefined;
  const ended = text.endsWith("\n");
  const lines = (ended ? text.slice(0, -1) : text).replaceAll(/\n(?!\n)/g, `\n${indent}  `);
  return `${ended ? "|" : "|-"}\n${indent}  ${lines}`;
}

/** YAML 1.1 takes a number with an exponent for text, unless it has a point and a sign. */
function number(value: number): string {
  const text = JSON.stringify(value);
  const [mantissa = "", exponent] = text.split("e");
  if (exponent === undefined) return text;
  return `${mantissa}${mantissa.includes(".") ? "" : ".0"}e${exponent}`;
}
