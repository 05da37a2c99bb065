import { Template } from "../template.ts";
import { interpolated, unsetVariable, type Variables } from "./variables.ts";

/**
 * A comment, or a variable: what it is called, and its value between single quotes, between double
 * ones, or to the end of the line. One without a value has that of the project.
 */
const STATEMENT =
  /\s*(?:#[^\n]*|(?:export[^\S\n]+)?([\p{L}\p{N}_.\-[\]]+)[^\S\n]*(?:[=:][^\S\n]*(?:'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)"|([^'"\n][^\n]*|(?=\n|$)))|(?=\n|$)))/uy;

const LINE = /\s*[^\n]*(?:\n|$)/y;

const ESCAPE = /\\(?:[abfnrtv$"\\]|0[0-7]{3})/g;
const ESCAPED: Readonly<Record<string, string>> = {
  a: "\u{7}",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  // Of which `interpolated` makes one.
  $: "$$",
};

/**
 * The variables of an env file as docker compose reads it:
 * https://github.com/compose-spec/compose-go/blob/main/dotenv/parser.go. In a value the variables
 * outside are put in, then those before it, of this file and the ones before.
 *
 * @param before the variables of the files before it
 */
export function envVariables(
  text: string,
  outer: Variables,
  before: ReadonlyMap<string, Template> = new Map(),
): ReadonlyMap<string, Template> {
  const variables = new Map<string, Template>();
  const valueOf = (name: string): Template | undefined =>
    outer(name) ?? variables.get(name) ?? before.get(name);
  const source = text.replaceAll("\r\n", "\n");
  for (let at = 0; at < source.length;) {
    STATEMENT.lastIndex = at;
    const match = STATEMENT.exec(source);
    if (match === null) {
      // Docker compose refuses a file with such a line.
      LINE.lastIndex = at;
      LINE.exec(source);
      at = LINE.lastIndex;
      continue;
    }
    at = STATEMENT.lastIndex;
    const [, name, single, double, plain] = match;
    if (name === undefined) continue;
    variables.set(name, valueIn({ single, double, plain }, name, valueOf));
  }
  return variables;
}

interface WrittenValue {
  readonly single: string | undefined;
  readonly double: string | undefined;
  readonly plain: string | undefined;
}

function valueIn({ single, double, plain }: WrittenValue, name: string, valueOf: Variables) {
  if (single !== undefined) return Template.of(withoutEscaped(single, "'"));
  if (double !== undefined) {
    const text = withoutEscaped(double, '"').replaceAll(ESCAPE, (whole) => escaped(whole.slice(1)));
    return interpolated(text, valueOf);
  }
  if (plain === undefined) return valueOf(name) ?? unsetVariable(name);
  return interpolated(plain.replace(/ #.*$/, "").trimEnd(), valueOf);
}

/** The text, each quote in it without its backslash. */
function withoutEscaped(text: string, quote: string): string {
  return text.replaceAll(/\\([^])/g, (whole, char: string) => (char === quote ? quote : whole));
}

function escaped(code: string): string {
  return code.startsWith("0")
    ? String.fromCodePoint(Number.parseInt(code.slice(1), 8))
    : (ESCAPED[code] ?? code);
}
