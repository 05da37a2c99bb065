/** One word to a POSIX shell, whatever is in it; one that needs no quotes stays as it is. */
export function shellWord(text: string): string {
  return /^[\w./,@%+=:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A name in SQL, as it is and no keyword: in double quotes, with those in it doubled. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
