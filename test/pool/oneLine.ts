import { randomBytes } from "node:crypto";
import { join } from "node:path";

import type { Pool } from "@weir-dev/pool";
import type { ClientConfig } from "pg";
import { expect, vi } from "vitest";

import {
  consoleClient,
  consoleQuery,
  pgbouncerPlace,
  startPgBouncer,
  type PgBouncer,
  type PgBouncerPlace,
} from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import type { Certificate } from "../system/certificate.ts";

/** What a PgBouncer admits. */
export interface OneLineLimits {
  /** max_client_conn. */
  readonly clientsOfAll?: number;
  /** max_db_client_connections: the grant. */
  readonly clientsOfLine?: number;
  /** max_user_client_connections. */
  readonly clientsOfLogin?: number;
  /** pool_size: backend connections. */
  readonly slots?: number;
  /** query_wait_timeout: how long a client may wait for one of them. */
  readonly queueSeconds?: number;
}

/** A PgBouncer with one line, `scene`, before a Postgres. */
export interface OneLine {
  readonly postgres: Postgres;
  readonly bouncer: PgBouncer;
  /** For a pool that uses the line. */
  readonly connection: ClientConfig;
  /** Clients that PgBouncer counts against the line. */
  readonly clients: () => Promise<number>;
  /** Changes what PgBouncer admits. */
  readonly admit: (limits: OneLineLimits) => Promise<void>;
  /** Counts clients again and again, as fast as PgBouncer answers. */
  readonly watchClients: () => Promise<ClientWatch>;
  readonly stop: () => Promise<void>;
}

/** What a watch has seen. */
export interface ClientWatch {
  readonly samples: () => number;
  /** The most clients since the last call. */
  readonly most: () => number;
  readonly stop: () => Promise<void>;
}

const LINE = "scene";

/** Starts both. @param tls PgBouncer's certificate, where clients must use TLS */
export async function startOneLine(
  limits: OneLineLimits = {},
  tls?: Certificate,
): Promise<OneLine> {
  const postgres = await startPostgres();
  const place = await pgbouncerPlace();
  const password = randomBytes(8).toString("hex");
  const ini = ({
    clientsOfAll = 200,
    clientsOfLine = 100,
    clientsOfLogin = 0,
    slots = 20,
    queueSeconds = 120,
  }: OneLineLimits) => `
[databases]
${LINE} = host=127.0.0.1 port=${postgres.port} dbname=postgres user=postgres password=${postgres.password} pool_size=${slots} max_db_client_connections=${clientsOfLine}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${place.port}
unix_socket_dir = ${place.socketDir}
auth_type = scram-sha-256
auth_file = ${place.userlistPath}
pool_mode = transaction
max_client_conn = ${clientsOfAll}
max_user_client_connections = ${clientsOfLogin}
query_wait_timeout = ${queueSeconds}
${tls === undefined ? "" : tlsLines(place)}`;
  const bouncer = await startPgBouncer({
    place,
    main: "pgbouncer.ini",
    files: {
      "pgbouncer.ini": ini(limits),
      "userlist.txt": `"${LINE}" "${password}"\n`,
      ...(tls && { "tls.crt": tls.cert, "tls.key": tls.key }),
    },
  });
  return {
    postgres,
    bouncer,
    connection: {
      host: "127.0.0.1",
      port: place.port,
      database: LINE,
      user: LINE,
      password,
      ssl: tls === undefined ? false : { ca: tls.cert },
    },
    clients: async () => clientsIn(await consoleQuery(place, "SHOW DATABASES")),
    admit: async (changed) => {
      await bouncer.write({ "pgbouncer.ini": ini(changed) });
      await bouncer.reload();
    },
    watchClients: () => watchClients(bouncer),
    stop: async () => {
      await bouncer.stop();
      await postgres.stop();
    },
  };
}

function tlsLines({ dir }: PgBouncerPlace): string {
  return `client_tls_sslmode = require
client_tls_cert_file = ${join(dir, "tls.crt")}
client_tls_key_file = ${join(dir, "tls.key")}
`;
}

function clientsIn(rows: readonly Record<string, unknown>[]): number {
  const line = rows.find(({ name }) => name === LINE);
  return Number(line?.["current_client_connections"]);
}

/**
 * Opens as many connections as the pool may, one checkout each, until PgBouncer has counted them:
 * what is expected of the limit afterwards is expected of a limit that is reached.
 */
export async function reachLimit(db: Pool, line: OneLine, limit: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: limit }, () => db.connect()));
  await expect.poll(() => line.clients()).toBe(limit);
  for (const client of clients) client.release();
}

/**
 * Waits until PgBouncer was asked as often again. Two at least, where something is to be seen in
 * them: the answer to the first may have been on its way before it happened.
 */
export async function moreSamples(watch: ClientWatch, count: number): Promise<void> {
  const seen = watch.samples();
  await expect.poll(watch.samples, { interval: 5 }).toBeGreaterThanOrEqual(seen + count);
}

/** A login works again, and PgBouncer knows no client but those that the pool knows. */
export async function expectOnlyOwnClients(db: Pool, line: OneLine): Promise<void> {
  await vi.waitFor(() => db.query("SELECT 1"), { timeout: 120_000 });
  await expect.poll(() => db.state()).toMatchObject({ open: 1, idle: 1 });
  await expect.poll(() => line.clients()).toBe(1);
}

async function watchClients({ place }: PgBouncer): Promise<ClientWatch> {
  const client = consoleClient(place);
  await client.connect();
  let samples = 0;
  let most = 0;
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<Record<string, unknown>>("SHOW DATABASES");
      most = Math.max(most, clientsIn(rows));
      samples += 1;
    }
  })();
  return {
    samples: () => samples,
    most: () => {
      const seen = most;
      most = 0;
      return seen;
    },
    stop: async () => {
      stopping.abort();
      await watching;
      await client.end();
    },
  };
}
