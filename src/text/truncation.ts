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
