import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFleet, SMALL } from "../../test/fleets/arbitraryFleet.ts";
import { budgetOf, incidentFleet, serverOf } from "../../test/fleets/fleetOf.ts";
import { naivePlan } from "../../test/fleets/naivePlanner.ts";
import type { Fleet } from "../api/fleet.ts";
import type { BudgetPlan, Plan } from "./plan.ts";
import { planFleet } from "./planFleet.ts";

function onlyBudget(plan: Plan): BudgetPlan {
  const [budget] = plan.budgets;
  if (budget === undefined || plan.budgets.length !== 1) throw new Error("not one budget");
  return budget;
}

function planBehind(maxConnections: number, servers: Fleet["servers"]): BudgetPlan {
  return onlyBudget(planFleet({ budgets: [budgetOf({ postgres: { maxConnections } })], servers }));
}

function limitsAndSlots(plan: Plan): unknown {
  return plan.budgets.map(({ servers }) => servers.map(({ limit, slots }) => [limit, slots]));
}

function limitsOf(plan: Plan): readonly number[] {
  return onlyBudget(plan).servers.map(({ limit }) => limit);
}

describe("ten servers, 1 replica, C 200, reserve 2 + 4 + 4", () => {
  it("RollingUpdate, guaranteed 1, max 5: 5 each, Σ 100, headroom 90", () => {
    const plan = planFleet(incidentFleet());
    expect(limitsOf(plan)).toEqual(Array(10).fill(5));
    expect(onlyBudget(plan).clients).toEqual({
      capacity: 200,
      reserve: { consoles: 2, maintenance: 4, logins: 4 },
      usable: 190,
      granted: 100,
      headroom: 90,
      missing: 0,
    });
  });

  it("RollingUpdate, 1 to 20: five at 10 (first by name), five at 9: Σ 190", () => {
    const plan = planFleet(incidentFleet({ pool: { guaranteed: 1, max: 20 } }));
    expect(limitsOf(plan)).toEqual([...Array(5).fill(10), ...Array(5).fill(9)]);
    expect(onlyBudget(plan).clients).toMatchObject({ granted: 190, headroom: 0, missing: 0 });
  });

  it("Recreate, 1 to 20: 19 each, Σ 190", () => {
    const plan = planFleet(
      incidentFleet({ rollout: { type: "Recreate" }, pool: { guaranteed: 1, max: 20 } }),
    );
    expect(limitsOf(plan)).toEqual(Array(10).fill(19));
    expect(onlyBudget(plan).clients).toMatchObject({ granted: 190, headroom: 0 });
  });

  it.each([
    { type: "Recreate", needed: 200, largest: 19 },
    { type: "RollingUpdate", needed: 400, largest: 9 },
  ] as const)(
    "$type, 20 to 20: refused, $needed needed, 190 there",
    ({ type, needed, largest }) => {
      const plan = planFleet(
        incidentFleet({ rollout: { type }, pool: { guaranteed: 20, max: 20 } }),
      );
      expect(plan.feasible).toBe(false);
      expect(limitsOf(plan)).toEqual(Array(10).fill(20));
      expect(onlyBudget(plan).clients).toMatchObject({
        usable: 190,
        granted: needed,
        headroom: 0,
        missing: needed - 190,
      });
      const [first] = onlyBudget(plan).suggestions;
      expect(first?.kind).toBe("SmallerPools");
      expect(first?.text).toContain(`The largest uniform pool that fits is ${largest}`);
    },
  );
});

