/**
 * What the objects don't show (a Secret that is not among them, a pod's IP) stands in texts as a
 * mark that names it: it may be a part of a connection string, and two that are hidden at the same
 * place are the same. The marks are of Unicode's private use, and within them nothing that ends a
 * host, a user or a URL.
 */
const BEGIN = "\u{e000}";
const END = "\u{e001}";
const MARK = /\u{e000}([^\u{e001}]*)\u{e001}/gu;

/** The mark of what `name` hides: `Secret writing/author-db user`. */
export function placeholder(name: string): string {
  // Quotes and brackets end a word in scripts and URLs.
  const encoded = encodeURIComponent(name).replace(
    /['()!*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `${BEGIN}${encoded}${END}`;
}

export function hasPlaceholder(text: string): boolean {
  return text.includes(BEGIN);
}

/** The text for people, with the names of what is hidden in it. */
export function renderPlaceholders(text: string): string {
  return hasPlaceholder(text)
    ? text.replace(MARK, (_, name: string) => decodeURIComponent(name))
    : text;
}
