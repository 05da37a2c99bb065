import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { ServerPlan } from "../budget/plan.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { Admission } from "./admission.ts";
import type { ClientOwners } from "./clientOwners.ts";
import type { CheckResult } from "./condition.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import type { UnplannedReason } from "./reasons.ts";
import type { ObservedPgBouncers } from "./sources.ts";

/** The input of the checks of a ConnectionBudget. */
export interface BudgetInput {
  readonly snapshot: BudgetSnapshot;
  readonly plan: ObjectPlan;
  readonly pgbouncers: ObservedPgBouncers;
  readonly owners: ClientOwners;
}

/** The input of the checks of an McpServer. */
export type ServerInput = PlannedServerInput | UnplannedServerInput;

/** A server of a budget whose plan is known. */
export interface PlannedServerInput {
  readonly snapshot: ServerSnapshot;
  readonly unplanned?: undefined;
  readonly server: McpServer;
  readonly budget: ConnectionBudget;
  readonly admission: Admission;
  /** Its numbers; undefined: it is not admitted, and has none. */
  readonly planned: ServerPlan | undefined;
  readonly pgbouncers: ObservedPgBouncers;
  readonly owners: ClientOwners;
}

/** A server without a plan: its budget does not exist, or some object of it can't be read. */
interface UnplannedServerInput {
  readonly snapshot: ServerSnapshot;
  /** Why there is no plan. */
  readonly unplanned: CheckResult<UnplannedReason>;
  readonly planned?: undefined;
}
