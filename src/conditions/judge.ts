import { byNames } from "../text/order.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { budgetStatus, BUDGET_CHECKS } from "./budgetStatus.ts";
import { clientOwnersIn } from "./clientOwners.ts";
import { notUnderstood } from "./condition.ts";
import type { Decision, EventRecord, Statuses } from "./decision.ts";
import { eventsOf } from "./events.ts";
import type { BudgetInput, ServerInput } from "./input.ts";
import { conditionMetrics, metricsOf, podsMetric } from "./metrics.ts";
import { planObjects } from "./objectPlan.ts";
import { pgbouncersOf } from "./observed.ts";
import { serverStatus, SERVER_CHECKS } from "./serverStatus.ts";

/**
 * What weir says of one budget and its servers: a function of what was read and of nothing else.
 * Judged again with the statuses that it gave, a snapshot gives the same ones.
 */
export function judge(observed: BudgetSnapshot): Decision {
  const servers = inOrder(observed.servers);
  const snapshot = { ...observed, servers };
  const pgbouncers = pgbouncersOf(snapshot);
  const owners = clientOwnersIn(snapshot, pgbouncers.available);
  const input = { snapshot, plan: planObjects(snapshot), pgbouncers, owners };
  const { budget, atMs } = snapshot;
  const statuses = {
    budget: budgetStatus(input),
    servers: statusesOf(serverInputs(input), atMs),
  };
  return {
    statuses,
    events: [
      ...eventsOf("ConnectionBudget", budget, statuses.budget, BUDGET_CHECKS),
      ...serverEvents(servers, statuses),
    ],
    metrics: [...metricsOf(input), ...conditionMetrics(budget.name, statuses)],
    children: [],
  };
}

/**
 * What weir says of servers whose budget does not exist: nobody reserves anything for them, and
 * nobody looks at what they hold.
 */
export function judgeOrphans(observed: readonly ServerSnapshot[], atMs: number): Decision {
  const servers = inOrder(observed);
  const statuses = { servers: statusesOf(servers.map(orphanInput), atMs) };
  return {
    statuses,
    events: serverEvents(servers, statuses),
    metrics: [...servers.map(podsMetric), ...conditionMetrics(undefined, statuses)],
    children: [],
  };
}

function serverInputs({ snapshot, plan, ...others }: BudgetInput): readonly ServerInput[] {
  if (!plan.known) {
    return snapshot.servers.map((server) => {
      const { parsed } = server.object;
      const unplanned = notUnderstood(parsed.ok ? plan.problems : parsed.problems);
      return { snapshot: server, unplanned };
    });
  }
  const { budget, admissions, admitted } = plan;
  const planned = new Map(admitted.servers.map((server) => [server.name, server]));
  return snapshot.servers.map((server) => {
    const { name, parsed } = server.object;
    const admission = admissions.get(name);
    if (!parsed.ok || admission === undefined) throw new Error(`the plan lacks McpServer ${name}`);
    const numbers = planned.get(name);
    return {
      ...others,
      snapshot: server,
      server: parsed.value,
      budget,
      admission,
      ...(numbers !== undefined && { planned: numbers }),
    };
  });
}

function orphanInput(snapshot: ServerSnapshot): ServerInput {
  const { parsed, namespace } = snapshot.object;
  const message = parsed.ok
    ? `there is no ConnectionBudget ${parsed.value.spec.budgetRef.name} in namespace ${namespace}`
    : "the budget that it names does not exist";
  return { snapshot, unplanned: { status: "Unknown", reason: "BudgetNotFound", message } };
}

function statusesOf(inputs: readonly ServerInput[], atMs: number): Statuses["servers"] {
  return new Map(
    inputs.map((input) => [input.snapshot.object.name, serverStatus(input, atMs)] as const),
  );
}

function serverEvents(
  servers: readonly ServerSnapshot[],
  statuses: Statuses,
): readonly EventRecord[] {
  return servers.flatMap(({ object }) => {
    const status = statuses.servers.get(object.name);
    return status === undefined ? [] : eventsOf("McpServer", object, status, SERVER_CHECKS);
  });
}

/** Servers and their pods by name: what is said must not depend on the order of a list. */
function inOrder(servers: readonly ServerSnapshot[]): readonly ServerSnapshot[] {
  return servers
    .map((server) => ({ ...server, pods: server.pods.toSorted(byNames(({ name }) => [name])) }))
    .toSorted(byNames(({ object }) => [object.name]));
}
