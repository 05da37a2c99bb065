/** The most names that a sentence lists before it counts the rest. */
export const NAMES_MAX = 6;

/** `1 server`, `10 servers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const AND = new Intl.ListFormat("en-GB", { type: "conjunction" });
const OR = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** `a`, `a and b`, `a, b and c`; of many the first ones and how many more there are. */
export function listed(names: readonly string[]): string {
  if (names.length > NAMES_MAX) {
    return `${names.slice(0, NAMES_MAX).join(", ")} and ${names.length - NAMES_MAX} more`;
  }
  return AND.format(names);
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly string[]): string {
  return OR.format(words);
}

/** The most sentences of a list that a message has; a person looks into the rest. */
const SENTENCES_MAX = 4;

/** `a; b; c; d; and 3 more like these`. */
export function joinTruncated(texts: readonly string[]): string {
  const more = texts.length - SENTENCES_MAX;
  const first = texts.slice(0, SENTENCES_MAX);
  return [...first, ...(more > 0 ? [`and ${more} more like these`] : [])].join("; ");
}

/** The text, or its beginning and an ellipsis: at most `lengthMax` characters. */
export function truncate(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).trimEnd()}…`;
}

/** The first line of a message that others wrote: of an API server, a library, a login program. */
export function firstLine(text: string): string {
  return text.trim().split(/[\r\n]/, 1)[0] ?? "";
}
