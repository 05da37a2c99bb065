import { isScalar, Scalar, type Pair } from "yaml";

/**
 * What an unquoted YAML scalar means. YAML 1.1 (kubectl, PyYAML, Ruby) and YAML 1.2 read some of
 * them differently, and a fleet must mean the same to all: those are `doubt`, to be written
 * otherwise. Quoted scalars are always text, and never come here.
 */
type PlainScalar =
  | { readonly value: string | number | boolean | null }
  /** How to write it otherwise: `must be …`. */
  | { readonly doubt: string };

/** What every parser takes for null, true, false. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["", null],
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);

const WORD_LENGTH_MAX = "false".length;

/** YAML 1.1 reads them as booleans. */
const SWITCH = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const POSITIVE = /^(?:y|on)/i;

/** Numbers that every parser reads alike. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Everything else that some parser takes for a number: other bases, leading zeros, signs,
 * exponents, base 60, infinity. Underscores are taken out before.
 */
const MAYBE_NUMBER =
  /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][-+]?[01]+|0[oO]?[0-7]+|[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** All of these begin so. */
const NUMBER_START = /^[-+.0-9]/;

/** YAML 1.1 reads them as points in time. */
const MAYBE_TIME = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt \t])/;

/** Reads an unquoted scalar from its source text (for one on several lines: the folded text). */
export function readPlainScalar(source: string): PlainScalar {
  if (source.length > WORD_LENGTH_MAX && !NUMBER_START.test(source)) return { value: source };
  const word = WORDS.get(source);
  if (word !== undefined) return { value: word };
  if (NUMBER.test(source)) return readNumber(source);
  if (SWITCH.test(source)) {
    return {
      doubt: `must be quoted if it is text, or ${POSITIVE.test(source) ? "true" : "false"}: YAML 1.1 and 1.2 read it differently`,
    };
  }
  if (NUMBER_START.test(source) && MAYBE_NUMBER.test(source.replaceAll("_", ""))) {
    return {
      doubt:
        "must be quoted if it is text, or a plain decimal number: YAML 1.1 and 1.2 read it differently",
    };
  }
  if (MAYBE_TIME.test(source)) {
    return { doubt: "must be quoted: YAML 1.1 reads it as a date" };
  }
  if (source === "=" || source === "<<") {
    return { doubt: "must be quoted: YAML 1.1 gives it a meaning of its own" };
  }
  return { value: source };
}

function readNumber(source: string): PlainScalar {
  const value = Number(source);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER || Object.is(value, -0)) {
    return {
      doubt: `must be quoted if it is text: as a number not every parser keeps it as it is`,
    };
  }
  return { value };
}

/**
 * YAML that is right and that kubectl (go-yaml) still refuses or reads differently. Each function
 * returns what to write instead, or undefined where all agree.
 */

const NO_TABS = "must be indented by spaces instead of tabs";
const NO_LINE_END = "the file must end with a line break: a text on several lines ends it";

/** The advice for a scalar, quoted or not, in its document's text; `inFlow`: within brackets. */
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

/** The advice for a field of a mapping, in the text of its document. */
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

/** The advice for the name of an anchor or alias. */
export function anchorAdvice(name: string): string | undefined {
  return /^[-\w]+$/.test(name) ? undefined : "an anchor's name may have letters, digits, - and _";
}
