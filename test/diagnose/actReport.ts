/** What an acting server (actingServer.ts) can be told over IPC. */
export type ActOrder =
  /** Open POOL_MAX connections, each with one query, and hold them. */
  | "fill"
  /** Until told to rest: transactions of random length on every connection, pauses between them. */
  | "work"
  /** The first connection begins a transaction, asks something in it, and sits. */
  | "leave"
  /** The last connection begins a query that takes a minute; the others go on. */
  | "report"
  /** Until told to rest: POOL_MAX loops that connect, ask and disconnect, as quickly as they can. */
  | "churn"
  /** Every connection begins a query that takes a minute. */
  | "hang"
  /** The socket of every connection is torn down. */
  | "drop"
  /** Stop what it does, keep what is open. */
  | "rest"
  /** Close all, as a program that ends well does, and open them again. */
  | "restart";

/** What it answers. */
export interface ActReport {
  readonly open: number;
  /** Transactions, or clients that came and went, since it started. */
  readonly done: number;
}
