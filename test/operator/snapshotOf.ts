import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import { processCountOf, roleOf } from "../../src/api/connectionBudget.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import { shareOf } from "../../src/budget/sums.ts";
import type {
  BudgetSnapshot,
  ObservedObject,
  ServerSnapshot,
} from "../../src/model/budgetSnapshot.ts";
import type { Observation } from "../../src/model/observation.ts";
import type {
  ClientCount,
  DatabaseRow,
  LineState,
  PgBouncerSnapshot,
  PgBouncerState,
} from "../../src/model/pgbouncer.ts";
import type { PostgresSnapshot } from "../../src/model/postgres.ts";
import type { PodSnapshot } from "../../src/model/workload.ts";
import type { Condition } from "../../src/api/kubernetes.ts";
import { conditionIn } from "../../src/conditions/condition.ts";
import { judge } from "../../src/conditions/judge.ts";
import { planObjects } from "../../src/conditions/objectPlan.ts";
import type { Decision } from "../../src/conditions/decision.ts";
import { linesOf } from "../../src/pgbouncer/lines.ts";
import { budgetOf, INCIDENT_NAMES, serverOf } from "../fleets/fleetOf.ts";

/** Snapshots for the tests of the decisions: a healthy system, and what is changed of it. */

/** 2026-11-26 12:00:00 UTC. */
export const AT_MS = Date.UTC(2026, 10, 26, 12);

/** Long enough to take something back. */
const WINDOW_MS = 10_000;

export function observed<T extends ConnectionBudget | McpServer>(
  value: T,
  more: Partial<ObservedObject<T>> = {},
): ObservedObject<T> {
  const { namespace, name } = value.metadata;
  return {
    namespace,
    name,
    uid: `uid-${name}`,
    generation: 1,
    creationTimestamp: "2026-11-26T09:00:00Z",
    parsed: { ok: true, value },
    status: {},
    ...more,
  };
}

export function seen<T>(value: T): Observation<T> {
  return { state: "available", value };
}

export const PENDING: Observation<never> = { state: "pending" };

export const UNREACHABLE: Observation<never> = {
  state: "unavailable",
  reason: "Unreachable",
  message: "connection refused",
};

/** One pod of a server, at an address of its own. */
export function podOf(name: string, more: Partial<PodSnapshot> = {}): PodSnapshot {
  return { name, ready: true, terminating: false, ...more };
}

/** A server with one ready pod and the template that its plan wants. */
export function runningOf(
  server: McpServer,
  poolMax: number,
  index: number,
  more: Partial<ServerSnapshot> = {},
): ServerSnapshot {
  const { name } = server.metadata;
  const disabled = server.spec.activation === "Disabled";
  const address = `10.0.${Math.floor(index / 250)}.${1 + (index % 250)}`;
  return {
    object: observed(server),
    ...(!disabled && {
      workload: {
        kind: "Deployment",
        name,
        replicas: server.spec.replicas,
        rollout: server.spec.rollout.type,
        poolMax,
        poolMaxFrom: `env ${server.spec.pool.env.max} of container server`,
      },
    }),
    pods: disabled ? [] : [podOf(`${name}-0`, { address, poolMax })],
    handshake: seen({
      ok: true,
      protocolVersion: "2025-11-25",
      serverName: name,
      pod: `${name}-0`,
    }),
    ...more,
  };
}

/** What a process has open, beside its lines and settings. */
interface ProcessLoad {
  readonly clients?: readonly ClientCount[];
  readonly window?: Partial<PgBouncerState["window"]>;
  readonly servers?: ReadonlyMap<string, number>;
}

