/** What a pool has now. */
export interface PoolState {
  /** What it will not exceed from now on. */
  readonly limit: number;
  /**
   * Connections that PgBouncer may count: those that are opening and closing too. Above the limit
   * only while connections that were in use when it fell are still held.
   */
  readonly open: number;
  readonly idle: number;
  /** Checked out. */
  readonly inUse: number;
  /** Checkouts that wait for a connection. */
  readonly waiting: number;
}

/** A checkout waited for as long as it may, and no connection came free. */
export class PoolTimeout extends Error {
  override readonly name = "PoolTimeout";

  /** @param cause why the last try to open one more connection failed, where one did */
  constructor(connectionTimeoutMs: number, state: PoolState, cause?: Error) {
    const { limit, open, idle, inUse, waiting } = state;
    const why = cause === undefined ? "" : `; the last one could not be opened: ${cause.message}`;
    super(
      `no connection within ${connectionTimeoutMs} ms: limit ${limit}, ${inUse} in use, ${open - idle - inUse} being opened or closed, ${waiting} more checkouts waiting${why}`,
      { cause },
    );
  }
}

/** The pool is ending, or has ended: it takes no new work. */
export class PoolClosed extends Error {
  override readonly name = "PoolClosed";

  constructor(message = "the pool is closing: it takes no new work") {
    super(message);
  }
}

/** A setting that can't be. */
export class BadPoolSetting extends Error {
  override readonly name = "BadPoolSetting";
}
