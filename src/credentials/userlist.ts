import { byNames } from "../text/order.ts";
import { quotedIdentifier } from "../text/quoting.ts";

/** One login that PgBouncer knows, with its password in plain text. */
export interface UserlistEntry {
  readonly name: string;
  readonly password: string;
}

/**
 * PgBouncer's userlist.txt, by name. The role's password must stand in plain text, since PgBouncer
 * logs in to Postgres with it; a quote is doubled, nothing else is special.
 */
export function userlist(logins: readonly UserlistEntry[]): string {
  return logins
    .toSorted(byNames(({ name }) => [name]))
    .map(({ name, password }) => `${quotedIdentifier(name)} ${quotedIdentifier(password)}\n`)
    .join("");
}