/** A process with these lines; what is open follows from its clients. */
export function pgbouncerStateOf(
  lines: readonly DatabaseRow[],
  settings: Readonly<Record<string, string>>,
  { clients = [], window = {}, servers = new Map() }: ProcessLoad = {},
): PgBouncerState {
  const count = (is: (client: ClientCount) => boolean) =>
    clients.filter(is).reduce((sum, client) => sum + client.count, 0);
  const open = lines.map((line) => ({
    ...line,
    openClients: count((client) => client.line === line.name),
    openServers: servers.get(line.name) ?? 0,
    roles: line.forceUser === undefined ? [] : [line.forceUser],
  }));
  const usedClients = count(() => true) + 1;
  const addresses = new Map(
    clients.map(({ address }) => [address, count((client) => client.address === address)]),
  );
  return {
    version: "1.26.1",
    address: "10.1.0.1:6432",
    config: new Map(Object.entries(settings)),
    lines: open,
    clients,
    usedClients,
    loggingIn: 0,
    window: {
      lengthMs: WINDOW_MS,
      usedClientsMax: usedClients,
      logins: [],
      lines: new Map(
        open.map(({ name, openClients, openServers }) => [
          name,
          { clientsMax: openClients, serversMax: openServers },
        ]),
      ),
      addresses,
      addressesHeld: addresses,
      addressesHeldMin: addresses,
      ...window,
    },
  };
}

/** A line as weir sets it. */
export function lineStateOf(
  budget: ConnectionBudget,
  name: string,
  clients: number,
  slots: number,
): DatabaseRow {
  const { postgres, pgbouncer } = budget.spec;
  return {
    name,
    host: postgres.host,
    port: postgres.port,
    database: postgres.database,
    forceUser: roleOf(budget),
    poolSize: slots,
    reservePoolSize: 0,
    poolMode: pgbouncer.poolMode,
    maxConnections: 0,
    maxClientConnections: clients,
    paused: false,
    disabled: false,
  };
}

export function postgresSnapshot(
  budget: ConnectionBudget,
  more: Partial<PostgresSnapshot> = {},
  role: Partial<PostgresSnapshot["role"]> = {},
): PostgresSnapshot {
  return {
    address: "postgres:5432",
    version: "17.6",
    maxConnections: budget.spec.postgres.maxConnections,
    superuserReservedConnections: budget.spec.postgres.superuserReservedConnections,
    reservedConnections: budget.spec.postgres.reservedConnections,
    role: {
      name: roleOf(budget),
      exists: true,
      superuser: false,
      connectionLimit: shareOf(budget),
      clientConnectionCheckIntervalMs: 500,
      keepaliveS: 60,
      ...role,
    },
    backends: 3,
    ...more,
  };
}

/** What a test says of a snapshot; the rest is healthy. */
interface SnapshotOptions {
  readonly budget?: ConnectionBudget;
  readonly servers?: readonly McpServer[];
  readonly neighbours?: readonly ConnectionBudget[];
  readonly load?: ProcessLoad;
}

/** A tier of weir's own and its servers, all as planned. */
export function snapshotOf({
  budget = budgetOf(),
  servers = INCIDENT_NAMES.map((name) => serverOf(name)),
  neighbours = [],
  load = {},
}: SnapshotOptions = {}): BudgetSnapshot {
  const objects = {
    budget: observed(budget),
    servers: servers.map((server, index) => runningOf(server, 1, index)),
    neighbours,
    unreadNeighbours: [],
  };
  const plan = planObjects(objects);
  if (!plan.known) throw new Error(plan.why.message);
  const limits = new Map(plan.admitted.servers.map(({ name, limit }) => [name, limit]));
  const state = pgbouncerStateOf(
    linesOf(budget, plan.admitted).map(({ name, clients, slots }) =>
      lineStateOf(budget, name, clients, slots),
    ),
    {
      max_client_conn: String(budget.spec.pgbouncer.maxClientConn),
      pool_mode: budget.spec.pgbouncer.poolMode,
      client_login_timeout: "5",
    },
    load,
  );
  const poolers = Array.from({ length: processCountOf(budget) }, (_, ordinal) => ({
    name: `${budget.metadata.name}-pgbouncer-${ordinal}`,
    observation: seen(state),
  }));
  return {
    atMs: AT_MS,
    ...objects,
    servers: servers.map((server, index) =>
      runningOf(server, limits.get(server.metadata.name) ?? 1, index),
    ),
    pgbouncers: seen(poolers),
    postgres: seen(postgresSnapshot(budget)),
  };
}

