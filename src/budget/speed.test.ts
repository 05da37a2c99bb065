import { expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import type { Fleet } from "../api/fleet.ts";
import { planFleet } from "./planFleet.ts";

const ROUNDS = 7;

/** The least CPU that planning took in a few rounds; another's load doesn't count. */
function cpuOfPlan(fleet: Fleet): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    planFleet(fleet);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...rounds);
}

function fleetOfSize(budgets: number, servers: number, maxClientConn: number): Fleet {
  const names = Array.from({ length: budgets }, (_, index) => `b${index}`);
  const sample = serverOf("sample", { pool: { guaranteed: 2, max: 100 } });
  return {
    budgets: names.map((name) =>
      budgetOf({
        name,
        policy: "Weighted",
        postgres: { host: `pg-${name}`, maxConnections: 2000 },
        pgbouncer: { maxClientConn },
      }),
    ),
    servers: names.flatMap((budget) =>
      Array.from({ length: servers }, (_, index) => ({
        ...sample,
        metadata: { ...sample.metadata, name: `${budget}-s${index}` },
        spec: { ...sample.spec, budgetRef: { name: budget }, weight: 1 + (index % 7) },
      })),
    ),
  };
}

/** How many times the CPU of the smaller fleet the larger one takes. */
function growth(smaller: Fleet, larger: Fleet): number {
  cpuOfPlan(smaller);
  return cpuOfPlan(larger) / cpuOfPlan(smaller);
}

// Ratios of one process' own CPU: what grows faster than its input costs ten times these bounds.
it("costs as much more as there are more budgets", () => {
  const times = growth(fleetOfSize(10, 100, 5000), fleetOfSize(100, 100, 5000));
  expect(times).toBeLessThan(10 * 3);
});

it("costs hardly more than there are more servers in one budget", () => {
  const times = growth(fleetOfSize(1, 50, 1000), fleetOfSize(1, 500, 10_000));
  expect(times).toBeLessThan(10 * 5);
});

it("doesn't cost more for more connections than can be given away", () => {
  const times = growth(fleetOfSize(1, 500, 100_000), fleetOfSize(1, 500, 1_000_000));
  expect(times).toBeLessThan(3);
});

it("says what is missing and what would suffice at a few times the cost of a plan", () => {
  const refused = fleetOfSize(100, 100, 210);
  expect(growth(fleetOfSize(100, 100, 5000), refused)).toBeLessThan(20);
  for (const { suggestions } of planFleet(refused).budgets) {
    expect(suggestions.map(({ kind }) => kind)).toEqual([
      "SmallerPools",
      "Recreate",
      "Members",
      "Disable",
      "MaxClientConn",
    ]);
  }
});
