import { describe, expect, it } from "vitest";
import { budgetOf, incidentFleet, serverOf } from "../../test/fleets/fleetOf.ts";
import { budgetCondition, snapshotOf } from "../../test/operator/snapshotOf.ts";

function share(name: string, shareConnections: number) {
  return budgetOf({ name, postgres: { shareConnections } });
}

describe("the objects as written", () => {
  it("fit, with the sums", () => {
    expect(budgetCondition(snapshotOf(), "Feasible")).toMatchObject({
      status: "True",
      message:
        "clients: 2 consoles + 4 maintenance + 4 logins + 100 granted + 90 headroom = 200; " +
        "slots: 2 maintenance + 46 granted + 0 headroom = 48, × 2 = 96 ≤ 97 of Postgres",
    });
  });

  it("fit as far as one namespace says, where the operator watches no other", () => {
    const alone = { ...snapshotOf(), namespaceAlone: "writing" };
    const { message: all } = budgetCondition(snapshotOf(), "Feasible") ?? {};
    expect(budgetCondition(alone, "Feasible")).toMatchObject({
      status: "True",
      message: `${all}; not counted: budgets of the same Postgres outside of namespace writing, which this operator does not watch (--namespace)`,
    });
  });

  it("ask for more clients than there are, and what would suffice", () => {
    const { servers } = incidentFleet({
      rollout: { type: "Recreate" },
      pool: { guaranteed: 20, max: 20 },
    });
    const condition = budgetCondition(snapshotOf({ servers }), "Feasible");
    expect(condition).toMatchObject({ status: "False", reason: "InsufficientBudget" });
    expect(condition?.message).toContain(
      "10 servers must be guaranteed 200, and 190 = 200 - 2 consoles - 4 maintenance - 4 logins " +
        "are there: 10 missing",
    );
    expect(condition?.message).toContain("The largest uniform pool that fits is 19");
  });

  it("ask for more lines than slots", () => {
    const budget = budgetOf({ postgres: { maxConnections: 23 } });
    const condition = budgetCondition(snapshotOf({ budget }), "Feasible");
    expect(condition).toMatchObject({ status: "False", reason: "TooManyLines" });
    expect(condition?.message).toContain(
      "10 servers need one each, and 8 = ⌊20 of Postgres / 2⌋ - 2 maintenance are there: 2 missing",
    );
  });

  it("count the neighbours on the same Postgres", () => {
    const snapshot = snapshotOf({
      budget: share("writing", 60),
      neighbours: [share("reading", 40)],
    });
    const condition = budgetCondition(snapshot, "Feasible");
    expect(condition).toMatchObject({ status: "False", reason: "PostgresOvercommitted" });
    expect(condition?.message).toContain("40 writing/reading and 60 writing/writing = 100");
    expect(condition?.message).toContain("it admits 97: 3 missing");
    const fits = snapshotOf({ budget: share("writing", 57), neighbours: [share("reading", 40)] });
    expect(budgetCondition(fits, "Feasible")?.status).toBe("True");
  });

  it("are not known to fit beside a neighbour that can't be read, unless they don't in any case", () => {
    const unreadNeighbours = ["ConnectionBudget/new of namespace a shares Postgres pg:5432: …"];
    expect(budgetCondition({ ...snapshotOf(), unreadNeighbours }, "Feasible")).toMatchObject({
      status: "Unknown",
      reason: "NotUnderstood",
      message: unreadNeighbours[0],
    });
    const budget = budgetOf({ postgres: { maxConnections: 23 } });
    const bad = { ...snapshotOf({ budget }), unreadNeighbours };
    expect(budgetCondition(bad, "Feasible")?.reason).toBe("TooManyLines");
  });

  it("must not contradict each other", () => {
    const servers = [serverOf("a"), serverOf("b", { members: ["a"] })];
    const condition = budgetCondition(snapshotOf({ servers }), "Feasible");
    expect(condition).toMatchObject({ status: "False", reason: "ObjectsConflict" });
    expect(condition?.message).toContain("McpServer/b spec.members[0]");
  });
});
