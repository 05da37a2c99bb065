/**
 * Every name that two parts of weir, or weir and its users, must agree on: API group, labels,
 * annotations, Secrets, logins, ports. A name that stands here is a promise to users.
 */

export const GROUP = "weir.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Marks the pods of one budget: its servers and its PgBouncer. The value is the budget's name. */
export const BUDGET_LABEL = "weir.dev/budget";
/** Lets a pod reach the PgBouncer of the budget named by its value, for maintenance. */
export const MAINTENANCE_LABEL = "weir.dev/maintenance";
/** Lets a pod read reports and metrics; its value is "true". */
export const METRICS_LABEL = "weir.dev/metrics";
/** A pod's pool limit, one integer; the downward API mounts it as the file POOL_LIMIT_FILE. */
export const POOL_LIMIT_ANNOTATION = "weir.dev/pool-limit";
export const POOL_LIMIT_FILE = "/etc/weir/pool-limit";

/**
 * What `weir verify` reads where an object's own fields are missing or differ. On a
 * workload or its pod template; CONTAINER=VALUE, separated by commas, where containers differ.
 * The most connections that one process opens.
 */
export const POOL_MAX_ANNOTATION = "weir.dev/pool-max";
/** Processes in each pod, each with a pool of its own. */
export const PROCESSES_PER_POD_ANNOTATION = "weir.dev/processes-per-pod";
/** The most pods that can be there at once. */
export const PODS_ANNOTATION = "weir.dev/pods";
/** `host:port/database?user=login`, several separated by spaces; or `none`. */
export const CONNECTS_TO_ANNOTATION = "weir.dev/connects-to";
/** How one target is written in it, for messages. */
export const CONNECTS_TO_FORM = "host:port/database?user=login";
/** On a PgBouncer: `consoles=2,maintenance=4,maintenanceSlots=2,logins=4`; absent ones: default. */
export const RESERVE_ANNOTATION = "weir.dev/reserve";
/** On a PgBouncer: P, the connections of Postgres that all its processes together may use. */
export const POSTGRES_CONNECTIONS_ANNOTATION = "weir.dev/postgres-connections";
/** On a Postgres: its max_connections less what is reserved. */
export const AVAILABLE_CONNECTIONS_ANNOTATION = "weir.dev/available-connections";

/** On a PgBouncer or its Service: connections that clients outside of the cluster open, together. */
export const OUTSIDE_CLIENTS_ANNOTATION = "weir.dev/outside-clients";

/** What `weir verify --annotate` may say of an object. */
export const READ_ANNOTATIONS: readonly string[] = [
  POOL_MAX_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
  PODS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  RESERVE_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  AVAILABLE_CONNECTIONS_ANNOTATION,
  OUTSIDE_CLIENTS_ANNOTATION,
];

/** Where Postgres listens by default. */
export const POSTGRES_PORT = 5432;
/** PgBouncer's port for clients, stats login and peers. */
export const PGBOUNCER_PORT = 6432;
/** Where the pool library serves /limit and /metrics; process n of a pod: + n. */
export const POOL_PORT = 9127;
/** Where the agent beside PgBouncer serves its report and metrics. */
export const REPORT_PORT = 9128;
/** Where the operator serves metrics, /livez and /readyz. */
export const OPERATOR_PORT = 9129;

/** The namespace that the operator and its metrics' readers live in. */
export const OPERATOR_NAMESPACE = "weir-system";
/** The operator's own objects there: its ServiceAccount, its Deployment, its lease. */
export const OPERATOR_NAME = "weir-operator";

/** PgBouncer's own database: its console. */
export const CONSOLE_DATABASE = "pgbouncer";
/** The console's admin: reached over the pod's unix socket alone. */
export const CONSOLE_ADMIN = "pgbouncer";
/** Line and login for health checks, migrations and people. */
export const MAINTENANCE_LINE = "maintenance";
/** Read-only login of the console, over TCP: SHOW only. It counts as a console. */
export const STATS_LOGIN = "weir_stats";

/**
 * Names that no server may have: PgBouncer's own database, weir's line, and words that an hba
 * file or an ini reads as something else than a name.
 */
export const RESERVED_SERVER_NAMES: readonly string[] = [
  CONSOLE_DATABASE,
  MAINTENANCE_LINE,
  "all",
  "replication",
  "samegroup",
  "samerole",
  "sameuser",
];

/** Roles that a budget may not use in Postgres, because PgBouncer knows a login by that name. */
export const RESERVED_ROLES: readonly string[] = [CONSOLE_ADMIN, MAINTENANCE_LINE, STATS_LOGIN];

/** The names of the objects that belong to the budget called `budget`. */
export function budgetNames(budget: string) {
  return {
    pgbouncer: `${budget}-pgbouncer`,
    peers: `${budget}-pgbouncer-peers`,
    authSecret: `${budget}-pgbouncer-auth`,
    maintenanceSecret: `${budget}-maintenance`,
    statsSecret: `${budget}-stats`,
  };
}
