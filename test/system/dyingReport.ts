/** What a dying server (dyingServer.ts) can be asked over IPC. */
export type DyingOrder = "die" | "report";

/** What it answers. */
export interface DyingReport {
  /** Clients that got an answer to a first query, and went away in the middle of the next. */
  readonly dropped: number;
}
