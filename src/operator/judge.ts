import type { Judgement } from "../conditions/decision.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";

/** What decides: functions of what was read, and of nothing else. */
export interface Judge {
  readonly judge: (snapshot: BudgetSnapshot) => Judgement;
  /** Of a server whose budget isn't there. */
  readonly judgeOrphan: (server: ServerSnapshot, atMs: number) => OrphanJudgement;
}

/** What is said of one server alone. */
export interface OrphanJudgement extends Pick<Judgement, "notices" | "figures"> {
  /** The whole status that it should have. */
  readonly status: Readonly<Record<string, unknown>>;
}
