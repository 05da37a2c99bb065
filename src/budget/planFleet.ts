import { keyOf, serversByBudget, type Fleet } from "../api/fleet.ts";
import { byNames } from "../text/order.ts";
import { assertShares } from "./assertSums.ts";
import type { Plan, BudgetPlan, ServerPlan } from "./plan.ts";
import { planBudget } from "./planBudget.ts";
import { isShared, postgresOf } from "./postgresShares.ts";
import { budgetWarnings, postgresWarnings } from "./warnings.ts";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";

/**
 * The static plan of a valid fleet (budget.md): a pure function of what the fleet says, whatever
 * the order of its objects. It never throws for what does not fit: the plan says what is missing.
 *
 * @throws SumError when a sum of the plan does not hold: a fault of weir
 */
export function planFleet(fleet: Fleet): Plan {
  const servers = serversByBudget(fleet);
  const postgres = postgresOf(fleet.budgets);
  const missing = new Map(
    postgres.flatMap(({ plan, budgets }) =>
      budgets.map((budget) => [keyOf(budget), plan.missing] as const),
    ),
  );
  const planned = fleet.budgets
    .toSorted(byNames(({ metadata }) => [metadata.namespace, metadata.name]))
    .map((budget) => {
      const drawing = servers.get(keyOf(budget)) ?? [];
      const plan = planBudget(budget, drawing, missing.get(keyOf(budget)) ?? 0);
      return { plan, warnings: budgetWarnings(budget, drawing, plan) };
    });
  const budgets = planned.map(({ plan }) => plan);
  for (const each of postgres) assertShares(each, budgets);
  return {
    feasible: budgets.every(({ feasible }) => feasible),
    budgets,
    postgres: postgres.filter(isShared).map(({ plan }) => plan),
    warnings: [
      ...planned.flatMap(({ warnings }) => warnings),
      ...postgres.flatMap(postgresWarnings),
    ],
  };
}

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
