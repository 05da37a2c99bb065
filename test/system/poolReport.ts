/** What a pool server (poolServer.ts) can be asked over IPC. */
export type PoolOrder =
  /** Open as many connections as the pool may, one after another, and hold them all. */
  | "fill"
  /** Run a query on every connection that is held: one that waits until WORK_LOCK is free. */
  | "work"
  /** Until told to rest: close one of the connections, wait until it is gone, open another. */
  | "recycle"
  /** Stop recycling; answered when all connections are held again, or the last try was refused. */
  | "rest"
  | "report";

/** An advisory lock of the database: while somebody has it, work does not end. */
export const WORK_LOCK = 1;

/** What it answers. */
export interface PoolReport {
  /** Connections that are open now. */
  readonly open: number;
  /** The most that were ever open at once. */
  readonly highWater: number;
  /** Logins that succeeded. */
  readonly logins: number;
  /** Logins that failed and were not late, by message. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Logins that were late (late.ts). */
  readonly late: number;
  /** Queries that succeeded. */
  readonly queries: number;
  /** Queries that failed, and connections that ended without being asked to: their messages. */
  readonly losses: readonly string[];
}
