import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { pino } from "pino";
import { applyMigrations, readMigrations } from "./migrations.ts";

const FOLDER = fileURLToPath(new URL("migrations/", import.meta.url));
const CONNECT_TIMEOUT_MS = 10_000;

const log = pino({ base: null });

try {
  await migrate();
} catch (error) {
  log.fatal(`The migrations failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Brings the database that PG* names to the newest version; what is there already stays. */
async function migrate(): Promise<void> {
  const migrations = await readMigrations(FOLDER);
  const client = new Client({ connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A connection that is lost fails the statement too: that is enough.
  client.on("error", () => {});
  await client.connect();
  try {
    const applied = await applyMigrations(client, migrations);
    log.info({ applied, present: migrations.length - applied.length }, "migrated");
  } finally {
    await client.end();
  }
}
