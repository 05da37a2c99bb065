import type { PoolState } from "./errors.ts";

/** All that a decision of the pool rests on. */
export interface PoolCounts extends Omit<PoolState, "open"> {
  /** Connections to keep while there is nothing to do; counts up to the limit. */
  readonly minIdle: number;
  /** Whether one is logging in; there is never more than one. */
  readonly opening: boolean;
  /** On their way out: they count until their socket is closed. */
  readonly closing: number;
  /** Whether the pause after a failed login is over. */
  readonly mayOpen: boolean;
  /** No new work comes, and nothing is kept. */
  readonly draining: boolean;
}

/**
 * `abort`: give up the login that is under way. `close`: close the connection that is idle the
 * longest. `lend`: give an idle connection to the checkout that waits the longest. `open`: log in once more.
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

const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/**
 * How long to wait before the next login after `failures` that failed in a row: twice as long each
 * time, up to a second, and by half at random, so that those who were refused together don't come
 * back together.
 *
 * @param random in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return longest * (0.5 + random / 2);
}
