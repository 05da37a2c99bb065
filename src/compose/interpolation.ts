/**
 * What compose puts in the place of `${NAME}` comes from the .env file; a dollar sign that is meant
 * as one is written twice.
 */

/** Text that compose leaves as it is. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** A variable of the .env file, and what holds without it: plain text without `}` and `$`. */
export function variable(name: string, fallback: string): string {
  return `\${${name}:-${fallback}}`;
}

/** Whether a text may stand as a variable's fallback. */
export function isFallback(text: string): boolean {
  return /^[-\w./:@+]+$/.test(text);
}
