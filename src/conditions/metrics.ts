import type { ServerPlan } from "../budget/plan.ts";
import type { Figure, FigureName } from "./decision.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { conditionIn } from "./condition.ts";
import type { ObjectPlan } from "./objectPlan.ts";
import type { Owners } from "./owners.ts";
import type { Poolers } from "./observed.ts";
import { BUDGET_CONDITIONS } from "./budgetStatus.ts";
import { SERVER_CONDITIONS, type Status } from "./serverStatus.ts";
import { shareOf } from "../budget/room.ts";

/** The statuses that the figures are told beside. */
interface Statuses {
  readonly status: Status;
  readonly statuses: readonly { readonly each: ServerSnapshot; readonly status: Status }[];
}

/** What is planned and what is open, for Prometheus. What could not be asked has no figure. */
export function figuresOf(
  snapshot: BudgetSnapshot,
  plan: ObjectPlan,
  poolers: Poolers,
  owners: Owners,
  { status, statuses }: Statuses,
): readonly Figure[] {
  return [
    ...(plan.known ? plannedFigures(plan) : []),
    ...poolerFigures(poolers),
    ...snapshot.servers.flatMap((server) => openFigures(server, poolers, owners)),
    ...postgresFigures(snapshot),
    ...conditionFigures(`ConnectionBudget/${snapshot.budget.name}`, status, BUDGET_CONDITIONS),
    ...statuses.flatMap(({ each, status: own }) =>
      conditionFigures(`McpServer/${each.object.name}`, own, SERVER_CONDITIONS),
    ),
  ];
}

function figure(name: FigureName, value: number, labels: Figure["labels"] = {}): Figure {
  return { name, labels, value };
}

function plannedFigures({
  budget,
  admitted: { clients, slots, servers },
}: Extract<ObjectPlan, { readonly known: true }>): readonly Figure[] {
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

function partsOf(name: FigureName, parts: Readonly<Record<string, number>>): readonly Figure[] {
  return Object.entries(parts).map(([part, value]) => figure(name, value, { part }));
}

function serverFigures({ name: server, grant, limit, slots }: ServerPlan): readonly Figure[] {
  return [
    figure("weir_server_grant", grant, { server }),
    figure("weir_server_limit", limit, { server }),
    figure("weir_server_slots", slots, { server }),
  ];
}

function poolerFigures({ seen }: Poolers): readonly Figure[] {
  return seen.flatMap(({ name: pgbouncer, sight, lines }) => [
    figure("weir_clients_open", sight.usedClients, { pgbouncer }),
    ...[...lines.values()].map((line) =>
      figure("weir_server_connections_open", line.openServers, { pgbouncer, line: line.name }),
    ),
  ]);
}

/** Now, not in the window. */
function openFigures(server: ServerSnapshot, { seen }: Poolers, owners: Owners): readonly Figure[] {
  const { name } = server.object;
  return [
    figure("weir_server_pods", server.pods.length, { server: name }),
    ...seen.flatMap((pooler) => {
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

function postgresFigures({ postgres }: BudgetSnapshot): readonly Figure[] {
  if (postgres.state !== "seen") return [];
  const { maxConnections, role, backends } = postgres.value;
  return [
    figure("weir_postgres_max_connections", maxConnections),
    ...(role.exists ? [figure("weir_postgres_role_limit", role.connectionLimit)] : []),
    figure("weir_postgres_backends", backends),
  ];
}

const VALUES = { True: 1, False: 0, Unknown: -1 } as const;

/** Of an object's conditions, Ready too. */
export function conditionFigures(
  object: string,
  status: Status,
  types: readonly { readonly type: string }[],
): readonly Figure[] {
  return [...types, { type: "Ready" }].flatMap(({ type }) => {
    const condition = conditionIn(status, type);
    if (condition === undefined) return [];
    return [figure("weir_condition", VALUES[condition.status], { object, type })];
  });
}
