import { quotedIdentifier } from "../text/quoting.ts";
import { Socket } from "node:net";
import { Client } from "pg";
import type { UnavailablePart } from "../model/observation.ts";
import type { BackendRow, LivePostgres, PostgresSample } from "../model/postgres.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { ANSWER_TIMEOUT_MS, type Source } from "../model/source.ts";
import type { LoginUrl } from "./loginUrl.ts";

/** How long a Postgres may take to say goodbye. */
const CLOSE_MS = 500;

/** What a database is asked in when the URL names none; every Postgres has it. */
const DATABASE_DEFAULT = "postgres";

const SETTINGS = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  current_setting('max_connections')::int AS max,
  current_setting('superuser_reserved_connections')::int AS superuser,
  coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all`;

const ROLE_LIMITS = `SELECT rolname AS role, rolconnlimit AS "limit" FROM pg_roles WHERE rolcanlogin`;

// Ages by Postgres' own clock. Of a statement the first word alone crosses the wire. Without
// pg_read_all_stats all but user, database and application of other users' sessions are null.
const BACKENDS = `SELECT pid, usename AS "user", datname AS database,
  application_name AS application, host(client_addr) AS address, client_port AS port, state,
  extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000 AS transaction_age_ms,
  extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS query_age_ms,
  extract(epoch FROM clock_timestamp() - state_change)::float8 * 1000 AS state_age_ms,
  upper(substring(query FROM '^[[:space:](]*([[:alpha:]]+)')) AS command
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
  AND (backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL)`;

/** A Postgres that answers, and what it would show to a login with more rights. */
export interface PostgresSource extends Source<LivePostgres> {
  readonly unavailable: readonly UnavailablePart[];
}

interface Settings {
  readonly version: string;
  readonly max: number;
  readonly superuser: number;
  readonly reserved: number;
  readonly sees_all: boolean;
}

interface ActivityRow {
  readonly pid: number;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly state: string | null;
  readonly transaction_age_ms: number | null;
  readonly query_age_ms: number | null;
  readonly state_age_ms: number | null;
  readonly command: string | null;
}

/**
 * Logs in to a Postgres. It only reads, and its own session is in no sample.
 *
 * @throws what Postgres, the network or TLS said
 */
export async function openPostgres(login: LoginUrl, runtime: Runtime): Promise<PostgresSource> {
  const socket = new Socket();
  const client = clientFor(login, socket);
  // What ended it while nothing was asked; the next query only says that it has ended.
  let end: Error | undefined;
  client.on("error", (error) => {
    end ??= error;
  });
  const close = async () => {
    const forget = runtime.after(CLOSE_MS, () => socket.destroy());
    await client.end().catch(() => {});
    forget();
    socket.destroy();
  };
  try {
    await client.connect();
    const [settings] = (await client.query<Settings>(SETTINGS)).rows;
    if (settings === undefined) throw new Error("it tells no settings");
    const limits = await client.query<{ role: string; limit: number }>(ROLE_LIMITS);
    const samples: PostgresSample[] = [];
    return {
      unavailable: settings.sees_all ? [] : [partlySeen(login)],
      sample: async () => {
        const { rows } = await client.query<ActivityRow>(BACKENDS).catch((error: unknown) => {
          throw end ?? error;
        });
        const atMs = runtime.epochMs();
        samples.push({ atMs, backends: rows.map((row) => backendOf(row, atMs)) });
      },
      result: () =>
        samples.length < 2
          ? undefined
          : {
              address: login.address,
              version: settings.version,
              maxConnections: settings.max,
              superuserReservedConnections: settings.superuser,
              reservedConnections: settings.reserved,
              roleLimits: new Map(limits.rows.map(({ role, limit }) => [role, limit])),
              samples,
            },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function clientFor(login: LoginUrl, socket: Socket): Client {
  return new Client({
    host: login.host,
    port: login.port,
    user: login.user,
    database: login.database ?? DATABASE_DEFAULT,
    ...(login.password !== undefined && { password: login.password }),
    ...(login.ssl !== undefined && { ssl: login.ssl }),
    application_name: "weir diagnose",
    connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    stream: () => socket,
  });
}

function partlySeen({ address, user }: LoginUrl): UnavailablePart {
  return {
    what: `other users' sessions in Postgres ${address}`,
    why: `${user} may not see what they do: only that they are there, parallel workers among them`,
    next: `as a superuser: GRANT pg_monitor TO ${quotedIdentifier(user)}`,
  };
}

function backendOf(row: ActivityRow, atMs: number): BackendRow {
  const { address, port, transaction_age_ms, query_age_ms, state_age_ms } = row;
  return {
    pid: row.pid,
    user: row.user ?? "",
    database: row.database ?? "",
    applicationName: row.application ?? "",
    ...(address !== null && { clientAddress: address }),
    ...(address !== null && port !== null && { clientPort: port }),
    state: row.state ?? "hidden",
    ...(transaction_age_ms !== null && { transactionStartedAtMs: atMs - transaction_age_ms }),
    ...(query_age_ms !== null && { queryStartedAtMs: atMs - query_age_ms }),
    ...(state_age_ms !== null && { stateChangedAtMs: atMs - state_age_ms }),
    command: row.command ?? "",
  };
}
