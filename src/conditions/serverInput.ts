import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { ServerPlan } from "../budget/plan.ts";
import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { Admission } from "./admission.ts";
import type { Owners } from "./owners.ts";
import type { ObservedPgBouncers } from "./observed.ts";

/** All that the checks of one server look at. */
export interface ServerInput {
  readonly snapshot: ServerSnapshot;
  readonly server: McpServer;
  readonly budget: ConnectionBudget;
  readonly admission: Admission;
  /** Its numbers; absent: it is not admitted, and has none. */
  readonly planned?: ServerPlan;
  readonly poolers: ObservedPgBouncers;
  readonly owners: Owners;
}
