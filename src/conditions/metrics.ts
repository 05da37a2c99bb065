import type { ServerPlan } from "../budget/plan.ts";
import type { Metric, MetricName } from "./decision.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { conditionIn } from "./condition.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import type { Owners } from "./owners.ts";
import type { ObservedPgBouncers } from "./observed.ts";
import { BUDGET_CONDITIONS } from "./budgetStatus.ts";
import { SERVER_CONDITIONS, type Status } from "./serverStatus.ts";
import { shareOf } from "../budget/room.ts";

/** The statuses that the figures are told beside. */
interface Statuses {
  readonly status: Status;
  readonly statuses: readonly { readonly each: ServerSnapshot; readonly status: Status }[];
}

/** What is planned and what is open, for Prometheus. What could not be asked has no figure. */
export function metricsOf(
  snapshot: BudgetSnapshot,
  plan: ObjectPlan,
  poolers: ObservedPgBouncers,
  owners: Owners,
  { status, statuses }: Statuses,
): readonly Metric[] {
  return [
    ...(plan.known ? plannedFigures(plan) : []),
    ...poolerFigures(poolers),
    ...snapshot.servers.flatMap((server) => openFigures(server, poolers, owners)),
    ...postgresFigures(snapshot),
    ...conditionMetrics(`ConnectionBudget/${snapshot.budget.name}`, status, BUDGET_CONDITIONS),
    ...statuses.flatMap(({ each, status: own }) =>
      conditionMetrics(`McpServer/${each.object.name}`, own, SERVER_CONDITIONS),
    ),
  ];
}

function figure(name: MetricName, value: number, labels: Metric["labels"] = {}): Metric {
  return { name, labels, value };
}

function plannedFigures({
  budget,
  admitted: { clients, slots, servers },
}: Extract<ObjectPlan, { readonly known: true }>): readonly Metric[] {
  const { consoles, maintenance, logins } = clients.reserve;
  const { granted, headroom } = clients;
  return [
    figure("weir_clients_capacity", clients.capacity),
    ...partsOf("weir_clients_planned", { consoles, maintenance, logins, granted, headroom }),
    figure("weir_slots_capacity", slots.perProcess),
    ...partsOf("weir_slots_planned", {
      maintenance: slots.maintenance,
      granted: slots.granted,
      headroom: slots.headroom,
    }),
    figure("weir_postgres_connections_planned", shareOf(budget)),
    ...servers.flatMap(serverFigures),
  ];
}

function partsOf(name: MetricName, parts: Readonly<Record<string, number>>): readonly Metric[] {
  return Object.entries(parts).map(([part, value]) => figure(name, value, { part }));
}

function serverFigures({ name: server, grant, limit, slots }: ServerPlan): readonly Metric[] {
  return [
    figure("weir_server_grant", grant, { server }),
    figure("weir_server_limit", limit, { server }),
    figure("weir_server_slots", slots, { server }),
  ];
}

function poolerFigures({ available }: ObservedPgBouncers): readonly Metric[] {
  return available.flatMap(({ name: pgbouncer, state, lines }) => [
    figure("weir_clients_open", state.usedClients, { pgbouncer }),
    ...[...lines.values()].map((line) =>
      figure("weir_server_connections_open", line.openServers, { pgbouncer, line: line.name }),
    ),
  ]);
}

/** Now, not in the window. */
function openFigures(
  server: ServerSnapshot,
  { available }: ObservedPgBouncers,
  owners: Owners,
): readonly Metric[] {
  const { name } = server.object;
  return [
    figure("weir_server_pods", server.pods.length, { server: name }),
    ...available.flatMap((pooler) => {
      const held = owners.heldBy(server, pooler, "now");
      return held.known
        ? [
            figure("weir_server_clients_open", held.count, {
              server: name,
              pgbouncer: pooler.name,
            }),
          ]
        : [];
    }),
  ];
}

function postgresFigures({ postgres }: BudgetSnapshot): readonly Metric[] {
  if (postgres.state !== "available") return [];
  const { maxConnections, role, backends } = postgres.value;
  return [
    figure("weir_postgres_max_connections", maxConnections),
    ...(role.exists ? [figure("weir_postgres_role_limit", role.connectionLimit)] : []),
    figure("weir_postgres_backends", backends),
  ];
}

const VALUES = { True: 1, False: 0, Unknown: -1 } as const;

/** Of an object's conditions, Ready too. */
export function conditionMetrics(
  object: string,
  status: Status,
  types: readonly { readonly type: string }[],
): readonly Metric[] {
  return [...types, { type: "Ready" }].flatMap(({ type }) => {
    const condition = conditionIn(status, type);
    if (condition === undefined) return [];
    return [figure("weir_condition", VALUES[condition.status], { object, type })];
  });
}
