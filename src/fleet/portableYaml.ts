import { isScalar, Scalar, type Pair } from "yaml";

/**
 * YAML that is right and that kubectl (go-yaml) still refuses or reads differently. Each function
 * returns what to write instead, or undefined where all agree.
 */

const NO_TABS = "must be indented by spaces instead of tabs";
const NO_LINE_END = "the file must end with a line break: a text on several lines ends it";

/** Of a scalar, quoted or not, in the text of its document; `inFlow`: within brackets. */
export function scalarAdvice(scalar: Scalar, text: string, inFlow: boolean): string | undefined {
  const source = sourceOf(scalar, text);
  const { type } = scalar;
  if (type === Scalar.BLOCK_FOLDED || type === Scalar.BLOCK_LITERAL) {
    if (/^[^\n]*\n(?: *\r?\n)* *\t/.test(source)) return NO_TABS;
    // The last line break of a file is part of the text for some, and not for others.
    return scalar.range?.[1] === text.length && !source.endsWith("\n") ? NO_LINE_END : undefined;
  }
  if (/\n *\t/.test(source)) return NO_TABS;
  if (type === Scalar.PLAIN && inFlow) return flowAdvice(source);
  return type === Scalar.QUOTE_DOUBLE ? escapeAdvice(source) : undefined;
}

function sourceOf(scalar: Scalar, text: string): string {
  const [start, end] = scalar.range ?? [0, 0];
  return text.slice(start, end);
}

function flowAdvice(source: string): string | undefined {
  if (source === "") return "must be given within brackets: null if it is nothing";
  const isOdd = source.includes("?") || source.startsWith(":");
  return isOdd
    ? "must be quoted: a question mark, or a colon before it, within brackets"
    : undefined;
}

function escapeAdvice(source: string): string | undefined {
  // An escaped backslash is none of these escapes.
  const escapes = source.replaceAll("\\\\", "");
  if (/\\u[dD][89a-fA-F]/.test(escapes)) {
    return "must have the character itself, or \\U and 8 digits: not every parser joins \\u pairs";
  }
  return escapes.includes("\\/") ? "must have / without a backslash before it" : undefined;
}

/** Of a field in a mapping, in the text of its document. */
export function pairAdvice(pair: Pair, text: string): string | undefined {
  const { srcToken } = pair;
  if (srcToken === undefined) return undefined;
  if (srcToken.start.some(({ type }) => type === "explicit-key-ind")) {
    return 'a field must be written NAME: VALUE, without "?"';
  }
  const tokens = srcToken.sep ?? [];
  const colon = tokens.findIndex(({ type }) => type === "map-value-ind");
  if (tokens.slice(0, Math.max(colon, 0)).some(({ type }) => type === "newline")) {
    return "the colon must stand on the line of the field's name";
  }
  const afterColon = text.slice((tokens[colon]?.offset ?? text.length) + 1);
  const isGlued = isScalar(pair.key) && pair.key.type === Scalar.PLAIN && /^\S/.test(afterColon);
  if (isScalar(pair.key) && /\n/.test(sourceOf(pair.key, text))) {
    return "a field's name must stand on one line";
  }
  return isGlued ? "a space must follow the colon" : undefined;
}

/** Of an anchor's or alias' name. */
export function anchorAdvice(name: string): string | undefined {
  return /^[-\w]+$/.test(name) ? undefined : "an anchor's name may have letters, digits, - and _";
}
