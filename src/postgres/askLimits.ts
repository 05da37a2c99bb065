import { Socket } from "node:net";
import { Client } from "pg";
import type { PostgresSnapshot } from "../model/postgres.ts";
import type { Login } from "../credentials/budgetLogins.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { roleSettings, type SettingRow } from "./roleSettings.ts";

/** Who is asked, about whom. */
export interface PostgresQuestion {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly login: Login;
  /** The budget's role. */
  readonly role: string;
  /** Straight, and not through PgBouncer: then the asking session is left out of the count. */
  readonly direct: boolean;
  /** For people. */
  readonly address: string;
}

const ANSWER_MS_MAX = 5000;
const CLOSE_MS = 500;

const FACTS = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  current_setting('max_connections')::int AS max,
  current_setting('superuser_reserved_connections')::int AS superuser,
  coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
  r.rolname IS NOT NULL AS exists,
  coalesce(r.rolsuper, false) AS is_superuser,
  coalesce(r.rolconnlimit, -1) AS connection_limit,
  (SELECT count(*)::int FROM pg_stat_activity a
    WHERE a.usesysid = r.oid AND a.backend_type = 'client backend'
      AND NOT ($2 AND a.pid = pg_backend_pid())) AS backends
FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = $1`;

// What is set for the role, its database or both; the narrowest counts. What a session inherited
// from such a row that is gone by now, a new one does not: there the value is the default.
const SETTINGS = `SELECT s.name, s.unit, s.setting AS shown,
  (SELECT split_part(config, '=', 2)
   FROM pg_db_role_setting d, unnest(d.setconfig) config
   WHERE split_part(config, '=', 1) = s.name
     AND d.setrole IN (0, coalesce((SELECT oid FROM pg_roles WHERE rolname = $1), 0))
     AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
   ORDER BY d.setrole <> 0 AND d.setdatabase <> 0 DESC, d.setrole <> 0 DESC LIMIT 1) AS written,
  CASE WHEN s.source IN ('default', 'environment variable', 'configuration file', 'command line')
    THEN s.reset_val ELSE s.boot_val END AS otherwise
FROM pg_settings s
WHERE s.name IN ('client_connection_check_interval', 'tcp_keepalives_idle',
  'tcp_keepalives_interval', 'tcp_keepalives_count')`;

interface Facts {
  readonly version: string;
  readonly max: number;
  readonly superuser: number;
  readonly reserved: number;
  readonly exists: boolean;
  readonly is_superuser: boolean;
  readonly connection_limit: number;
  readonly backends: number;
}

/**
 * Asks a Postgres what it allows, over a connection that is closed again: it holds no slot.
 *
 * @throws what Postgres, PgBouncer, the network or TLS said
 */
export async function askPostgres(
  question: PostgresQuestion,
  runtime: Runtime,
  stopped: AbortSignal,
): Promise<PostgresSnapshot> {
  const { host, port, database, login, role, direct, address } = question;
  // Our own, so that it can be torn down when the other side has stopped answering.
  const socket = new Socket();
  const client = new Client({
    host,
    port,
    database,
    user: login.user,
    password: login.password,
    ssl: login.ssl,
    application_name: "weir",
    connectionTimeoutMillis: ANSWER_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    stream: () => socket,
  });
  client.on("error", () => {});
  const tearDown = () => socket.destroy();
  stopped.addEventListener("abort", tearDown);
  try {
    stopped.throwIfAborted();
    await client.connect();
    const [facts] = (await client.query<Facts>(FACTS, [role, direct])).rows;
    const { rows } = await client.query<SettingRow>(SETTINGS, [role]);
    if (facts === undefined) throw new Error("it tells no settings");
    return {
      address,
      version: facts.version,
      maxConnections: facts.max,
      superuserReservedConnections: facts.superuser,
      reservedConnections: facts.reserved,
      role: {
        name: role,
        exists: facts.exists,
        superuser: facts.is_superuser,
        connectionLimit: facts.connection_limit,
        ...roleSettings(rows),
      },
      backends: facts.backends,
    };
  } finally {
    stopped.removeEventListener("abort", tearDown);
    const forget = runtime.after(CLOSE_MS, tearDown);
    await client.end().catch(() => {});
    forget();
    tearDown();
  }
}
