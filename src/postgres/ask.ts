import type { BackendRow, PostgresLimits, PostgresSnapshot } from "../model/postgres.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { openConnection, type ServerLogin } from "../protocol/connection.ts";
import type { LoginUrl } from "./loginUrl.ts";
import { roleSettings, type SettingRow } from "./roleSettings.ts";

/** Columns of every question about limits. */
const LIMITS = `split_part(current_setting('server_version'), ' ', 1) AS version,
  current_setting('max_connections')::int AS "maxConnections",
  current_setting('superuser_reserved_connections')::int AS "superuserReservedConnections",
  coalesce(current_setting('reserved_connections', true), '0')::int AS "reservedConnections"`;

type LimitRow = Omit<PostgresLimits, "address">;

/** The only row of an answer. */
function only<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error("it answered without a row of settings");
  return row;
}

/** The Postgres to ask, the login, and the role in question. */
export interface PostgresQuestion {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly login: Omit<ServerLogin, "host" | "port">;
  /** The budget's role. */
  readonly role: string;
  /** Straight, and not through PgBouncer: then the asking session is left out of the count. */
  readonly direct: boolean;
  /** For people. */
  readonly address: string;
}

const QUESTION_MS_MAX = 5000;

const ROLE = `SELECT ${LIMITS},
  r.rolname IS NOT NULL AS exists,
  coalesce(r.rolsuper, false) AS superuser,
  coalesce(r.rolconnlimit, -1) AS "connectionLimit",
  (SELECT count(*)::int FROM pg_stat_activity a
    WHERE a.usesysid = r.oid AND a.backend_type = 'client backend'
      AND NOT ($2 AND a.pid = pg_backend_pid())) AS backends
FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = $1`;

// A setting of the role, of its database, or of both; the narrowest counts. If such a row has been
// removed, this session may still have its value, but a new session gets the default.
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

type RoleRow = LimitRow &
  Pick<PostgresSnapshot["role"], "exists" | "superuser" | "connectionLimit"> &
  Pick<PostgresSnapshot, "backends">;

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
  const { query, close } = await openConnection(
    { ...login, host, port },
    { database, applicationName: "weir", timeoutMs: QUESTION_MS_MAX, stopped },
    runtime,
  );
  try {
    const { exists, superuser, connectionLimit, ...rest } = only(
      await query<RoleRow>(ROLE, [role, direct]),
    );
    const settings = roleSettings(await query<SettingRow>(SETTINGS, [role]));
    return {
      ...rest,
      address,
      role: { name: role, exists, superuser, connectionLimit, ...settings },
    };
  } finally {
    await close();
  }
}

/** The database to connect to when the URL names none; every Postgres has it. */
const DATABASE_DEFAULT = "postgres";

const RIGHTS = `SELECT ${LIMITS},
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "seesAll"`;

const ROLE_LIMITS = `SELECT rolname AS role, rolconnlimit AS "limit" FROM pg_roles WHERE rolcanlogin`;

// Ages by Postgres' own clock. Of a statement the first word alone crosses the wire. Without
// pg_read_all_stats all but user, database and application of other users' sessions are null.
const BACKENDS = `SELECT pid, coalesce(usename, '') AS "user", coalesce(datname, '') AS database,
  coalesce(application_name, '') AS "applicationName", coalesce(state, 'hidden') AS state,
  host(client_addr) AS address, client_port AS port,
  extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS query_age_ms,
  extract(epoch FROM clock_timestamp() - state_change)::float8 * 1000 AS state_age_ms,
  coalesce(upper(substring(query FROM '^[[:space:](]*([[:alpha:]]+)')), '') AS command
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
  AND (backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL)`;

interface ActivityRow extends Pick<
  BackendRow,
  "pid" | "user" | "database" | "applicationName" | "state" | "command"
> {
  readonly address: string | null;
  readonly port: number | null;
  readonly query_age_ms: number | null;
  readonly state_age_ms: number | null;
}

/**
 * Logs in to a Postgres. It only reads, and its own session is in no sample.
 *
 * @throws what Postgres, the network or TLS said
 */
export async function openPostgres(login: LoginUrl, timeoutMs: number, runtime: Runtime) {
  const { address, database = DATABASE_DEFAULT } = login;
  const settings = { database, applicationName: "weir diagnose", timeoutMs };
  const { query, close } = await openConnection(login, settings, runtime);
  try {
    const { seesAll, ...limits } = only(
      await query<LimitRow & { readonly seesAll: boolean }>(RIGHTS),
    );
    const roles = await query<{ role: string; limit: number }>(ROLE_LIMITS);
    return {
      limits: { ...limits, address },
      /** CONNECTION LIMIT by role; −1 is none. */
      roleLimits: new Map(roles.map(({ role, limit }) => [role, limit])),
      /** Whether the login may see what others do. */
      seesAll,
      /** Client backends now, the asking one left out. @throws when it does not answer */
      backends: async () => {
        const rows = await query<ActivityRow>(BACKENDS);
        const atMs = runtime.epochMs();
        return { atMs, backends: rows.map((each) => backendOf(each, atMs)) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function backendOf(row: ActivityRow, atMs: number): BackendRow {
  const { address, port, query_age_ms, state_age_ms, ...shown } = row;
  return {
    ...shown,
    ...(address !== null && { clientAddress: address }),
    ...(address !== null && port !== null && { clientPort: port }),
    ...(query_age_ms !== null && { queryStartedAtMs: atMs - query_age_ms }),
    ...(state_age_ms !== null && { stateChangedAtMs: atMs - state_age_ms }),
  };
}
