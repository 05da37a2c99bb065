import { PGBOUNCER_PORT } from "../api/names.ts";

/** Where a container finds its pgpass file, which PGPASSFILE names. */
export const PGPASS_FILE = "/run/secrets/pgpass";

/** Key of the pgpass file beside a login's password. */
export const PGPASS_KEY = "pgpass";

/**
 * The pgpass file of one login: HOST:PORT:DATABASE:USER:PASSWORD. libpq and node-postgres read it,
 * and ignore one that others than its owner may read.
 *
 * @param host PgBouncer's name, as PGHOST has it
 */
export function pgpass(host: string, database: string, login: string, password: string): string {
  const fields = [host, String(PGBOUNCER_PORT), database, login, password];
  return `${fields.map((field) => field.replaceAll(/[\\:]/g, String.raw`\$&`)).join(":")}\n`;
}
