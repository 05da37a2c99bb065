import type { PoolState } from "@weir-dev/pool";

/**
 * What drainingServer.ts is told: to check a connection out and keep it; to run something endless on
 * it; to ask for one more statement, of the pool that it has or of pool() anew; to finish what it
 * holds; to send itself SIGTERM; to say how it is; to end.
 */
export type DrainOrder =
  | "hold"
  | "sleep"
  | "ask"
  | "askAnew"
  | "finish"
  | "signal"
  | "report"
  | "exit";

/** How it is. */
export interface DrainReport {
  readonly state: PoolState;
  /** What came of its work, in its order. */
  readonly outcomes: readonly string[];
}
