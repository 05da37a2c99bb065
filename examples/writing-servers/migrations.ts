import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";

/** Any number that nobody else locks in this database. */
const LOCK = 20_260_728;

/** One step of the schema: a file of plain SQL. */
interface Migration {
  readonly name: string;
  readonly sql: string;
  /** Of the SQL, so that a file which was changed after it was applied is noticed. */
  readonly hash: string;
}

/** Reads a folder's migrations, in the order of their names. */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql"));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name), "utf8");
      return { name, sql, hash: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/**
 * Applies what is missing, all in one transaction: everything or nothing. A run that comes at the
 * same time waits for the lock, which ends with the transaction: PgBouncer hands the connection to
 * somebody else then.
 *
 * @returns the names of those that were applied now
 * @throws when one failed, or was changed since it was applied
 */
export async function applyMigrations(
  client: Client,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    const missing = await missingOf(client, migrations);
    for (const { name, sql, hash } of missing) {
      await client.query(sql).catch((error: Error) => {
        throw new Error(`migrations/${name}: ${error.message}`, { cause: error });
      });
      await client.query("INSERT INTO schema_migrations (name, hash) VALUES ($1, $2)", [
        name,
        hash,
      ]);
    }
    await client.query("COMMIT");
    return missing.map(({ name }) => name);
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function missingOf(
  client: Client,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  const { rows } = await client.query<{ name: string; hash: string }>(
    "SELECT name, hash FROM schema_migrations",
  );
  const applied = new Map(rows.map(({ name, hash }) => [name, hash]));
  for (const { name, hash } of migrations) {
    if (applied.has(name) && applied.get(name) !== hash) {
      throw new Error(
        `migrations/${name}: was changed after it was applied; add a new file instead`,
      );
    }
  }
  return migrations.filter(({ name }) => !applied.has(name));
}
