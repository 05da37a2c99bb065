/** A name in SQL, as it is and no keyword: in double quotes, with those in it doubled. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