describe("one plan", () => {
  it("is plain data, key by key", () => {
    const plan = planFleet(incidentFleet());
    const [author] = onlyBudget(plan).servers;
    expect(JSON.stringify(onlyBudget(plan).slots)).toBe(
      '{"postgres":97,"processes":2,"perProcess":48,"maintenance":2,"granted":46,"headroom":0,"missing":0}',
    );
    expect(JSON.stringify({ ...author, reason: "…" })).toBe(
      '{"name":"author","peakPods":2,"processesPerPod":1,"guaranteed":1,"max":5,"floor":2,"limit":5,"grant":10,"slots":5,"reason":"…"}',
    );
    expect(Object.keys(plan)).toEqual(["feasible", "budgets", "postgres", "warnings"]);
    expect(Object.keys(onlyBudget(plan))).toEqual([
      "name",
      "namespace",
      "feasible",
      "clients",
      "slots",
      "servers",
      "suggestions",
    ]);
  });

  it("counts an autoscaler's maximum, processes and both generations", () => {
    const fleet = incidentFleet();
    const server = serverOf("big", {
      replicas: 2,
      autoscaling: { maxReplicas: 3 },
      pool: { guaranteed: 2, max: 2, processesPerPod: 4 },
    });
    const [planned] = onlyBudget(planFleet({ ...fleet, servers: [server] })).servers;
    expect(planned).toMatchObject({ peakPods: 6, floor: 48, limit: 2, grant: 48 });
  });

  it("counts OnDemand and leaves out Disabled", () => {
    const plan = planFleet({
      budgets: [budgetOf()],
      servers: [
        serverOf("asleep", { activation: "Disabled" }),
        serverOf("later", { activation: "OnDemand" }),
      ],
    });
    expect(onlyBudget(plan).servers.map(({ name }) => name)).toEqual(["later"]);
  });

  it("heeds weights with policy Weighted and Adaptive, not with Equal", () => {
    const servers = [
      serverOf("heavy", { weight: 3, pool: { max: 100 } }),
      serverOf("light", { pool: { max: 100 } }),
    ];
    const limits = (policy: "Equal" | "Weighted" | "Adaptive") =>
      limitsOf(planFleet({ budgets: [budgetOf({ policy })], servers }));
    expect(limits("Equal")).toEqual([48, 47]);
    expect(limits("Weighted")).toEqual([71, 24]);
    expect(limits("Adaptive")).toEqual([71, 24]);
    expect(planFleet({ budgets: [budgetOf()], servers }).warnings).toEqual([
      "Budget writing/writing: with policy Equal the weight of heavy has no effect.",
    ]);
    expect(planFleet({ budgets: [budgetOf({ policy: "Weighted" })], servers }).warnings).toEqual(
      [],
    );
  });

  it("gives no more slots than clients, and one to each at least", () => {
    const servers = [
      serverOf("narrow", { rollout: { type: "Recreate" }, pool: { max: 2 } }),
      serverOf("wide", { pool: { max: 50 } }),
    ];
    const slots = (maxConnections: number): readonly number[] => {
      const budget = budgetOf({ postgres: { maxConnections }, pgbouncer: { replicas: 1 } });
      const plan = onlyBudget(planFleet({ budgets: [budget], servers }));
      return plan.servers.map((server) => server.slots);
    };
    expect(slots(3 + 2 + 2)).toEqual([1, 1]);
    expect(slots(3 + 2 + 30)).toEqual([2, 28]);
    expect(slots(3 + 2 + 300)).toEqual([2, 100]);
  });

  it("says how many lines too many there are, also when not even maintenance has slots", () => {
    const two = [serverOf("a"), serverOf("b")];
    // P 5, two processes: S 2, and maintenance takes both.
    const full = planBehind(8, two);
    expect(full.slots).toMatchObject({ perProcess: 2, granted: 2, headroom: 0, missing: 2 });
    expect(full).toMatchObject({ feasible: false, clients: { missing: 0, granted: 4 } });
    // P 3: S 1, one less than maintenance needs.
    expect(planBehind(6, two).slots.missing).toBe(3);
    expect(planBehind(6, []).slots.missing).toBe(1);
    expect(planBehind(8, []).feasible).toBe(true);
  });

  it("gives a budget without servers all as headroom", () => {
    const plan = onlyBudget(planFleet({ budgets: [budgetOf()], servers: [] }));
    expect(plan).toMatchObject({ feasible: true, servers: [], clients: { headroom: 190 } });
  });

  it("warns of one PgBouncer alone, and of sessions that keep their slots", () => {
    const { warnings } = planFleet({
      budgets: [budgetOf({ pgbouncer: { replicas: 1, poolMode: "session" } })],
      servers: Array.from({ length: 30 }, (_, index) => serverOf(`s${index}`)),
    });
    expect(warnings).toEqual([
      "Budget writing/writing: one PgBouncer replica means that no server reaches Postgres while it is replaced.",
      "Budget writing/writing: with poolMode session a client keeps its backend connection until it leaves; 30 servers may open more clients than slots, and the rest wait: s0, s1, s10, s11, s12, s13 and 24 more.",
    ]);
  });
});

