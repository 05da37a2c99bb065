import { expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import type { Fleet } from "../api/fleet.ts";
import { planFleet } from "./planFleet.ts";

const CPU_MAX_MS = 300;

/** CPU of this process, in milliseconds; another's load doesn't count. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
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

it.each([
  { budgets: 100, servers: 100, capacity: 5000 },
  { budgets: 1, servers: 500, capacity: 10_000 },
  { budgets: 1, servers: 500, capacity: 1_000_000 },
])("plans $budgets × $servers servers, C $capacity", ({ budgets, servers, capacity }) => {
  const fleet = fleetOfSize(budgets, servers, capacity);
  expect(cpuMs(() => planFleet(fleet))).toBeLessThan(CPU_MAX_MS);
  expect(planFleet(fleet).feasible).toBe(true);
});

it("says as quickly what is missing and what would suffice", () => {
  const fleet = fleetOfSize(100, 100, 210);
  expect(cpuMs(() => planFleet(fleet))).toBeLessThan(CPU_MAX_MS);
  for (const { suggestions } of planFleet(fleet).budgets) {
    expect(suggestions.map(({ kind }) => kind)).toEqual([
      "SmallerPools",
      "Recreate",
      "Members",
      "Disable",
      "MaxClientConn",
    ]);
  }
});
