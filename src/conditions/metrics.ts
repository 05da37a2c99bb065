import type { ServerPlan } from "../budget/plan.ts";
import { shareOf } from "../budget/sums.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { BUDGET_CHECKS } from "./budgetStatus.ts";
import type { ClientOwners } from "./clientOwners.ts";
import { conditionIn } from "./condition.ts";
import type { Metric, MetricName, Statuses } from "./decision.ts";
import type { BudgetInput } from "./input.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import type { ObservedPgBouncers } from "./observed.ts";
import type { ConditionType } from "./reasons.ts";
import { SERVER_CHECKS } from "./serverStatus.ts";

/** What is planned and what is open, for Prometheus. What could not be asked has no metric. */
export function metricsOf({ snapshot, plan, pgbouncers, owners }: BudgetInput): readonly Metric[] {
  return [
    ...(plan.known ? plannedMetrics(plan) : []),
    ...pgbouncerMetrics(pgbouncers),
    ...snapshot.servers.flatMap((server) => [
      podsMetric(server),
      ...openClients(server, pgbouncers, owners),
    ]),
    ...postgresMetrics(snapshot),
  ];
}

/** The pods of a server that exist. */
export function podsMetric({ object, pods }: ServerSnapshot): Metric {
  return metric("weir_server_pods", pods.length, { server: object.name });
}

function metric(name: MetricName, value: number, labels: Metric["labels"] = {}): Metric {
  return { name, labels, value };
}

function plannedMetrics({
  budget,
  admitted: { clients, slots, servers },
}: Extract<ObjectPlan, { readonly known: true }>): readonly Metric[] {
  const { consoles, maintenance, logins } = clients.reserve;
  const { granted, headroom } = clients;
  return [
    metric("weir_clients_capacity", clients.capacity),
    ...partsOf("weir_clients_planned", { consoles, maintenance, logins, granted, headroom }),
    metric("weir_slots_capacity", slots.perProcess),
    ...partsOf("weir_slots_planned", {
      maintenance: slots.maintenance,
      granted: slots.granted,
      headroom: slots.headroom,
    }),
    metric("weir_postgres_connections_planned", shareOf(budget)),
    ...servers.flatMap(serverMetrics),
  ];
}

function partsOf(name: MetricName, parts: Readonly<Record<string, number>>): readonly Metric[] {
  return Object.entries(parts).map(([part, value]) => metric(name, value, { part }));
}

function serverMetrics({ name: server, grant, limit, slots }: ServerPlan): readonly Metric[] {
  return [
    metric("weir_server_grant", grant, { server }),
    metric("weir_server_limit", limit, { server }),
    metric("weir_server_slots", slots, { server }),
  ];
}

function pgbouncerMetrics({ available }: ObservedPgBouncers): readonly Metric[] {
  return available.flatMap(({ name: pgbouncer, state, lines }) => [
    metric("weir_clients_open", state.usedClients, { pgbouncer }),
    ...[...lines.values()].map((line) =>
      metric("weir_backend_connections_open", line.openServers, { pgbouncer, line: line.name }),
    ),
  ]);
}

/** Now, not in the window. */
function openClients(
  server: ServerSnapshot,
  { available }: ObservedPgBouncers,
  owners: ClientOwners,
): readonly Metric[] {
  const { name } = server.object;
  return available.flatMap((pgbouncer) => {
    const held = owners.heldBy(server, pgbouncer, "now");
    if (!held.known) return [];
    const labels = { server: name, pgbouncer: pgbouncer.name };
    return [metric("weir_server_clients_open", held.count, labels)];
  });
}

function postgresMetrics({ postgres }: BudgetSnapshot): readonly Metric[] {
  if (postgres.state !== "available") return [];
  const { maxConnections, role, backends } = postgres.value;
  return [
    metric("weir_postgres_max_connections", maxConnections),
    ...(role.exists ? [metric("weir_postgres_role_limit", role.connectionLimit)] : []),
    metric("weir_postgres_backends", backends),
  ];
}

const VALUES = { True: 1, False: 0, Unknown: -1 } as const;

/** The conditions of a budget and of servers, Ready too. */
export function conditionMetrics(
  budget: string | undefined,
  statuses: Statuses,
): readonly Metric[] {
  return [
    ...(budget === undefined
      ? []
      : metricsOfObject(`ConnectionBudget/${budget}`, statuses.budget, BUDGET_CHECKS)),
    ...[...statuses.servers].flatMap(([name, status]) =>
      metricsOfObject(`McpServer/${name}`, status, SERVER_CHECKS),
    ),
  ];
}

function metricsOfObject(
  object: string,
  status: { readonly conditions?: unknown } | undefined,
  checks: readonly { readonly type: ConditionType }[],
): readonly Metric[] {
  return [...checks.map(({ type }) => type), "Ready" as const].flatMap((type) => {
    const condition = conditionIn(status, type);
    if (condition === undefined) return [];
    return [metric("weir_condition", VALUES[condition.status], { object, type })];
  });
}
