/** One login that PgBouncer knows, with its password in plain text. */
export interface Login {
  readonly name: string;
  readonly password: string;
}

/**
 * PgBouncer's userlist.txt, by name. The role's password must stand in plain text, since PgBouncer
 * logs in to Postgres with it; a quote is doubled, nothing else is special.
 */
export function userlist(logins: readonly Login[]): string {
  return logins
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, password }) => `${quoted(name)} ${quoted(password)}\n`)
    .join("");
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
