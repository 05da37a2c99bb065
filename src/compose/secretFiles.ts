import { roleOf } from "../api/connectionBudget.ts";
import { keyOf, serversByBudget, type Fleet } from "../api/fleet.ts";
import { CONSOLE_DATABASE, PGBOUNCER_PORT, STATS_LOGIN } from "../api/names.ts";
import { credentials, USERLIST_KEY } from "../credentials/credentials.ts";
import { PASSWORD_KEY, loginSecretsOf } from "../credentials/logins.ts";
import { secretKeyOf, textOf, type SecretData } from "../credentials/secrets.ts";
import { clientHost } from "../render/pgbouncerFiles.ts";
import type { PlannedBudget } from "../budget/planFleet.ts";
import { secretPath } from "./names.ts";

/** A file whose text differs from the existing file's, if there is one. */
export interface SecretFile {
  readonly path: string;
  /** Here alone passwords are. */
  readonly text: string;
  /** Composed from passwords; else it is a new password, and never overwrites one. */
  readonly isComposed: boolean;
}

/**
 * The secrets that a folder lacks: a `password` for each login that has none in the folder, and what
 * is composed of the passwords: PgBouncer's userlist, and a pgpass file for each login but the role's.
 *
 * @param read the bytes of a file in base64; undefined when there is none
 * @param newPassword text of letters, digits, `-` and `_` alone
 * @returns the files in the order to write them, those that others are composed from first; none
 * where a person must put problems right first
 */
export function secretFiles(
  fleet: Fleet,
  read: (path: string) => string | undefined,
  newPassword: () => string,
): { readonly files: readonly SecretFile[]; readonly problems: readonly string[] } {
  const existing = (name: Parameters<typeof secretKeyOf>[0]): SecretData | undefined => {
    const found = [PASSWORD_KEY, USERLIST_KEY].flatMap((key) => {
      const value = read(secretPath(name, key));
      return value === undefined ? [] : [[key, value] as const];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
  const { secrets, problems } = credentials(fleet, existing, newPassword);
  if (problems.length > 0) return { files: [], problems };

  const fresh = new Map(secrets.map(({ metadata, data }) => [secretKeyOf(metadata), data]));
  const filesOf = (key: string, isComposed: boolean): SecretFile[] =>
    secrets.flatMap(({ metadata, data }) => {
      const text = textOf(data[key] ?? "") ?? "";
      return data[key] === undefined ? [] : [{ path: secretPath(metadata, key), text, isComposed }];
    });
  const passwords = filesOf(PASSWORD_KEY, false);
  const composed = filesOf(USERLIST_KEY, true);
  const servers = serversByBudget(fleet);
  for (const budget of fleet.budgets.filter(({ spec }) => spec.pgbouncer.existing === undefined)) {
    const logins = loginSecretsOf(budget, servers.get(keyOf(budget)) ?? []);
    // The first is the role's, which PgBouncer itself uses.
    for (const { login, secret } of logins.slice(1)) {
      const data = fresh.get(secretKeyOf(secret)) ?? existing(secret);
      const password = textOf(data?.[PASSWORD_KEY] ?? "") ?? "";
      const path = secretPath(secret, PGPASS_KEY);
      const database = login === STATS_LOGIN ? CONSOLE_DATABASE : login;
      const text = pgpass(clientHost(budget), database, login, password);
      if (textOf(read(path) ?? "") !== text) composed.push({ path, text, isComposed: true });
    }
  }
  return { files: [...passwords, ...composed], problems };
}

/**
 * What a person does when secrets were written: a new password of the role must get into Postgres,
 * and what runs with an older file must be restarted to see the new one.
 *
 * @param written the files that were written
 * @param replaced those of them that were there before
 * @param isInside whether a budget's Postgres is in the project, and gets the password by itself
 */
export function secretNotes(
  planned: readonly PlannedBudget[],
  written: ReadonlySet<string>,
  replaced: ReadonlySet<string>,
  isInside: (each: PlannedBudget) => boolean,
): readonly string[] {
  const roles = planned
    .filter((each) => !isInside(each))
    .flatMap(({ budget }) => {
      const { namespace } = budget.metadata;
      const { host, port, credentialsSecretRef } = budget.spec.postgres;
      const path = secretPath({ namespace, name: credentialsSecretRef.name }, PASSWORD_KEY);
      return written.has(path)
        ? [
            `${path} is new: give role ${roleOf(budget)} in Postgres ${host}:${port} this password (weir guard makes the role), or write the role's own into the file and run this again`,
          ]
        : [];
    });
  return [
    ...roles,
    ...[...replaced].map(
      (path) =>
        `${path} changed: restart the containers that read it, unless docker compose up recreates them`,
    ),
  ];
}

/** Where a container finds its pgpass file, which PGPASSFILE names. */
export const PGPASS_FILE = "/run/secrets/pgpass";

/** Key of the pgpass file beside a login's password. */
export const PGPASS_KEY = "pgpass";

/**
 * The pgpass file of one login: HOST:PORT:DATABASE:USER:PASSWORD. libpq and node-postgres read it,
 * and ignore a file that others than its owner may read.
 *
 * @param host PgBouncer's name, as PGHOST has it
 */
function pgpass(host: string, database: string, login: string, password: string): string {
  const fields = [host, String(PGBOUNCER_PORT), database, login, password];
  return `${fields.map((field) => field.replaceAll(/[\\:]/g, String.raw`\$&`)).join(":")}\n`;
}
