import { describe, expect, it } from "vitest";
import { budgetOf, type BudgetWish } from "../../test/fleets/fleetOf.ts";
import { planFleet } from "./planFleet.ts";

function planOf(...wishes: readonly BudgetWish[]) {
  return planFleet({ budgets: wishes.map(budgetOf), servers: [] });
}

function sharing(name: string, shareConnections: number, more: BudgetWish = {}): BudgetWish {
  return { name, ...more, postgres: { host: "pg", shareConnections, ...more.postgres } };
}

describe("budgets that share one Postgres", () => {
  it("fit when their shares sum up to what it has, and not with one more", () => {
    const exact = planOf(sharing("a", 50), sharing("b", 47));
    expect(exact).toMatchObject({ feasible: true, warnings: [] });
    expect(exact.postgres).toEqual([
      {
        host: "pg.writing.svc.cluster.local",
        port: 5432,
        available: 97,
        shares: [
          { budget: "a", namespace: "writing", share: 50 },
          { budget: "b", namespace: "writing", share: 47 },
        ],
        missing: 0,
      },
    ]);
    const over = planOf(sharing("a", 50), sharing("b", 48), { name: "c" });
    expect(over.feasible).toBe(false);
    expect(over.postgres.map(({ missing }) => missing)).toEqual([1]);
    expect(over.budgets.map(({ name, feasible }) => [name, feasible])).toEqual([
      ["a", false],
      ["b", false],
      ["c", true],
    ]);
  });

  it("are distinguished by port, and known to be the same from two namespaces", () => {
    const elsewhere = sharing("b", 50, {
      namespace: "other",
      postgres: { host: "pg.writing" },
    });
    expect(planOf(sharing("a", 50), elsewhere).postgres.map(({ missing }) => missing)).toEqual([3]);
    const otherPort = sharing("b", 50, { postgres: { port: 5433 } });
    expect(planOf(sharing("a", 50), otherPort).postgres.map(({ missing }) => missing)).toEqual([
      0, 0,
    ]);
  });

  it("are held to the least that any of them says, with a warning", () => {
    const plan = planOf(
      sharing("a", 50, { postgres: { maxConnections: 200 } }),
      sharing("b", 50, { postgres: { reservedConnections: 2 } }),
    );
    expect(plan.postgres).toMatchObject([{ available: 95, missing: 5 }]);
    expect(plan.warnings).toEqual([
      "Postgres pg.writing.svc.cluster.local:5432: its budgets disagree about maxConnections (writing/a says 200, writing/b says 100); the least that any of them leaves counts: 95 connections.",
      "Postgres pg.writing.svc.cluster.local:5432: its budgets disagree about reservedConnections (writing/a says 0, writing/b says 2); the least that any of them leaves counts: 95 connections.",
    ]);
  });

  it("are not told of when one budget has a Postgres to itself and declares nothing", () => {
    expect(planOf({ name: "a" }).postgres).toEqual([]);
    expect(planOf(sharing("a", 40)).postgres).toMatchObject([{ missing: 0 }]);
  });
});
