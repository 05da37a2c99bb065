import { expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import { after, snapshotOf } from "../../test/operator/snapshotOf.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { judge } from "./judge.ts";

const ROUNDS = 15;

/** The least CPU of a few rounds, in milliseconds; another's load doesn't count. */
function cpuMsOf<T extends string>(works: Readonly<Record<T, () => void>>): Record<T, number>;
function cpuMsOf(works: Readonly<Record<string, () => void>>): Record<string, number> {
  const least: Record<string, number> = {};
  // By turns: what is compared is compiled as far, and on a machine that is as busy.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(works)) {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, (user + system) / 1000);
    }
  }
  return least;
}

/** Two processes; all that is open on every line. */
function snapshotOfSize(servers: number): BudgetSnapshot {
  const clients = Array.from({ length: servers }, (_, index) => ({
    line: `s${index}`,
    user: `s${index}`,
    address: `10.0.${Math.floor(index / 250)}.${1 + (index % 250)}`,
    count: 2,
    idle: 1,
    waiting: 0,
  }));
  const snapshot = snapshotOf({
    budget: budgetOf({
      postgres: { maxConnections: 5000 },
      pgbouncer: { maxClientConn: 10 * servers + 10 },
    }),
    servers: Array.from({ length: servers }, (_, index) => serverOf(`s${index}`)),
    load: { clients },
  });
  return after(snapshot, judge(snapshot));
}

it("judging 500 servers costs as much more as they are more", () => {
  const [small, large] = [snapshotOfSize(50), snapshotOfSize(500)];
  const costs = cpuMsOf({
    judgeMs: () => judge(large),
    judgeSmallMs: () => judge(small),
  });
  process.stderr.write(
    `measured: judging 500 servers on 2 processes ${costs.judgeMs.toFixed(1)} ms, ` +
      `50 servers ${costs.judgeSmallMs.toFixed(1)} ms\n`,
  );
  // What grows with the square would be a hundred times as much.
  expect(costs.judgeMs / costs.judgeSmallMs).toBeLessThan(40);
});
