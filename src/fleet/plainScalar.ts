/**
 * What an unquoted YAML scalar means. YAML 1.1 (kubectl, PyYAML, Ruby) and YAML 1.2 read some of
 * them differently, and a fleet must mean the same to all: those are `doubt`, to be written
 * otherwise. Quoted scalars are always text, and never come here.
 */
export type PlainScalar =
  | { readonly value: string | number | boolean | null }
  /** What is said about it: `must be …`. */
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
