import { POSTGRES_COUNTS, processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan } from "./plan.ts";
import type { SharedPostgres } from "./postgresShares.ts";
import { counted, listed } from "../text/wording.ts";

/** Notes about one budget on things that break no sum, one sentence each. */
export function budgetWarnings(
  budget: ConnectionBudget,
  servers: readonly McpServer[],
  plan: BudgetPlan,
): readonly string[] {
  return [
    ...oneProcess(budget),
    ...slotsKeptBySessions(budget, plan),
    ...weightsWithoutEffect(budget, servers),
  ].map((text) => `Budget ${plan.namespace}/${plan.name}: ${text}`);
}

function oneProcess(budget: ConnectionBudget): readonly string[] {
  return processCountOf(budget) > 1
    ? []
    : ["one PgBouncer replica means that no server reaches Postgres while it is replaced."];
}

/** Outside transaction pooling a client keeps its backend connection from first query to close. */
function slotsKeptBySessions({ spec }: ConnectionBudget, plan: BudgetPlan): readonly string[] {
  const waiting = plan.servers.filter(({ grant, slots }) => grant > slots);
  if (spec.pgbouncer.poolMode !== "session" || waiting.length === 0) return [];
  return [
    `with poolMode session a client keeps its backend connection until it leaves; ` +
      `${counted(waiting.length, "server")} may open more clients than slots, and the rest wait: ` +
      `${listed(waiting.map(({ name }) => name))}.`,
  ];
}

function weightsWithoutEffect(
  { spec }: ConnectionBudget,
  servers: readonly McpServer[],
): readonly string[] {
  const weighted = servers.filter((server) => server.spec.weight !== 1);
  if (spec.policy !== "Equal" || weighted.length === 0) return [];
  const names = weighted.map(({ metadata }) => metadata.name).toSorted();
  return [`with policy Equal the weight of ${listed(names)} has no effect.`];
}

/** What the budgets of one Postgres say about it must agree; the smallest counts. */
export function postgresWarnings({ plan, budgets }: SharedPostgres): readonly string[] {
  return POSTGRES_COUNTS.flatMap((field) => {
    const values = budgets.map(({ metadata, spec }) => ({
      budget: `${metadata.namespace}/${metadata.name}`,
      value: spec.postgres[field],
    }));
    if (new Set(values.map(({ value }) => value)).size < 2) return [];
    return [
      `Postgres ${formatPostgresAddress(plan)}: its budgets disagree about ${field} ` +
        `(${values.map(({ budget, value }) => `${budget} says ${value}`).join(", ")}); ` +
        `the least that any of them leaves counts: ${plan.available} connections.`,
    ];
  });
}
