import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { conditionOf, type Condition, type Verdict } from "./condition.ts";
import { configApplied } from "./configApplied.ts";
import { feasible, notUnderstood } from "./feasible.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import type { Owners } from "./owners.ts";
import { postgresGuarded } from "./postgresGuarded.ts";
import { ready } from "./ready.ts";
import type { ObservedPgBouncers } from "./observed.ts";
import type { Status } from "./serverStatus.ts";
import { withinBudget } from "./withinBudget.ts";

/** What is said of a ConnectionBudget; Ready is made of them. */
export const BUDGET_CONDITIONS = [
  { type: "Feasible", well: "True" },
  { type: "WithinBudget", well: "True" },
  { type: "ConfigApplied", well: "True" },
  { type: "PostgresGuarded", well: "True" },
] as const;

type BudgetConditionType = (typeof BUDGET_CONDITIONS)[number]["type"];

/** The whole status of a budget; targets, which somebody else writes, stay. */
export function budgetStatus(
  snapshot: BudgetSnapshot,
  plan: ObjectPlan,
  poolers: ObservedPgBouncers,
  owners: Owners,
): Status {
  const { budget, atMs } = snapshot;
  const verdicts = verdictsOf(snapshot, plan, poolers, owners);
  const parts = BUDGET_CONDITIONS.map(({ type, well }) => ({
    type,
    well,
    condition: conditionOf(budget, type, verdicts[type], atMs),
  }));
  const whole = conditionOf(budget, "Ready", ready(parts, remarkOf(snapshot)), atMs);
  const { targets } = budget.status;
  const selector = snapshot.pgbouncerSelector ?? budget.status["selector"];
  // Until all were asked, nobody knows how many there are.
  const known = poolers.pending ? undefined : poolers.apart;
  const replicas = known ?? budget.status["replicas"];
  return {
    observedGeneration: budget.generation,
    ...(replicas !== undefined && { replicas }),
    ...(selector !== undefined && { selector }),
    ...(targets !== undefined && { targets }),
    conditions: [...parts.map(({ condition }) => condition), whole].filter(isThere),
  };
}

function verdictsOf(
  snapshot: BudgetSnapshot,
  plan: ObjectPlan,
  poolers: ObservedPgBouncers,
  owners: Owners,
): Readonly<Record<BudgetConditionType, Verdict>> {
  const { parsed } = snapshot.budget;
  const unknown = plan.known ? undefined : notUnderstood(plan.problems);
  const budget = parsed.ok ? parsed.value : undefined;
  const nothing = unknown ?? notUnderstood(parsed.ok ? [] : parsed.problems);
  return {
    Feasible: feasible(plan, snapshot.namespaceAlone),
    // A server that can't be read hides nothing of what is open.
    WithinBudget: budget ? withinBudget(budget, snapshot, poolers, owners) : nothing,
    ConfigApplied: plan.known ? configApplied(plan.budget, plan.admitted, poolers) : nothing,
    PostgresGuarded: budget ? postgresGuarded(budget, snapshot, poolers) : nothing,
  };
}

function remarkOf({ budget: { parsed } }: BudgetSnapshot): string {
  if (!parsed.ok || parsed.value.spec.mode !== "Manage") return "";
  return "; mode is Manage, and this version of weir only observes: it changes nothing";
}

function isThere(condition: Condition | undefined): condition is Condition {
  return condition !== undefined;
}
