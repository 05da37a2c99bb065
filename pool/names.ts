/**
 * The names that weir's charts write and this library reads. They stand in weir itself too
 * (`src/api/names.ts`): a server must not install an operator to import a pool, and a test holds
 * both equal.
 */

/** One integer; the downward API mounts the pod's annotation `weir.dev/pool-limit` here. */
export const POOL_LIMIT_FILE = "/etc/weir/pool-limit";

/** Where /limit and /metrics are served; process n of a pod: + n. */
export const POOL_PORT = 9127;
export const POOL_PORT_ENV = "WEIR_POOL_PORT";

/** Processes that a pod can have at most, each with a port of its own. */
export const MOST_PROCESSES = 64;

/** What the pool's settings are called in the environment, unless `spec.pool.env` says otherwise. */
export const POOL_ENV = {
  max: "DB_POOL_MAX_PER_SERVER",
  minIdle: "DB_POOL_MIN",
  idleTimeoutMs: "DB_POOL_IDLE_TIMEOUT",
  connectionTimeoutMs: "DB_POOL_CONNECTION_TIMEOUT",
} as const;
