/** What a dying server (dyingServer.ts) can be asked over IPC. */
export type DyingOrder = "die" | "report";

/** What it answers. */
export interface DyingReport {
  /** Clients that were let in and got an answer to a first query. */
  readonly served: number;
  /** Clients that went away in the middle of a query. */
  readonly dropped: number;
}
