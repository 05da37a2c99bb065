/** What a rogue (rogueServer.ts) can be asked over IPC. */
export type RogueOrder = "storm" | "stop" | "report";

/** What it answers. */
export interface RogueReport {
  readonly open: number;
  /** Logins that failed and were not late (late.ts), by message. */
  readonly refusals: Readonly<Record<string, number>>;
}
