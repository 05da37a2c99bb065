import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import { runChain, type Check } from "./chain.ts";
import { statusFieldsOf } from "./condition.ts";
import { configApplied } from "./configApplied.ts";
import { feasible } from "./feasible.ts";
import type { BudgetInput } from "./input.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import { isTooEarly } from "./observed.ts";
import { postgresGuarded } from "./postgresGuarded.ts";
import { withinBudget } from "./withinBudget.ts";

/** What is decided of a ConnectionBudget, in this order. */
export const BUDGET_CHECKS: readonly Check<BudgetInput>[] = [
  { type: "Feasible", success: "True", check: feasible },
  { type: "WithinBudget", success: "True", readsWindows: true, check: withinBudget },
  { type: "ConfigApplied", success: "True", check: configApplied },
  { type: "PostgresGuarded", success: "True", check: postgresGuarded },
];

/** The whole status of a budget; targets, which somebody else writes, stay. */
export function budgetStatus(input: BudgetInput): ConnectionBudgetStatus {
  const { snapshot, plan, pgbouncers } = input;
  const { budget, atMs } = snapshot;
  const before = statusFieldsOf(budget);
  const selector = snapshot.pgbouncerSelector ?? before.selector;
  // Until all were asked, nobody knows how many there are.
  const replicas = (pgbouncers.pending ? undefined : pgbouncers.apart) ?? before.numbers.replicas;
  return {
    observedGeneration: budget.generation,
    ...(replicas !== undefined && { replicas }),
    ...(selector !== undefined && { selector }),
    ...(before.targets !== undefined && { targets: before.targets }),
    conditions: runChain(BUDGET_CHECKS, {
      object: budget,
      input,
      atMs,
      isTooEarly: isTooEarly(pgbouncers),
      remark: remarkOf(plan),
    }),
  };
}

function remarkOf({ budget }: ObjectPlan): string {
  if (budget?.spec.mode !== "Manage") return "";
  return "; mode is Manage, and this version of weir only observes: it changes nothing";
}
