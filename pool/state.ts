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
