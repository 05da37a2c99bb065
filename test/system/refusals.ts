import { randomUUID } from "node:crypto";

import { Client } from "pg";
import { vi } from "vitest";

import { CONSOLE_DATABASE } from "../../src/api/names.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";

/** What PgBouncer answers a client that it does not let in because a limit is reached. */
export const REFUSAL = {
  /** max_client_conn: sockets that are logging in count as well. */
  all: "no more connections allowed (max_client_conn)",
  /** A server's own line: its bulkhead. */
  line: "client connections exceeded (max_db_client_connections)",
  user: "client connections exceeded (max_user_client_connections)",
} as const;

const REFUSALS: readonly string[] = Object.values(REFUSAL);

const MARK = "mark-";

/**
 * Everything that PgBouncer's log has up to now and that is more than a remark: refusals and other
 * pooler errors, and failures to reach Postgres.
 */
export async function complaints(bouncer: PgBouncer): Promise<string[]> {
  await markLog(bouncer);
  return bouncer
    .log()
    .split("\n")
    .filter((line) => !line.includes(MARK))
    .filter(
      (line) =>
        / (?:WARNING|ERROR|FATAL) /.test(line) || REFUSALS.some((text) => line.includes(text)),
    );
}

/** The log comes through a pipe: what it does not hold yet is there when this mark is. */
async function markLog({ port, log }: PgBouncer): Promise<void> {
  const mark = `${MARK}${randomUUID()}`;
  // A login that nobody has, to the console: it is refused whatever limits are reached.
  const client = new Client({
    host: "127.0.0.1",
    port,
    user: mark,
    database: CONSOLE_DATABASE,
    ssl: false,
  });
  await client.connect().catch(() => {});
  await client.end();
  await vi.waitFor(
    () => {
      if (!log().includes(mark)) throw new Error("PgBouncer's log has not come that far");
    },
    { timeout: 30_000 },
  );
}