describe("the naive planner agrees", () => {
  it("on thousands of small random fleets", () => {
    let feasible = 0;
    let refused = 0;
    fc.assert(
      fc.property(arbitraryFleet(SMALL), (fleet) => {
        const plan = planFleet(fleet);
        const seen = plan.budgets.map((budget) => ({
          budget: `${budget.namespace}/${budget.name}`,
          feasible: budget.feasible,
          clientsMissing: budget.clients.missing,
          slotsMissing: budget.slots.missing,
          servers: Object.fromEntries(
            budget.servers.map(({ name, limit, grant, slots }) => [name, { limit, grant, slots }]),
          ),
        }));
        const expected = naivePlan(fleet);
        expect(seen).toEqual(
          expected.toSorted((a, b) => {
            const [left, right] = [a.budget.split("/"), b.budget.split("/")];
            return String(left) < String(right) ? -1 : 1;
          }),
        );
        expect(plan.feasible).toBe(expected.every((budget) => budget.feasible));
        for (const budget of expected) {
          if (budget.feasible) feasible += 1;
          else refused += 1;
        }
      }),
      { numRuns: 4000 },
    );
    // Both kinds were among them, else this would say little.
    expect(Math.min(feasible, refused)).toBeGreaterThan(1000);
  });
});

describe("every plan", () => {
  it("keeps both sums, and adds up to them", () => {
    fc.assert(
      fc.property(arbitraryFleet(SMALL), (fleet) => {
        for (const { clients, slots, servers, feasible } of planFleet(fleet).budgets) {
          const { reserve } = clients;
          const reserved = reserve.consoles + reserve.maintenance + reserve.logins;
          expect(reserved + clients.usable).toBe(clients.capacity);
          expect(clients.granted + clients.headroom - clients.missing).toBe(clients.usable);
          expect(slots.maintenance + slots.granted + slots.headroom - slots.missing).toBe(
            slots.perProcess,
          );
          expect(slots.processes * slots.perProcess).toBeLessThanOrEqual(slots.postgres);
          expect(servers.reduce((sum, { grant }) => sum + grant, 0)).toBe(clients.granted);
          expect(servers.reduce((sum, server) => sum + server.slots, 0)).toBe(slots.granted);
          expect(feasible && clients.missing + slots.missing > 0).toBe(false);
          for (const server of servers) {
            const processes = server.peakPods * server.processesPerPod;
            expect(server.grant).toBe(server.limit * processes);
            expect(server.floor).toBe(server.guaranteed * processes);
            expect(server.limit).toBeGreaterThanOrEqual(server.guaranteed);
            expect(server.limit).toBeLessThanOrEqual(server.max);
            expect(server.slots).toBeGreaterThanOrEqual(1);
            expect(server.slots).toBeLessThanOrEqual(server.grant);
          }
          // Nothing left that would still fit.
          const couldHaveMore = servers.filter(
            ({ peakPods, processesPerPod, limit, max, grant, ...server }) =>
              (limit < max && peakPods * processesPerPod <= clients.headroom) ||
              (server.slots < grant && slots.headroom > 0),
          );
          expect(feasible ? couldHaveMore : []).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is the same for any order of the objects", () => {
    fc.assert(
      fc.property(
        arbitraryFleet(SMALL).chain((fleet) =>
          fc.record({
            fleet: fc.constant(fleet),
            budgets: fc.shuffledSubarray([...fleet.budgets], { minLength: fleet.budgets.length }),
            servers: fc.shuffledSubarray([...fleet.servers], { minLength: fleet.servers.length }),
          }),
        ),
        ({ fleet, budgets, servers }) => {
          expect(planFleet({ budgets, servers })).toEqual(planFleet(fleet));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("gives the same limits and slots once more when every max is the limit", () => {
    fc.assert(
      fc.property(arbitraryFleet(SMALL), (fleet) => {
        const plan = planFleet(fleet);
        const limits = new Map(
          plan.budgets.flatMap(({ namespace, servers }) =>
            servers.map(({ name, limit }) => [`${namespace}/${name}`, limit]),
          ),
        );
        const capped = fleet.servers.map((server) => {
          const max = limits.get(`${server.metadata.namespace}/${server.metadata.name}`);
          const { spec } = server;
          return {
            ...server,
            spec: { ...spec, pool: { ...spec.pool, max: max ?? spec.pool.max } },
          };
        });
        expect(limitsAndSlots(planFleet({ ...fleet, servers: capped }))).toEqual(
          limitsAndSlots(plan),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
