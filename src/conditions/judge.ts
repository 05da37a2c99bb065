import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import type { McpServerStatus } from "../api/mcpServer.ts";
import { byNames } from "../text/order.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { clientOwnersIn } from "./clientOwners.ts";
import { notUnderstood } from "./condition.ts";
import type { Decision, JudgedObject, Metric } from "./decision.ts";
import { eventsOf } from "./events.ts";
import type { BudgetInput, ServerInput } from "./input.ts";
import { conditionMetrics, metricsOf, podsMetric } from "./metrics.ts";
import { planObjects, type ObjectPlan } from "./objectPlan.ts";
import { pgbouncersOf } from "./sources.ts";
import { BUDGET_CHECKS, budgetStatus, SERVER_CHECKS, serverStatus } from "./statuses.ts";

/**
 * What weir says of one budget and its servers: a function of what was read and of nothing else.
 * Judged again with the statuses that it gave, a snapshot gives the same ones.
 */
export function judge(observed: BudgetSnapshot): Decision {
  const snapshot = { ...observed, servers: inOrder(observed.servers) };
  const pgbouncers = pgbouncersOf(snapshot);
  const owners = clientOwnersIn(snapshot, pgbouncers.available);
  const input = { snapshot, plan: planObjects(snapshot), pgbouncers, owners };
  const budget = {
    kind: "ConnectionBudget",
    object: snapshot.budget,
    checks: BUDGET_CHECKS,
    status: budgetStatus(input),
  } as const;
  const servers = serverInputs(input).map((each) => judgedServer(each, snapshot.atMs));
  return { ...decisionOf(metricsOf(input), servers, budget), ...faultOf(input.plan) };
}

/**
 * The statuses of servers whose budget does not exist: nothing is reserved for them, and
 * weir does not check what they hold.
 */
export function judgeOrphans(observed: readonly ServerSnapshot[], atMs: number): Decision {
  const servers = inOrder(observed);
  const judged = servers.map((each) => judgedServer(orphanInput(each), atMs));
  return decisionOf(servers.map(podsMetric), judged);
}

function faultOf(plan: ObjectPlan): Pick<Decision, "fault"> {
  const isFault = !plan.known && plan.why.reason === "SumsDisagree";
  return isFault ? { fault: plan.why.message } : {};
}

function serverInputs({ snapshot, plan, ...others }: BudgetInput): readonly ServerInput[] {
  if (!plan.known) {
    return snapshot.servers.map((server) => {
      const { parsed } = server.object;
      const unplanned = parsed.ok ? plan.why : notUnderstood(parsed.problems);
      return { snapshot: server, unplanned };
    });
  }
  const { budget, admissions, admitted } = plan;
  const planned = new Map(admitted.servers.map((server) => [server.name, server]));
  return snapshot.servers.map((server) => {
    const { name, parsed } = server.object;
    const admission = admissions.get(name);
    if (!parsed.ok || admission === undefined) throw new Error(`the plan lacks McpServer ${name}`);
    return {
      ...others,
      snapshot: server,
      server: parsed.value,
      budget,
      admission,
      planned: planned.get(name),
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

function judgedServer(input: ServerInput, atMs: number): JudgedObject<McpServerStatus> {
  const { object } = input.snapshot;
  return { kind: "McpServer", object, checks: SERVER_CHECKS, status: serverStatus(input, atMs) };
}

function decisionOf(
  metrics: readonly Metric[],
  servers: readonly JudgedObject<McpServerStatus>[],
  budget?: JudgedObject<ConnectionBudgetStatus>,
): Decision {
  const all = [...(budget === undefined ? [] : [budget]), ...servers];
  return {
    statuses: {
      ...(budget !== undefined && { budget: budget.status }),
      servers: new Map(servers.map(({ object, status }) => [object.name, status])),
    },
    events: all.flatMap(eventsOf),
    metrics: [...metrics, ...all.flatMap(conditionMetrics)],
    children: [],
  };
}

/** Servers and their pods by name: what is said must not depend on the order of a list. */
function inOrder(servers: readonly ServerSnapshot[]): readonly ServerSnapshot[] {
  return servers
    .map((server) => ({ ...server, pods: server.pods.toSorted(byNames(({ name }) => [name])) }))
    .toSorted(byNames(({ object }) => [object.name]));
}
