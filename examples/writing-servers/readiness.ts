import type { PoolState } from "@weir-dev/pool";
import type { Outcome } from "./outcome.ts";

/*
 * Readiness is what the last work with the database showed. /readyz only reads it: the probe takes
 * no connection, and cannot be refused one. Where there was no work for a moment, the process asks
 * by itself: one statement, never two at a time, and only while the pool has room to spare. So a
 * server without calls keeps one connection of its own grant open (in transaction pooling that is
 * none of Postgres).
 */

/** Without work for this long, a check is made. */
const QUIET_MS = 3000;
/** Without any answer for this long nothing is known any more: all connections hang, or are busy. */
const SILENT_MS = 10_000;

/** The last outcome, and when it was; none before the first. */
export interface Evidence {
  readonly outcome: Outcome;
  readonly atMs: number;
}

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly reason: string };

/** Whether a call that came now would be served. */
export function verdict(evidence: Evidence | undefined, nowMs: number): Readiness {
  if (evidence === undefined) return { ready: false, reason: "the database has not answered yet" };
  const { outcome, atMs } = evidence;
  if (outcome.kind === "failed") return { ready: false, reason: `the database: ${outcome.reason}` };
  const silentMs = nowMs - atMs;
  return silentMs < SILENT_MS
    ? { ready: true }
    : {
        ready: false,
        reason: `the database has not answered for ${Math.floor(silentMs / 1000)} s`,
      };
}

/** Whether to ask now: work tells more than a check, and goes before it. */
export function isCheckDue(
  evidence: Evidence | undefined,
  { limit, open, idle, waiting }: Omit<PoolState, "inUse">,
  nowMs: number,
): boolean {
  const hasRoom = waiting === 0 && (idle > 0 || open < limit);
  const isKnown = evidence?.outcome.kind === "answered" && nowMs - evidence.atMs < QUIET_MS;
  return hasRoom && !isKnown;
}
