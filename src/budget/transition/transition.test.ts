import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryChange } from "../../../test/fleets/arbitraryChange.ts";
import { budgetOf, serverOf, type BudgetWish } from "../../../test/fleets/fleetOf.ts";
import { ClusterModel } from "../../../test/fleets/clusterModel.ts";
import type { Fleet } from "../../api/fleet.ts";
import { planFleet } from "../planFleet.ts";
import type { Step } from "./steps.ts";
import { transition } from "./transition.ts";

function stepsBetween(old: Fleet, next: Fleet): readonly Step[] {
  return transition({ fleet: old, plan: planFleet(old) }, { fleet: next, plan: planFleet(next) });
}

describe("between any two feasible fleets", () => {
  it("no sum is broken at any instant, and the new fleet runs in the end", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(arbitraryChange(), ({ old, next }) => {
        expect([planFleet(old).feasible, planFleet(next).feasible]).toEqual([true, true]);
        const steps = stepsBetween(old, next);
        const cluster = new ClusterModel(old, next);
        for (const [index, step] of steps.entries()) {
          cluster.take(step, index + 1);
          seen.set(step.action, (seen.get(step.action) ?? 0) + 1);
        }
        expect(cluster.differences()).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    expect([...seen.keys()].toSorted()).toEqual([
      "Apply",
      "ApplyAll",
      "Delete",
      "Guard",
      "Postgres",
      "Scale",
      "Secrets",
    ]);
  });
});

/** What a person reads of a step: its action, what it touches, what is changed for it. */
function told(step: Step): string {
  const names = "objects" in step ? step.objects.map(({ name }) => name) : [];
  const more =
    step.action === "Apply"
      ? step.changes.map(({ object, field, to }) => `${object} ${field}=${JSON.stringify(to)}`)
      : step.action === "Scale"
        ? [String(step.to)]
        : step.action === "Guard"
          ? [String(step.connections)]
          : step.action === "Postgres"
            ? [`${step.from}→${step.to}`]
            : [];
  return [step.action, ...names, ...more].join(" ");
}

function toldBetween(old: Fleet, next: Fleet): readonly string[] {
  const steps = stepsBetween(old, next);
  const cluster = new ClusterModel(old, next);
  for (const [index, step] of steps.entries()) cluster.take(step, index + 1);
  expect(cluster.differences()).toEqual([]);
  return steps.map(told);
}

/** A budget whose Postgres is named in full, as the model wants it. */
function budget(wish: BudgetWish & { readonly share: number; readonly host?: string }) {
  const { share, host = "pg1", ...rest } = wish;
  return budgetOf({
    ...rest,
    postgres: {
      host: `${host}.db.svc`,
      user: `${wish.name ?? "writing"}-role`,
      shareConnections: share,
      ...wish.postgres,
    },
  });
}

function withProcesses(replicas: number): Fleet {
  return {
    budgets: [budget({ share: 36, pgbouncer: { replicas } })],
    servers: [serverOf("a", { pool: { max: 50 } })],
  };
}

/** The same of a PgBouncer that weir did not make. */
function existingWith(processes: number): Fleet {
  const { budgets, servers } = withProcesses(2);
  const existing = { host: "old", port: 6432, processes, statsSecretRef: { name: "old" } };
  return {
    budgets: budgets.map(({ spec, ...own }) => ({
      ...own,
      spec: { ...spec, mode: "Observe", pgbouncer: { ...spec.pgbouncer, existing } },
    })),
    servers,
  };
}

function withShares(a: number, b: number): Fleet {
  return {
    budgets: [budget({ name: "a", share: a }), budget({ name: "b", share: b })],
    servers: [],
  };
}

/** Two budgets, each before a Postgres that it fills. */
function before(first: string, second: string): Fleet {
  return {
    budgets: [
      budget({ name: "a", share: 97, host: first }),
      budget({ name: "b", share: 97, host: second }),
    ],
    servers: [],
  };
}

/** A server that takes 20 connections for each one more. */
function costly(max: number): Fleet["servers"][number] {
  return serverOf("y", { replicas: 20, rollout: { type: "Recreate" }, pool: { max } });
}

describe("the steps", () => {
  const small = [serverOf("a"), serverOf("b")];

  it("are none when nothing changes", () => {
    const fleet = { budgets: [budget({ share: 50 })], servers: small };
    expect(stepsBetween(fleet, structuredClone(fleet))).toEqual([]);
  });

  it("are one when no number changes", () => {
    const old = { budgets: [budget({ share: 50 })], servers: small };
    const next = {
      ...old,
      servers: [serverOf("a", { image: "example/server:2" }), serverOf("b")],
    };
    expect(toldBetween(old, next)).toEqual(["ApplyAll"]);
  });

  it("let servers fall before their PgBouncer, and rise after it", () => {
    const budgets = [budget({ share: 50 })];
    const old = {
      budgets,
      servers: [serverOf("a", { pool: { max: 9 } }), serverOf("b"), serverOf("c")],
    };
    const next = {
      budgets,
      servers: [serverOf("a"), serverOf("b", { pool: { max: 7 } }), serverOf("d")],
    };
    expect(toldBetween(old, next)).toEqual([
      "Secrets d",
      "Delete c",
      "Apply a",
      "Apply writing",
      "ApplyAll b d",
    ]);
  });

  it("add a process when all have come down to the new slots", () => {
    expect(toldBetween(withProcesses(2), withProcesses(3))).toEqual([
      "Apply writing ConnectionBudget/writing spec.pgbouncer.replicas=2 ConnectionBudget/writing spec.postgres.shareConnections=24",
      "Apply writing",
      "ApplyAll",
    ]);
    expect(toldBetween(withProcesses(3), withProcesses(2))).toEqual([
      "Scale writing 2",
      "Apply writing",
      "ApplyAll",
    ]);
    expect(toldBetween(existingWith(2), existingWith(3))[0]).toBe(
      "Apply writing ConnectionBudget/writing spec.pgbouncer.existing.processes=2 ConnectionBudget/writing spec.postgres.shareConnections=24",
    );
  });

  it("give before they take, with the role's limit raised before and lowered after", () => {
    expect(toldBetween(withShares(40, 57), withShares(57, 40))).toEqual([
      "Apply b",
      "Guard b 40",
      "Guard a 57",
      "Apply a",
      "ApplyAll",
    ]);
  });

  it("raise Postgres first, and lower it last", () => {
    const old = { budgets: [budget({ share: 50, postgres: { maxConnections: 53 } })], servers: [] };
    const next = {
      budgets: [budget({ share: 60, postgres: { maxConnections: 63 } })],
      servers: [],
    };
    expect(toldBetween(old, next)).toEqual([
      "Postgres 50→60",
      "Guard writing 60",
      "Apply writing",
      "ApplyAll",
    ]);
    expect(toldBetween(next, old)).toEqual([
      "Apply writing",
      "Guard writing 50",
      "Postgres 60→50",
      "ApplyAll",
    ]);
  });

  it("stop one of two budgets that change places between two full Postgres", () => {
    expect(toldBetween(before("pg1", "pg2"), before("pg2", "pg1"))).toEqual([
      "Scale a 0",
      "Guard a 0",
      "Guard b 97",
      "Apply b",
      "Guard b 0",
      "Guard a 97",
      "Apply a",
      "ApplyAll",
    ]);
  });

  it("lead a server that both falls and rises through the smaller of both", () => {
    const budgets = [budget({ share: 50 })];
    const old = { budgets, servers: [serverOf("a", { pool: { max: 20 } })] };
    const next = { budgets, servers: [serverOf("a", { replicas: 4, pool: { max: 6 } })] };
    expect(toldBetween(old, next)).toEqual([
      "Apply a McpServer/a spec.replicas=1",
      "Apply writing",
      "ApplyAll a",
    ]);
    expect(toldBetween(next, old)).toEqual([
      "Apply a McpServer/a spec.pool.max=6",
      "Apply writing",
      "ApplyAll a",
    ]);
  });

  it("hold the others where the room that a server leaves would go to them, not to it", () => {
    // On its way z needs 2 where it needs 6 in the end. Of what that leaves, y would take 20 at once,
    // and z would not get the 4 that it has before and after.
    const budgets = [budget({ share: 50, pgbouncer: { maxClientConn: 44 + 10 } })];
    const old = { budgets, servers: [costly(1), serverOf("z", { pool: { max: 10 } })] };
    const next = {
      budgets,
      servers: [costly(2), serverOf("z", { replicas: 3, pool: { max: 10 } })],
    };
    const [first] = toldBetween(old, next);
    expect(first).toBe(
      "Apply z McpServer/y spec.pool.max=1 McpServer/z spec.replicas=1 McpServer/z spec.pool.max=4",
    );
  });

  it("send a server that moves to another budget away until the end", () => {
    const budgets = [budget({ share: 40 }), budget({ name: "other", share: 40 })];
    const old = { budgets, servers: [serverOf("a")] };
    const next = { budgets, servers: [serverOf("a", { budgetRef: { name: "other" } })] };
    expect(toldBetween(old, next)).toEqual([
      "Secrets a",
      "Delete a",
      "Apply other",
      "Apply writing",
      "ApplyAll a",
    ]);
  });

  it("take away an autoscaler that is no longer wanted", () => {
    const budgets = [budget({ share: 50 })];
    const old = { budgets, servers: [serverOf("a", { autoscaling: { maxReplicas: 3 } })] };
    const next = { budgets, servers: [serverOf("a")] };
    const [first] = stepsBetween(old, next);
    expect(first).toMatchObject({
      action: "Apply",
      obsolete: [{ kind: "HorizontalPodAutoscaler", namespace: "writing", name: "a" }],
    });
  });
});
