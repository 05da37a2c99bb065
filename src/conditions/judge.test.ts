import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import {
  after,
  AT_MS,
  budgetCondition,
  incidentSnapshot,
  PENDING,
  runningOf,
  seen,
  serverCondition,
  snapshotOf,
  UNREACHABLE,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import { connectionBudgetSchema } from "../api/connectionBudget.ts";
import { mcpServerSchema } from "../api/mcpServer.ts";
import type { Decision } from "./decision.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { conditionIn } from "./condition.ts";
import { judge, judgeOrphans } from "./judge.ts";

describe("a healthy system", () => {
  const snapshot = snapshotOf();
  const judgement = judge(snapshot);

  it.each([
    ["Feasible", "True", "Fits"],
    ["WithinBudget", "True", "Within"],
    ["ConfigApplied", "True", "Applied"],
    ["PostgresGuarded", "True", "Guarded"],
    ["Ready", "True", "Ready"],
  ])("has %s=%s", (type, status, reason) => {
    expect(conditionIn(judgement.statuses.budget, type)).toMatchObject({ status, reason });
  });

  it.each([
    ["Admitted", "True", "FloorReserved"],
    ["WithinGrant", "True", "Within"],
    ["PoolSettingIgnored", "False", "Followed"],
    ["Verified", "True", "HandshakeDone"],
    ["Ready", "True", "Ready"],
  ])("has %s=%s of every server", (type, status, reason) => {
    for (const own of judgement.statuses.servers.values()) {
      expect(conditionIn(own, type)).toMatchObject({ status, reason });
    }
  });

  it("has the numbers of the plan in its statuses", () => {
    expect(judgement.statuses.servers.get("scene")).toMatchObject({
      observedGeneration: 1,
      replicas: 1,
      limit: 5,
      grant: 10,
      slots: 4,
    });
    expect(judgement.statuses.budget).toMatchObject({ observedGeneration: 1, replicas: 2 });
  });

  it("says nothing of it to anybody", () => {
    expect(judgement.events).toEqual([]);
  });

  it("has statuses that the schemas take", () => {
    const budget = { ...budgetOf(), status: judgement.statuses.budget };
    expect(connectionBudgetSchema.safeParse(budget).error).toBeUndefined();
    for (const [name, status] of judgement.statuses.servers) {
      const server = { ...serverOf(name), status };
      expect(mcpServerSchema.safeParse(server).error).toBeUndefined();
    }
  });

  it("writes nothing however its connections come and go", () => {
    const before = after(snapshot, judgement);
    const busy = withPgBouncerState(before, (state) => ({
      ...state,
      usedClients: 71,
      clients: [
        { line: "scene", user: "scene", address: "10.0.0.9", count: 2, idle: 1, waiting: 0 },
      ],
      lines: state.lines.map((line) => ({ ...line, openClients: 5, openServers: 2 })),
      window: { ...state.window, usedClientsMax: 80, addresses: new Map([["10.0.0.9", 5]]) },
    }));
    expect(judge(busy).statuses.budget).toEqual(judgement.statuses.budget);
    expect(judge(busy).statuses.servers).toEqual(judgement.statuses.servers);
  });

  it("writes nothing at a restart, while nothing has been asked yet", () => {
    const before = after(snapshot, judgement);
    const restarted: BudgetSnapshot = {
      ...before,
      pgbouncers: PENDING,
      postgres: PENDING,
      servers: before.servers.map((server) => ({ ...server, handshake: PENDING })),
    };
    expect(judge(restarted).statuses.budget).toEqual(judgement.statuses.budget);
    expect(judge(restarted).statuses.servers).toEqual(judgement.statuses.servers);
    expect(judge(restarted).events).toEqual([]);
  });

  it("has no condition before anything was asked, and is not ready", () => {
    const snapshot0: BudgetSnapshot = { ...snapshot, pgbouncers: PENDING, postgres: PENDING };
    expect(budgetCondition(snapshot0, "WithinBudget")).toBeUndefined();
    expect(budgetCondition(snapshot0, "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NotAskedYet",
    });
  });
});

describe("what can't be observed", () => {
  it("is Unknown, with the reason and who could not be asked", () => {
    const snapshot: BudgetSnapshot = {
      ...snapshotOf(),
      pgbouncers: seen([{ name: "writing-pgbouncer-0", observation: UNREACHABLE }]),
    };
    for (const type of ["WithinBudget", "ConfigApplied", "Ready"]) {
      expect(budgetCondition(snapshot, type)).toMatchObject({
        status: "Unknown",
        reason: "Unreachable",
      });
    }
    expect(budgetCondition(snapshot, "WithinBudget")?.message).toBe(
      "writing-pgbouncer-0: connection refused",
    );
    expect(serverCondition(snapshot, "scene", "WithinGrant")).toMatchObject({ status: "Unknown" });
  });

  it("is Unknown without a single process", () => {
    const snapshot: BudgetSnapshot = { ...snapshotOf(), pgbouncers: seen([]) };
    expect(budgetCondition(snapshot, "WithinBudget")).toMatchObject({
      status: "Unknown",
      reason: "NoPods",
    });
  });

  it("is reported for Postgres too, whose backends are part of the sum", () => {
    const snapshot: BudgetSnapshot = { ...snapshotOf(), postgres: UNREACHABLE };
    expect(budgetCondition(snapshot, "PostgresGuarded")).toMatchObject({ status: "Unknown" });
    expect(budgetCondition(snapshot, "WithinBudget")).toMatchObject({
      status: "Unknown",
      message: "Postgres: connection refused",
    });
  });

  it("does not hide what is bad, nor does what was not asked yet", () => {
    const early: BudgetSnapshot = { ...incidentSnapshot(20), postgres: PENDING };
    expect(budgetCondition(early, "WithinBudget")).toMatchObject({ status: "False" });
    const snapshot: BudgetSnapshot = { ...incidentSnapshot(20), postgres: UNREACHABLE };
    expect(budgetCondition(snapshot, "WithinBudget")).toMatchObject({ status: "False" });
  });

  it("is reported for objects that can't be read, by name", () => {
    const snapshot = snapshotOf();
    const [first, ...others] = snapshot.servers;
    if (first === undefined) throw new Error("no server");
    const parsed = { ok: false, problems: ["spec.port must be a number"] } as const;
    const broken = { ...first, object: { ...first.object, parsed } };
    const judgement = judge({ ...snapshot, servers: [broken, ...others] });
    expect(conditionIn(judgement.statuses.budget, "Feasible")).toMatchObject({
      status: "Unknown",
      reason: "NotUnderstood",
      message: "McpServer/author: spec.port must be a number",
    });
    expect(conditionIn(judgement.statuses.budget, "WithinBudget")?.status).toBe("True");
    const own = judgement.statuses.servers.get("author") ?? {};
    expect(conditionIn(own, "Admitted")).toMatchObject({
      status: "Unknown",
      message: "spec.port must be a number",
    });
  });

  it("is reported for a budget that can't be read", () => {
    const snapshot = snapshotOf();
    const parsed = { ok: false, problems: ["spec.postgres must be given"] } as const;
    const judgement = judge({ ...snapshot, budget: { ...snapshot.budget, parsed } });
    for (const type of ["Feasible", "WithinBudget", "ConfigApplied", "PostgresGuarded"]) {
      expect(conditionIn(judgement.statuses.budget, type)?.reason).toBe("NotUnderstood");
    }
  });
});

describe("a condition", () => {
  it("keeps the time of its last change as long as its status stays", () => {
    const full = incidentSnapshot(20);
    const first = judge(full);
    const later = judge(after(incidentSnapshot(21), first));
    const before = conditionIn(first.statuses.budget, "WithinBudget");
    const now = conditionIn(later.statuses.budget, "WithinBudget");
    expect(before?.lastTransitionTime).toBe("2026-11-26T12:00:00Z");
    expect(now?.message).not.toBe(before?.message);
    expect(now?.lastTransitionTime).toBe("2026-11-26T12:00:00Z");
  });

  it("has the time of the snapshot in which it flipped, and one notice", () => {
    const well = judge(incidentSnapshot(10));
    const bad = judge({ ...after(incidentSnapshot(20), well) });
    expect(conditionIn(bad.statuses.budget, "WithinBudget")).toMatchObject({
      status: "False",
      lastTransitionTime: "2026-11-26T12:00:01Z",
    });
    const about = { kind: "ConnectionBudget", name: "writing" };
    expect(bad.events).toContainEqual(
      expect.objectContaining({ about, type: "Warning", reason: "ClientsExceedBudget" }),
    );
    expect(judge(after(incidentSnapshot(20), bad)).events).toEqual([]);
    const cured = judge(after(incidentSnapshot(10), bad));
    expect(cured.events).toContainEqual(
      expect.objectContaining({ about, type: "Normal", reason: "Within" }),
    );
  });
});

function kinds({ events }: Decision): readonly string[] {
  return events.map(({ about, type, reason }) => `${about.kind} ${type} ${reason}`);
}

describe("a PgBouncer that can't be reached any more", () => {
  const snapshot = snapshotOf();
  const blind: BudgetSnapshot = {
    ...after(snapshot, judge(snapshot)),
    pgbouncers: seen([{ name: "writing-pgbouncer-0", observation: UNREACHABLE }]),
  };

  it("is reported for the budget, and not once more of each server", () => {
    expect(kinds(judge(blind))).toEqual([
      "ConnectionBudget Warning Unreachable",
      "ConnectionBudget Warning Unreachable",
    ]);
  });

  it("is reported when it is back", () => {
    const back = { ...after(blind, judge(blind)), pgbouncers: snapshot.pgbouncers };
    expect(kinds(judge(back))).toEqual([
      "ConnectionBudget Normal Within",
      "ConnectionBudget Normal Applied",
    ]);
  });
});

describe("Manage", () => {
  it("says that this version only observes", () => {
    expect(budgetCondition(snapshotOf(), "Ready")?.message).toContain("only observes");
    expect(budgetCondition(incidentSnapshot(1), "Ready")?.message).not.toContain("only observes");
  });
});

/** Scenes well and ill: what is open, what is set, and what can't be asked. */
const arbitrarySnapshot = fc
  .record({
    servers: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d", "e"),
        guaranteed: fc.integer({ min: 1, max: 12 }),
        replicas: fc.integer({ min: 1, max: 3 }),
        priority: fc.integer({ min: 0, max: 1 }),
        activation: fc.constantFrom("Always", "Always", "Disabled"),
      }),
      { selector: ({ name }) => name, maxLength: 5 },
    ),
    capacity: fc.integer({ min: 20, max: 120 }),
    open: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 6, maxLength: 6 }),
    lengthMs: fc.constantFrom(1_000, 10_000),
    blind: fc.constantFrom("pgbouncers", "postgres", "neither"),
    state: fc.constantFrom(PENDING, UNREACHABLE),
  })
  .map(({ servers, capacity, open, lengthMs, blind, state }): BudgetSnapshot => {
    const snapshot = snapshotOf({
      budget: budgetOf({ pgbouncer: { maxClientConn: capacity } }),
      servers: servers.map(({ name, guaranteed, replicas, priority, activation }) =>
        serverOf(name, {
          replicas,
          priority,
          activation: activation === "Disabled" ? "Disabled" : "Always",
          pool: { guaranteed, max: guaranteed + 3 },
        }),
      ),
    });
    const loaded = withPgBouncerState(snapshot, (process) => ({
      ...process,
      lines: process.lines.map((line, index) => ({ ...line, openClients: open[index] ?? 0 })),
      window: { ...process.window, lengthMs },
    }));
    return { ...loaded, ...(blind !== "neither" && { [blind]: state }) };
  });

