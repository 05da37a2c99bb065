import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf, serversByBudget, type Fleet } from "../api/fleet.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { BudgetPlan, Plan, ServerPlan } from "./plan.ts";

/** A budget with its plan and those of its servers that are planned for, by name. */
export interface PlannedBudget {
  readonly budget: ConnectionBudget;
  readonly plan: BudgetPlan;
  readonly servers: readonly PlannedServer[];
}

export interface PlannedServer {
  readonly server: McpServer;
  readonly plan: ServerPlan;
}

/**
 * What users wrote beside what was planned for it, in the plan's order: by namespace and name.
 * Disabled servers are in no plan, and so not here.
 */
export function plannedBudgets(fleet: Fleet, plan: Plan): readonly PlannedBudget[] {
  const budgets = new Map(fleet.budgets.map((budget) => [keyOf(budget), budget]));
  const byBudget = serversByBudget(fleet);
  return plan.budgets.flatMap((budgetPlan) => {
    const key = `${budgetPlan.namespace}/${budgetPlan.name}`;
    const budget = budgets.get(key);
    if (budget === undefined) return [];
    const servers = new Map(
      (byBudget.get(key) ?? []).map((server) => [server.metadata.name, server]),
    );
    return {
      budget,
      plan: budgetPlan,
      servers: budgetPlan.servers.flatMap((serverPlan) => {
        const server = servers.get(serverPlan.name);
        return server === undefined ? [] : { server, plan: serverPlan };
      }),
    };
  });
}
