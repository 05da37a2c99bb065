import * as fc from "fast-check";
import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import { budgetOf, serverOf } from "./fleetOf.ts";

/**
 * Two random fleets of the same few names, both feasible: an old one and a new one in which
 * everything may be different: sizes, shares, processes, which servers and budgets there are, which
 * Postgres they stand before. Every Postgres is nearly or quite full, so that order matters.
 */

const BUDGETS = [
  { name: "alpha", namespace: "north" },
  { name: "beta", namespace: "north" },
  { name: "gamma", namespace: "south" },
] as const;

const SERVERS = ["a", "b", "c"] as const;

interface ArbitraryServer {
  readonly budget: number;
  readonly replicas: number;
  readonly maxReplicas: number | undefined;
  readonly rollout: "RollingUpdate" | "Recreate";
  readonly guaranteed: number;
  readonly more: number;
  readonly minIdle: number;
  readonly processesPerPod: number;
}

const serverWish: fc.Arbitrary<ArbitraryServer | undefined> = fc.option(
  fc.record({
    // Mostly the first budget of its namespace.
    budget: fc.constantFrom(0, 0, 0, 1),
    replicas: fc.integer({ min: 1, max: 3 }),
    maxReplicas: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 }),
    rollout: fc.constantFrom("RollingUpdate", "RollingUpdate", "Recreate"),
    guaranteed: fc.integer({ min: 1, max: 3 }),
    more: fc.integer({ min: 0, max: 8 }),
    minIdle: fc.integer({ min: 0, max: 3 }),
    processesPerPod: fc.constantFrom(1, 1, 2),
  }),
  { nil: undefined, freq: 5 },
);

interface ArbitraryBudget {
  readonly host: string;
  readonly user: string;
  readonly processes: number;
  /** Slots of each process beyond one for each line. */
  readonly slots: number;
  /** Connections of P that no process gets. */
  readonly rest: number;
  /** Client connections beyond all floors. */
  readonly clients: number;
  readonly maintenanceSlots: number;
}

const budgetWish: fc.Arbitrary<ArbitraryBudget | undefined> = fc.option(
  fc.record({
    host: fc.constantFrom("pg1", "pg1", "pg2"),
    user: fc.constantFrom("one", "one", "one", "two"),
    processes: fc.integer({ min: 1, max: 3 }),
    slots: fc.integer({ min: 0, max: 8 }),
    rest: fc.integer({ min: 0, max: 1 }),
    clients: fc.integer({ min: 0, max: 40 }),
    maintenanceSlots: fc.integer({ min: 1, max: 2 }),
  }),
  { nil: undefined, freq: 8 },
);

const spare = fc.record({
  pg1: fc.constantFrom(0, 0, 1, 5),
  pg2: fc.constantFrom(0, 0, 1, 5),
});

interface ArbitraryFleet {
  readonly budgets: readonly (ArbitraryBudget | undefined)[];
  readonly servers: readonly (ArbitraryServer | undefined)[];
  readonly spare: Readonly<Record<string, number>>;
}

const wish: fc.Arbitrary<ArbitraryFleet> = fc.record({
  budgets: fc.tuple(budgetWish, budgetWish, budgetWish),
  servers: fc.tuple(...["north", "south"].flatMap(() => SERVERS.map(() => serverWish))),
  spare,
});

/** Any two feasible fleets, or two that differ in one respect only. */
export function arbitraryChange(): fc.Arbitrary<{ readonly old: Fleet; readonly next: Fleet }> {
  return fc
    .record({ old: wish, next: wish, only: fc.constantFrom("all", "all", "budgets", "servers") })
    .map(({ old, next, only }) => ({
      old: fleetFrom(old),
      next: fleetFrom(only === "all" ? next : { ...old, [only]: next[only] }),
    }));
}

function fleetFrom(chosen: ArbitraryFleet): Fleet {
  const servers = chosen.servers.flatMap((each, index) => {
    const namespace = index < SERVERS.length ? "north" : "south";
    const there = BUDGETS.filter(
      (budget, at) => budget.namespace === namespace && chosen.budgets[at] !== undefined,
    );
    const budget = there[each?.budget ?? 0] ?? there[0];
    if (each === undefined || budget === undefined) return [];
    return server(SERVERS[index % SERVERS.length] ?? "a", budget, each);
  });
  const shares = BUDGETS.map((budget, at) => {
    const each = chosen.budgets[at];
    return each === undefined ? 0 : shareFor(each, drawing(budget, servers).length);
  });
  const budgets = BUDGETS.flatMap((budget, at) => {
    const each = chosen.budgets[at];
    if (each === undefined) return [];
    const onHost = shares.filter((_, other) => chosen.budgets[other]?.host === each.host);
    const available =
      onHost.reduce((sum, share) => sum + share, 0) + (chosen.spare[each.host] ?? 0);
    return budgetFrom(budget, each, shares[at] ?? 0, available, drawing(budget, servers));
  });
  return { budgets, servers };
}

function shareFor(
  { processes, slots, rest, maintenanceSlots }: ArbitraryBudget,
  lines: number,
): number {
  return processes * (maintenanceSlots + lines + slots) + Math.min(rest, processes - 1);
}

function drawing(
  budget: (typeof BUDGETS)[number],
  servers: readonly McpServer[],
): readonly McpServer[] {
  return servers.filter(
    ({ metadata, spec }) =>
      metadata.namespace === budget.namespace && spec.budgetRef.name === budget.name,
  );
}

function budgetFrom(
  { name, namespace }: (typeof BUDGETS)[number],
  each: ArbitraryBudget,
  share: number,
  available: number,
  servers: readonly McpServer[],
): ConnectionBudget {
  const floors = servers.reduce((sum, { spec }) => {
    const replicas = Math.max(spec.replicas, spec.autoscaling?.maxReplicas ?? 0);
    const pods = spec.rollout.type === "RollingUpdate" ? 2 * replicas : replicas;
    return sum + pods * spec.pool.processesPerPod * spec.pool.guaranteed;
  }, 0);
  return budgetOf({
    name,
    namespace,
    postgres: {
      host: `${each.host}.db.svc`,
      user: `${name}-${each.user}`,
      shareConnections: share,
      maxConnections: available + 3,
    },
    pgbouncer: {
      replicas: each.processes,
      maxClientConn: floors + each.clients + 8,
      reserve: { consoles: 2, maintenance: 2, logins: 3, maintenanceSlots: each.maintenanceSlots },
    },
  });
}

function server(name: string, budget: (typeof BUDGETS)[number], each: ArbitraryServer): McpServer {
  return serverOf(
    name,
    {
      budgetRef: { name: budget.name },
      replicas: each.replicas,
      rollout: { type: each.rollout },
      pool: {
        guaranteed: each.guaranteed,
        max: each.guaranteed + each.more,
        minIdle: Math.min(each.minIdle, each.guaranteed),
        processesPerPod: each.processesPerPod,
      },
      ...(each.maxReplicas === undefined ? {} : { autoscaling: { maxReplicas: each.maxReplicas } }),
    },
    budget.namespace,
  );
}
