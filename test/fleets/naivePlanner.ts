import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";

/** What the naive planner says of one budget: only numbers. */
interface NaivePlan {
  readonly budget: string;
  readonly feasible: boolean;
  readonly clientsMissing: number;
  readonly slotsMissing: number;
  readonly servers: Readonly<
    Record<string, { readonly limit: number; readonly grant: number; readonly slots: number }>
  >;
}

/**
 * The planner once more, written from budget.md and from nothing else, to be held against the real
 * one: it adds one unit after the other, looks at everybody for each, and compares fractions as
 * exact big integers. Slow on purpose.
 */
export function naivePlan(fleet: Fleet): readonly NaivePlan[] {
  return fleet.budgets.map((budget) => {
    const mine: Record<string, McpServer> = {};
    for (const server of fleet.servers) {
      if (server.metadata.namespace !== budget.metadata.namespace) continue;
      if (server.spec.budgetRef.name !== budget.metadata.name) continue;
      if (server.spec.activation === "Disabled") continue;
      mine[server.metadata.name] = server;
    }
    return planOne(budget, mine, postgresHolds(budget, fleet));
  });
}

function planOne(
  budget: ConnectionBudget,
  mine: Record<string, McpServer>,
  sharesHold: boolean,
): NaivePlan {
  const { maxClientConn, reserve, replicas, existing } = budget.spec.pgbouncer;
  const usable = maxClientConn - (reserve.consoles + reserve.maintenance + reserve.logins);
  const slotsThere =
    quotient(share(budget), existing?.processes ?? replicas) - reserve.maintenanceSlots;
  const names = Object.keys(mine);
  const peaks = mapOf(mine, peak);
  const limits = mapOf(mine, (server) => server.spec.pool.guaranteed);
  const slots = mapOf(mine, () => 1);

  const clientsMissing = atLeast0(spent(limits, peaks) - usable);
  const slotsMissing = atLeast0(names.length - slotsThere);
  const feasible = clientsMissing === 0 && slotsMissing === 0 && sharesHold;
  const weights = mapOf(mine, ({ spec }) => (budget.spec.policy === "Equal" ? 1 : spec.weight));
  const ones = mapOf(mine, () => 1);
  if (feasible) {
    give(
      limits,
      mapOf(mine, ({ spec }) => spec.pool.max),
      weights,
      peaks,
      usable,
    );
    const grants = mapOf(mine, (_server, name) => of(limits, name) * of(peaks, name));
    give(slots, grants, weights, ones, slotsThere);
  }
  return {
    budget: `${budget.metadata.namespace}/${budget.metadata.name}`,
    feasible,
    clientsMissing,
    slotsMissing,
    servers: Object.fromEntries(
      names.map((name) => [
        name,
        {
          limit: of(limits, name),
          grant: of(limits, name) * of(peaks, name),
          slots: of(slots, name),
        },
      ]),
    ),
  };
}

type Counts = Record<string, number>;

/** Gives one unit at a time, to who has the least for his weight and whose cost still fits. */
function give(has: Counts, most: Counts, weights: Counts, costs: Counts, there: number): void {
  for (;;) {
    const left = there - spent(has, costs);
    let poorest: string | undefined;
    for (const name of Object.keys(has)) {
      if (of(has, name) >= of(most, name) || of(costs, name) > left) continue;
      if (poorest === undefined || isPoorer(name, poorest, has, weights)) poorest = name;
    }
    if (poorest === undefined) return;
    has[poorest] = of(has, poorest) + 1;
  }
}

function isPoorer(name: string, other: string, has: Counts, weights: Counts): boolean {
  const mine = BigInt(of(has, name)) * BigInt(of(weights, other));
  const theirs = BigInt(of(has, other)) * BigInt(of(weights, name));
  return mine < theirs || (mine === theirs && name < other);
}

function peak({ spec }: McpServer): number {
  const replicas = Math.max(spec.autoscaling?.maxReplicas ?? 1, spec.replicas);
  return (spec.rollout.type === "Recreate" ? 1 : 2) * replicas * spec.pool.processesPerPod;
}

function share({ spec: { postgres } }: ConnectionBudget): number {
  return postgres.shareConnections ?? admitted(postgres);
}

function admitted(postgres: ConnectionBudget["spec"]["postgres"]): number {
  const { maxConnections, superuserReservedConnections } = postgres;
  return (
    maxConnections -
    superuserReservedConnections -
    postgres.reservedConnections -
    postgres.directConnections
  );
}

/** Whether all shares of the Postgres behind a budget fit what the meanest of them says. */
function postgresHolds(budget: ConnectionBudget, fleet: Fleet): boolean {
  const sharers = fleet.budgets.filter((other) => address(other) === address(budget));
  let shares = 0;
  for (const sharer of sharers) shares += share(sharer);
  return sharers.every((sharer) => shares <= admitted(sharer.spec.postgres));
}

function address({ metadata, spec }: ConnectionBudget): string {
  const inCluster = `${spec.postgres.host}.${metadata.namespace}.svc.cluster.local`;
  const host = spec.postgres.host.includes(".") ? spec.postgres.host : inCluster;
  return `${host}:${spec.postgres.port}`;
}

function mapOf(
  servers: Record<string, McpServer>,
  value: (server: McpServer, name: string) => number,
): Counts {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, value(server, name)]),
  );
}

function of(counts: Counts, name: string): number {
  const count = counts[name];
  if (count === undefined) throw new Error(`no count of ${name}`);
  return count;
}

function spent(units: Counts, costs: Counts): number {
  let total = 0;
  for (const name of Object.keys(units)) total += of(units, name) * of(costs, name);
  return total;
}

/** How often `divisor` fits into `dividend`, by taking it away. */
function quotient(dividend: number, divisor: number): number {
  let times = 0;
  for (let left = dividend; left >= divisor; left -= divisor) times += 1;
  return times;
}

function atLeast0(count: number): number {
  return count > 0 ? count : 0;
}
