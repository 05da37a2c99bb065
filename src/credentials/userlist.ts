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

/** Postgres cuts a longer name off, and would know another role than PgBouncer. */
const NAME_BYTES_MAX = 63;

/**
 * PgBouncer 1.24 and 1.25 keep a password in 2,048 bytes, a closing zero among them, and count it
 * as it stands in the file, with quotes doubled. At a longer one they stop reading, so that every
 * login after it is locked out as well.
 */
const PASSWORD_BYTES_MAX = 2047;

/** What PgBouncer takes for a hash of a password, where the password itself is meant. */
const HASH = /^(?:md5[0-9a-f]{32}$|SCRAM-SHA-256\$)/;

/** Why a userlist can't carry a login of this name: `has …`; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (byteLength(name) <= NAME_BYTES_MAX) return undefined;
  return `has a name of more than ${NAME_BYTES_MAX} bytes, where Postgres cuts it off`;
}

/** Why a userlist can't carry a password: `has …`, without any part of it; undefined if it can. */
export function passwordProblem(password: string): string | undefined {
  if (password === "") return "has an empty password, with which nobody gets in";
  if (/[\r\n]$/.test(password)) {
    return "has a password that ends with a line break, as `echo` without -n makes it";
  }
  if (/[\r\n\0]/.test(password)) return "has a password with a line break or a zero byte in it";
  if (HASH.test(password)) {
    return "has the hash of a password (md5… or SCRAM-SHA-256$…), and PgBouncer needs the password itself";
  }
  if (byteLength(password.replaceAll('"', '""')) > PASSWORD_BYTES_MAX) {
    return `has a password of more than ${PASSWORD_BYTES_MAX} bytes (a quote counts twice), which PgBouncer does not read`;
  }
  return undefined;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
