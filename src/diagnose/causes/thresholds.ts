import { DEFAULT_RESERVE } from "../../api/connectionBudget.ts";

/**
 * From where on something is a cause, unless something else is handed in; tests can't wait for all
 * of them. Times in milliseconds.
 */
export const THRESHOLDS = {
  /** A transaction in which nothing was asked for that long is left open, not under way. */
  // Between two statements of one transaction lie milliseconds: a program's own work. After ten
  // seconds it waits for a person or another service, or forgot to end it; vacuum and all who wait
  // for its locks pay for it either way.
  idleInTransactionMs: 10_000,
  /** A backend connection that is held outside a transaction, without a request, for that long. */
  // What the incident's pools let an idle connection live. Others wait for it.
  heldIdleMs: 30_000,
  /** The same if weir can't know whether a query runs on it. */
  // PgBouncer's default query_wait_timeout: who waited for it all that time has been thrown out.
  heldUnknownMs: 120_000,
  /** Logins a second of clients that are gone again within the window. */
  // node-postgres keeps an idle connection for 10 s: even a pool of 20 that empties itself each
  // time logs in twice a second, and none of its clients comes and goes within a window of 3 s.
  loginsPerSecond: 10,
  /** More sockets than this that log in, at every moment. */
  // weir's reserve for logins. Sockets that log in use max_client_conn, whosoever's they are.
  loginsUnderWay: DEFAULT_RESERVE.logins,
  /** A client whose node is gone sends nothing; a client that is silent for less may just be idle. */
  ghostSilentMs: 30_000,
  /** The same if its address does not show which workload it belongs to. */
  // Longer than any pool's usual idle timeout (HikariCP's 10 minutes is the longest in use).
  ghostLongSilentMs: 600_000,
  /** The time that samples show a query without a client to run on. */
  // Four times the client_connection_check_interval of `weir guard`: a guarded query is gone.
  withoutClientMs: 2_000,
  /** If at every moment some client has waited that long for a backend connection: not well. */
  // Far longer than a queue of a busy pool takes, whose transactions last milliseconds.
  waitedMs: 2_000,
};

export type Thresholds = Readonly<Record<keyof typeof THRESHOLDS, number>>;
