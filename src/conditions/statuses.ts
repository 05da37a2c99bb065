import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import type { McpServerStatus } from "../api/mcpServer.ts";
import { admitted } from "./admitted.ts";
import { runChain, type Check } from "./chain.ts";
import { configApplied } from "./configApplied.ts";
import { feasible } from "./feasible.ts";
import type { BudgetInput, ServerInput } from "./input.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import { isTooEarly } from "./sources.ts";
import { poolSettingIgnored } from "./poolSettingIgnored.ts";
import { postgresGuarded } from "./postgresGuarded.ts";
import { verified } from "./verified.ts";
import { withinBudget } from "./withinBudget.ts";
import { withinGrant } from "./withinGrant.ts";

/** The checks of a ConnectionBudget, in the order in which they run. */
export const BUDGET_CHECKS: readonly Check<BudgetInput>[] = [
  { type: "Feasible", success: "True", check: feasible },
  { type: "WithinBudget", success: "True", check: withinBudget },
  { type: "ConfigApplied", success: "True", check: configApplied },
  { type: "PostgresGuarded", success: "True", check: postgresGuarded },
];

/** The whole status of a budget. It keeps the targets, which another program writes. */
export function budgetStatus(input: BudgetInput): ConnectionBudgetStatus {
  const { snapshot, plan, pgbouncers } = input;
  const { budget, atMs } = snapshot;
  const { targets, ...before } = budget.status;
  const selector = snapshot.pgbouncerSelector ?? before.selector;
  // Until every process was asked, their number is not known.
  const replicas = (pgbouncers.pending ? undefined : pgbouncers.apart) ?? before.replicas;
  return {
    observedGeneration: budget.generation,
    replicas,
    selector,
    targets,
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

/** The checks of an McpServer, in the order in which they run. */
export const SERVER_CHECKS: readonly Check<ServerInput>[] = [
  { type: "Admitted", success: "True", check: admitted },
  { type: "WithinGrant", success: "True", check: withinGrant },
  { type: "PoolSettingIgnored", success: "False", check: poolSettingIgnored },
  { type: "Verified", success: "True", check: verified },
];

/** The whole status of a server. */
export function serverStatus(input: ServerInput, atMs: number): McpServerStatus {
  const { object, workload, pods } = input.snapshot;
  const selector = workload?.selector ?? object.status.selector;
  return {
    observedGeneration: object.generation,
    replicas: pods.length,
    selector,
    ...numbersOf(input),
    conditions: runChain(SERVER_CHECKS, {
      object,
      input,
      atMs,
      isTooEarly: input.unplanned === undefined && isTooEarly(input.pgbouncers),
    }),
  };
}

/** While the plan of its budget is not known, a server keeps the numbers that it had. */
function numbersOf({
  unplanned,
  planned,
  snapshot,
}: ServerInput): Pick<McpServerStatus, "limit" | "grant" | "slots"> {
  if (unplanned !== undefined && unplanned.reason !== "BudgetNotFound") {
    const { limit, grant, slots } = snapshot.object.status;
    return { limit, grant, slots };
  }
  const { limit = 0, grant = 0, slots = 0 } = planned ?? {};
  return { limit, grant, slots };
}
