import * as fc from "fast-check";
import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import { keyOf, type Fleet } from "../../src/api/fleet.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import { budgetOf, serverOf } from "./fleetOf.ts";

/**
 * Small random fleets, all valid by the schemas: one to three budgets in two namespaces, with one
 * Postgres or several behind them, and up to six servers each; many can't fit, many just fit.
 */

const policies = ["Equal", "Weighted", "Adaptive"] as const;

const reserve = fc
  .record({
    consoles: fc.integer({ min: 0, max: 3 }),
    maintenance: fc.integer({ min: 1, max: 4 }),
    maintenanceSlots: fc.integer({ min: 1, max: 4 }),
    logins: fc.integer({ min: 0, max: 3 }),
  })
  .map((each) => ({
    ...each,
    maintenanceSlots: Math.min(each.maintenanceSlots, each.maintenance),
  }));

interface Shape {
  /** May several budgets share one Postgres? */
  readonly budgetsMax: number;
  readonly serversMax: number;
}

export const SMALL: Shape = { budgetsMax: 3, serversMax: 6 };
export const ONE_BUDGET: Shape = { budgetsMax: 1, serversMax: 6 };

function budgets({ budgetsMax }: Shape): fc.Arbitrary<readonly ConnectionBudget[]> {
  return fc.uniqueArray(
    fc
      .record({
        name: fc.constantFrom("alpha", "beta", "gamma"),
        namespace: fc.constantFrom("north", "south"),
        policy: fc.constantFrom(...policies),
        host: fc.constantFrom("pg", "pg.north.svc.cluster.local", "pg.example.com"),
        directConnections: fc.integer({ min: 0, max: 2 }),
        share: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
        maxConnections: fc.integer({ min: 8, max: 60 }),
        replicas: fc.integer({ min: 1, max: 3 }),
        usable: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 150 })),
        reserve,
      })
      .map((wish) =>
        budgetOf({
          name: wish.name,
          namespace: wish.namespace,
          policy: wish.policy,
          postgres: {
            host: wish.host,
            maxConnections: wish.maxConnections,
            directConnections: wish.directConnections,
            ...(wish.share === undefined ? {} : { shareConnections: wish.share }),
          },
          pgbouncer: {
            replicas: wish.replicas,
            reserve: wish.reserve,
            maxClientConn:
              wish.usable + wish.reserve.consoles + wish.reserve.maintenance + wish.reserve.logins,
          },
        }),
      ),
    { selector: keyOf, minLength: 1, maxLength: budgetsMax },
  );
}

function server(budget: ConnectionBudget, name: string): fc.Arbitrary<McpServer> {
  return fc
    .record({
      guaranteed: fc.integer({ min: 1, max: 5 }),
      more: fc.integer({ min: 0, max: 12 }),
      minIdle: fc.integer({ min: 0, max: 5 }),
      processesPerPod: fc.integer({ min: 1, max: 2 }),
      replicas: fc.integer({ min: 1, max: 2 }),
      maxReplicas: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      rollout: fc.constantFrom("RollingUpdate", "Recreate"),
      weight: fc.integer({ min: 1, max: 5 }),
      priority: fc.integer({ min: -1, max: 1 }),
      activation: fc.constantFrom("Always", "Always", "Always", "OnDemand", "Disabled"),
      image: fc.constantFrom("example/one:1", "example/two:1"),
    })
    .map((wish) =>
      serverOf(
        name,
        {
          budgetRef: { name: budget.metadata.name },
          image: wish.image,
          replicas: wish.replicas,
          rollout: { type: wish.rollout },
          weight: wish.weight,
          priority: wish.priority,
          activation: wish.activation,
          pool: {
            guaranteed: wish.guaranteed,
            max: wish.guaranteed + wish.more,
            minIdle: Math.min(wish.minIdle, wish.guaranteed),
            processesPerPod: wish.processesPerPod,
          },
          ...(wish.maxReplicas === undefined
            ? {}
            : { autoscaling: { maxReplicas: wish.maxReplicas } }),
        },
        budget.metadata.namespace,
      ),
    );
}

/** Names of servers: unlike their order of creation, and with prefixes of each other. */
const NAMES = ["m", "b", "ma", "z", "a-1", "a"];

/** Any small valid fleet. */
export function arbitraryFleet(shape: Shape = SMALL): fc.Arbitrary<Fleet> {
  return budgets(shape).chain((chosen) =>
    fc
      .tuple(
        ...chosen.map((budget, index) =>
          fc
            .subarray(NAMES.slice(0, shape.serversMax))
            // A server's name is its own in its namespace.
            .chain((names) =>
              fc.tuple(
                ...names.map((name) => server(budget, `${name}${index === 0 ? "" : index}`)),
              ),
            ),
        ),
      )
      .map((servers) => ({ budgets: chosen, servers: servers.flat() })),
  );
}
