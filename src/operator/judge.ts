import type { Decision } from "../conditions/decision.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";

/** What decides: functions of what was read, and of nothing else. */
export interface Judge {
  readonly judge: (snapshot: BudgetSnapshot) => Decision;
  /** Of a server whose budget isn't there. */
  readonly judgeOrphan: (server: ServerSnapshot, atMs: number) => OrphanDecision;
}

/** What is said of one server alone. */
export interface OrphanDecision extends Pick<Decision, "events" | "metrics"> {
  /** The whole status that it should have. */
  readonly status: Readonly<Record<string, unknown>>;
}
