import { keyOf, serversByBudget, type Fleet } from "../api/fleet.ts";
import { byNames } from "../text/order.ts";
import { assertShares } from "./assertSums.ts";
import type { Plan } from "./plan.ts";
import { planBudget } from "./planBudget.ts";
import { isShared, postgresOf } from "./postgresShares.ts";
import { budgetWarnings, postgresWarnings } from "./warnings.ts";

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