describe("any snapshot", () => {
  it("judged again with its own statuses says the same", () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        const first = judge(snapshot);
        const again = judge(after(snapshot, first));
        expect(again.statuses.budget).toEqual(first.statuses.budget);
        expect(again.statuses.servers).toEqual(first.statuses.servers);
        expect(again.events).toEqual([]);
      }),
    );
  });

  it("says the same whatever the order of its lists", () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        const turned: BudgetSnapshot = {
          ...withPgBouncerState(snapshot, (state) => ({
            ...state,
            lines: state.lines.toReversed(),
            clients: state.clients.toReversed(),
          })),
          servers: snapshot.servers.toReversed(),
        };
        const backwards: BudgetSnapshot =
          turned.pgbouncers.state === "available"
            ? { ...turned, pgbouncers: seen(turned.pgbouncers.value.toReversed()) }
            : turned;
        const one = judge(snapshot);
        const other = judge(backwards);
        expect(other.statuses.budget).toEqual(one.statuses.budget);
        expect(other.statuses.servers).toEqual(one.statuses.servers);
        expect(other.events).toEqual(one.events);
      }),
    );
  });
});

describe("a server whose budget does not exist", () => {
  const orphan = runningOf(serverOf("lost"), 5, 0);
  const { statuses, events } = judgeOrphans([orphan], AT_MS);
  const status = statuses.servers.get("lost") ?? {};

  it("has a status that says so, and again the same", () => {
    expect(conditionIn(status, "Admitted")).toMatchObject({
      status: "False",
      reason: "BudgetNotFound",
      message: "there is no ConnectionBudget writing in namespace writing",
    });
    expect(conditionIn(status, "Ready")?.status).toBe("False");
    expect(status).toMatchObject({ replicas: 1, grant: 0 });
    const again = { ...orphan, object: { ...orphan.object, status } };
    expect(judgeOrphans([again], AT_MS + 5000)).toMatchObject({ statuses, events: [] });
    expect(mcpServerSchema.safeParse({ ...serverOf("lost"), status }).success).toBe(true);
  });

  it("is reported to somebody once", () => {
    expect(events).toMatchObject([{ type: "Warning", reason: "BudgetNotFound" }]);
  });
});
