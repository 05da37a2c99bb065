/** All that a decision of the pool rests on. */
export interface PoolCounts {
  readonly limit: number;
  /** Connections to keep while there is nothing to do; counts up to the limit. */
  readonly minIdle: number;
  /** Whether one is logging in; there is never more than one. */
  readonly opening: boolean;
  readonly idle: number;
  readonly inUse: number;
  /** On their way out: they count until their socket is closed. */
  readonly closing: number;
  readonly waiting: number;
  /** Whether the pause after a failed login is over. */
  readonly mayOpen: boolean;
  /** No new work comes, and nothing is kept. */
  readonly draining: boolean;
}

/**
 * `abort`: give up the login that is under way. `close`: close the connection that is idle the
 * longest. `lend`: give an idle connection to whoever waits the longest. `open`: log in once more.
 */
export type PoolStep = "abort" | "close" | "lend" | "open";

/**
 * What to do next; undefined when there is nothing to do until something happens. Asked again after
 * each step. A connection counts from before its login until its socket is closed, so that no step
 * takes PgBouncer's count above the limit.
 */
export function nextStep(counts: PoolCounts): PoolStep | undefined {
  const { limit, opening, idle, inUse, closing, waiting, draining } = counts;
  const staying = (opening ? 1 : 0) + idle + inUse;
  const unwanted = staying > limit || (draining && waiting === 0);
  if (unwanted && opening) return "abort";
  if (unwanted && idle > 0) return "close";
  if (waiting > 0 && idle > 0) return "lend";
  if (opening || !counts.mayOpen || staying + closing >= limit) return undefined;
  return waiting > 0 || (!draining && staying < counts.minIdle) ? "open" : undefined;
}