/**
 * The incident: an existing PgBouncer of 200 with one line for all, and ten servers of 20.
 *
 * @param processes what its budget says of it; one is seen
 */
export function incidentSnapshot(held: number, processes = 1): BudgetSnapshot {
  const budget = observeExisting(processes);
  const servers = INCIDENT_NAMES.map((name) =>
    serverOf(name, { rollout: { type: "Recreate" }, pool: { max: 19 } }),
  );
  const line = { ...lineStateOf(budget, "writing", 0, 20), maxClientConnections: 0 };
  const clients = servers.map((_, index) => ({
    line: "writing",
    user: "writing",
    address: `10.0.0.${1 + index}`,
    count: held,
    idle: held,
    waiting: 0,
  }));
  const state = pgbouncerStateOf(
    [line],
    { max_client_conn: "200", pool_mode: "transaction" },
    { clients },
  );
  return {
    atMs: AT_MS,
    budget: observed(budget),
    servers: servers.map((server, index) => runningOf(server, 20, index)),
    neighbours: [],
    unreadNeighbours: [],
    pgbouncers: seen([{ name: "old-pgbouncer:6432", observation: seen(state) }]),
    postgres: seen(postgresSnapshot(budget)),
  };
}

/** A budget that observes a PgBouncer which weir did not make, of so many processes. */
export function observeExisting(processes = 1): ConnectionBudget {
  const budget = budgetOf();
  const statsSecretRef = { name: "old-stats" };
  const existing = { host: "old-pgbouncer", port: 6432, processes, statsSecretRef };
  return {
    ...budget,
    spec: { ...budget.spec, mode: "Observe", pgbouncer: { ...budget.spec.pgbouncer, existing } },
  };
}

/** The snapshot with its processes' states changed, all of them or the one of this ordinal. */
export function withPgBouncerState(
  snapshot: BudgetSnapshot,
  change: (state: PgBouncerState) => PgBouncerState,
  only?: number,
): BudgetSnapshot {
  if (snapshot.pgbouncers.state !== "available") return snapshot;
  const poolers = snapshot.pgbouncers.value.map((pooler, ordinal): PgBouncerSnapshot => {
    const { observation } = pooler;
    if (observation.state !== "available" || (only !== undefined && only !== ordinal))
      return pooler;
    return { ...pooler, observation: seen(change(observation.value)) };
  });
  return { ...snapshot, pgbouncers: seen(poolers) };
}

/** One process' line changed. */
export function withLine(
  name: string,
  change: Partial<LineState>,
): (state: PgBouncerState) => PgBouncerState {
  return (state) => ({
    ...state,
    lines: state.lines.map((line) => (line.name === name ? { ...line, ...change } : line)),
  });
}

/** One server changed. */
export function withServer(
  snapshot: BudgetSnapshot,
  name: string,
  change: (server: ServerSnapshot) => ServerSnapshot,
): BudgetSnapshot {
  return {
    ...snapshot,
    servers: snapshot.servers.map((server) =>
      server.object.name === name ? change(server) : server,
    ),
  };
}

/** The snapshot a second later, with the statuses that a judgement gave. */
export function after(snapshot: BudgetSnapshot, judgement: Decision): BudgetSnapshot {
  return {
    ...snapshot,
    atMs: snapshot.atMs + 1000,
    budget: { ...snapshot.budget, status: judgement.statuses.budget ?? {} },
    servers: snapshot.servers.map((server) => ({
      ...server,
      object: {
        ...server.object,
        status: judgement.statuses.servers.get(server.object.name) ?? {},
      },
    })),
  };
}

/** A budget's condition. */
export function budgetCondition(snapshot: BudgetSnapshot, type: string): Condition | undefined {
  return conditionIn(judge(snapshot).statuses.budget, type);
}

/** A server's condition. */
export function serverCondition(
  snapshot: BudgetSnapshot,
  name: string,
  type: string,
): Condition | undefined {
  return conditionIn(judge(snapshot).statuses.servers.get(name) ?? {}, type);
}
