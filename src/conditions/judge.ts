import { byNames } from "../text/order.ts";
import type { Decision } from "./decision.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { budgetStatus, BUDGET_CONDITIONS } from "./budgetStatus.ts";
import { metricsOf } from "./metrics.ts";
import { eventsOf } from "./events.ts";
import { planObjects, type ObjectPlan } from "./objectPlan.ts";
import { ownersIn } from "./owners.ts";
import { pgbouncersOf } from "./observed.ts";
import { serverStatus, SERVER_CONDITIONS, unplannedStatus } from "./serverStatus.ts";

/**
 * What weir says of one budget and its servers: a function of what was read and of nothing else.
 * Judged again with the statuses that it gave, a snapshot gives the same ones.
 *
 * @param plan what planObjects made of the snapshot's objects, where the caller kept it
 */
export function judge(
  snapshot: BudgetSnapshot,
  plan: ObjectPlan = planObjects(snapshot),
): Decision {
  const { atMs, budget } = snapshot;
  const servers = inOrder(snapshot);
  const poolers = pgbouncersOf(snapshot);
  const owners = ownersIn({ budget, servers }, poolers.available);
  const planned = new Map(
    plan.known ? plan.admitted.servers.map((server) => [server.name, server]) : [],
  );
  const statuses = servers.map((each) => {
    const { name, parsed } = each.object;
    if (!plan.known) return { each, status: unplannedStatus(each, plan.problems, atMs) };
    const admission = plan.admissions.get(name);
    if (!parsed.ok || admission === undefined) {
      throw new Error(`the plan is not of this snapshot: it lacks McpServer ${name}`);
    }
    const numbers = planned.get(name);
    const its = {
      snapshot: each,
      server: parsed.value,
      budget: plan.budget,
      admission,
      ...(numbers !== undefined && { planned: numbers }),
      poolers,
      owners,
    };
    return { each, status: serverStatus(its, atMs) };
  });
  const status = budgetStatus(snapshot, plan, poolers, owners);
  return {
    budgetStatus: status,
    serverStatuses: new Map(statuses.map((one) => [one.each.object.name, one.status])),
    events: [
      ...eventsOf(
        { kind: "ConnectionBudget", name: budget.name },
        budget,
        status,
        BUDGET_CONDITIONS,
      ),
      ...statuses.flatMap((one) =>
        eventsOf(
          { kind: "McpServer", name: one.each.object.name },
          one.each.object,
          one.status,
          SERVER_CONDITIONS,
        ),
      ),
    ],
    metrics: metricsOf({ ...snapshot, servers }, plan, poolers, owners, { status, statuses }),
  };
}

/** Servers and their pods by name: what is said must not depend on the order of a list. */
function inOrder({ servers }: BudgetSnapshot): readonly ServerSnapshot[] {
  return servers
    .map((server) => ({ ...server, pods: server.pods.toSorted(byNames(({ name }) => [name])) }))
    .toSorted(byNames(({ object }) => [object.name]));
}
