import { shareOf } from "../budget/sums.ts";
import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { conditionIn } from "./condition.ts";
import type { JudgedObject, Metric, MetricName } from "./decision.ts";
import type { BudgetInput } from "./input.ts";
import type { KnownPlan } from "./objectPlan.ts";

/** Planned and open connections, for Prometheus. A number that is not known has no metric. */
export function metricsOf({
  snapshot: { servers, postgres },
  plan,
  pgbouncers: { available },
  owners,
}: BudgetInput): readonly Metric[] {
  return [
    ...(plan.known ? plannedMetrics(plan) : []),
    ...available.flatMap(({ name: pgbouncer, state, lines }) => [
      metric("weir_clients_open", state.usedClients, { pgbouncer }),
      ...[...lines.values()].map(({ name: line, openServers }) =>
        metric("weir_backend_connections_open", openServers, { pgbouncer, line }),
      ),
    ]),
    ...servers.flatMap((server) => [
      podsMetric(server),
      ...available.flatMap((pgbouncer) => {
        const held = owners.heldBy(server, pgbouncer, "now");
        const labels = { server: server.object.name, pgbouncer: pgbouncer.name };
        return held.known ? [metric("weir_server_clients_open", held.count, labels)] : [];
      }),
    ]),
    ...(postgres.state === "available" ? postgresMetrics(postgres.value) : []),
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
}: KnownPlan): readonly Metric[] {
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
    ...servers.flatMap(({ name: server, grant, limit, slots: ownSlots }) => [
      metric("weir_server_grant", grant, { server }),
      metric("weir_server_limit", limit, { server }),
      metric("weir_server_slots", ownSlots, { server }),
    ]),
  ];
}

function partsOf(name: MetricName, parts: Readonly<Record<string, number>>): readonly Metric[] {
  return Object.entries(parts).map(([part, value]) => metric(name, value, { part }));
}

function postgresMetrics({ maxConnections, role, backends }: PostgresSnapshot): readonly Metric[] {
  return [
    metric("weir_postgres_max_connections", maxConnections),
    ...(role.exists ? [metric("weir_postgres_role_limit", role.connectionLimit)] : []),
    metric("weir_postgres_backends", backends),
  ];
}

const VALUES = { True: 1, False: 0, Unknown: -1 } as const;

/** The conditions of an object, Ready too. */
export function conditionMetrics(judged: JudgedObject): readonly Metric[] {
  const object = `${judged.kind}/${judged.object.name}`;
  return [...judged.checks.map(({ type }) => type), "Ready" as const].flatMap((type) => {
    const condition = conditionIn(judged.status, type);
    if (condition === undefined) return [];
    return [metric("weir_condition", VALUES[condition.status], { object, type })];
  });
}
