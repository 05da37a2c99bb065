import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { arbitraryFleet } from "../../test/fleets/arbitraryFleet.ts";
import { budgetOf, incidentFleet, serverOf } from "../../test/fleets/fleetOf.ts";
import type { Fleet } from "../api/fleet.ts";
import { commonIni } from "../pgbouncer/ini.ts";
import { linesOf } from "../pgbouncer/lines.ts";
import type * as budgetFields from "../api/connectionBudget.ts";
import { availableConnections, processCountOf } from "../api/connectionBudget.ts";
import type * as allocation from "./allocate.ts";
import { allocate } from "./allocate.ts";
import { assertPlanSums, assertShares, assertSum, SumError, type BudgetSum } from "./assertSums.ts";
import type { BudgetPlan } from "./plan.ts";
import { planFleet } from "./planFleet.ts";
import type * as sharing from "./postgresShares.ts";
import { postgresOf } from "./postgresShares.ts";

// A planner with a fault: what it divides at the chosen call, it gives one too many of.
vi.mock("./allocate.ts", { spy: true });
vi.mock("./postgresShares.ts", { spy: true });

// What the planner computes with, of which each may have a fault.
vi.mock("../api/connectionBudget.ts", async (importOriginal) => {
  const real = await importOriginal<typeof budgetFields>();
  return {
    ...real,
    availableConnections: vi.fn<typeof availableConnections>(real.availableConnections),
    processCountOf: vi.fn<typeof processCountOf>(real.processCountOf),
  };
});

beforeEach(() => {
  vi.mocked(allocate).mockReset();
  vi.mocked(postgresOf).mockReset();
  vi.mocked(availableConnections).mockReset();
  vi.mocked(processCountOf).mockReset();
});

const PLACE = {
  listenAddress: "*",
  listenPort: 6432,
  socketDir: "/var/run/pgbouncer",
  authFile: "userlist.txt",
  hbaFile: "hba.conf",
  peers: [],
};

/** Ten servers that use up all clients (C = 200) and all slots. */
const FULL = incidentFleet({ pool: { guaranteed: 1, max: 20 } });

function planned(fleet: Fleet) {
  const [budget] = fleet.budgets;
  const [plan] = planFleet(fleet).budgets;
  if (budget === undefined || plan === undefined) throw new Error("the fleet has no budget");
  return { budget, plan };
}

/** The plan with other numbers for its first server. */
function edited(plan: BudgetPlan, change: Partial<BudgetPlan["servers"][number]>): BudgetPlan {
  const [first, ...others] = plan.servers;
  if (first === undefined) throw new Error("the plan has no server");
  return { ...plan, servers: [{ ...first, ...change }, ...others] };
}

/** A sum of which more is given, and less is left. */
function given<Sum extends { readonly granted: number; readonly headroom: number }>(
  sum: Sum,
  more: number,
): Sum {
  return { ...sum, granted: sum.granted + more, headroom: sum.headroom - more };
}

describe("a faulty planner is caught where it makes its plan", () => {
  it.each([
    { call: 1, of: "clients of each PgBouncer process" },
    { call: 2, of: "backend connections of each PgBouncer process" },
  ])("at call $call, of $of", async ({ call, of }) => {
    const { allocate: real } = await vi.importActual<typeof allocation>("./allocate.ts");
    let calls = 0;
    vi.mocked(allocate).mockImplementation((claims, available) => {
      calls += 1;
      const [first = 0, ...units] = real(claims, available);
      return [calls === call ? first + 1 : first, ...units];
    });
    expect(() => planFleet(FULL)).toThrow(SumError);
    calls = 0;
    expect(() => planFleet(FULL)).toThrow(`ConnectionBudget writing/writing: ${of}: `);
  });
});

it("a faulty share of a Postgres is caught where the fleet is planned", async () => {
  const { postgresOf: real } = await vi.importActual<typeof sharing>("./postgresShares.ts");
  const postgres = { maxConnections: 23, shareConnections: 11 };
  const fleet = { budgets: ["a", "b"].map((name) => budgetOf({ name, postgres })), servers: [] };
  expect(planFleet(fleet).feasible).toBe(false);
  vi.mocked(postgresOf).mockImplementation((budgets) =>
    real(budgets).map((each) => ({ ...each, plan: { ...each.plan, missing: 0 } })),
  );
  expect(() => planFleet(fleet)).toThrow(
    "shares of its budgets: 11 writing/a + 11 writing/b = 22, which must be at most 20",
  );
});

describe("a fault in what the planner knows of the fields of a budget is caught", () => {
  it("fewer PgBouncer processes", () => {
    vi.mocked(processCountOf).mockReturnValue(1);
    expect(() => planFleet(FULL)).toThrow(SumError);
  });

  it("more connections of Postgres", () => {
    vi.mocked(availableConnections).mockImplementation(({ maxConnections }) => maxConnections);
    expect(() => planFleet(FULL)).toThrow(SumError);
  });
});

/** Two budgets of one Postgres, the servers of the first with all that peak pods are made of. */
const VARIED: Fleet = {
  budgets: [
    budgetOf({ postgres: { shareConnections: 41 } }),
    budgetOf({ name: "other", postgres: { shareConnections: 20 } }),
  ],
  servers: [
    serverOf("rolled", { replicas: 2, pool: { guaranteed: 2, max: 9 } }),
    serverOf("recreated", { rollout: { type: "Recreate" }, pool: { max: 3 } }),
    serverOf("scaled", { autoscaling: { maxReplicas: 3 }, pool: { processesPerPod: 2 } }),
  ],
};

describe("a fault in sums.ts, with which the planner computes, is caught", () => {
  const source = readFileSync("src/budget/sums.ts", "utf8");

  afterEach(() => {
    vi.doUnmock("./sums.ts");
    vi.resetModules();
  });

  /** planFleet with another text in the place of one of sums.ts. */
  async function planWith(from: string, to: string): Promise<typeof planFleet> {
    expect(source.split(from)).toHaveLength(2);
    const code = stripTypeScriptTypes(source.replace(from, to)).replaceAll(
      /(?<=from ")\.[^"]+/g,
      (name) => new URL(name, import.meta.url).href,
    );
    vi.resetModules();
    vi.doMock("./sums.ts", () => import(`data:text/javascript,${encodeURIComponent(code)}`));
    return (await import("./planFleet.ts")).planFleet;
  }

  it("and without a fault nothing is", async () => {
    const plan = await planWith("return peakPods", "return peakPods");
    expect(plan(VARIED)).toEqual(planFleet(VARIED));
    expect(plan(VARIED).feasible).toBe(true);
  });

  it.each([
    [" - reserve.consoles", ""],
    [" - reserve.maintenance ", " "],
    [" - reserve.logins", ""],
    [" - reserve.maintenanceSlots", ""],
    ["shareOf(budget);\n", "shareOf(budget) + 1;\n"],
    [".shareConnections ??", ".shareConnections! + 1 ??"],
    ["?? availableConnections(budget.spec.postgres)", "?? budget.spec.postgres.maxConnections"],
    ["Math.floor(postgres / processCountOf(budget))", "postgres"],
    [
      "Math.floor(postgres / processCountOf(budget))",
      "Math.ceil(postgres / processCountOf(budget))",
    ],
    ["generationsOf(server.spec.rollout.type) * mostReplicas(server)", "mostReplicas(server)"],
    ["generationsOf(server.spec.rollout.type) *", "generationsOf(server.spec.rollout.type) - 1 +"],
    ["return peakPods(server) * server.spec.pool.processesPerPod", "return peakPods(server)"],
    ["return peakPods(server) *", "return (peakPods(server) - 1) *"],
    ['rollout === "Recreate" ? 1 : 2', "1"],
    ['rollout === "Recreate" ? 1 : 2', "2"],
    ["server.spec.autoscaling?.maxReplicas ?? 0", "0"],
    ["server.spec.autoscaling?.maxReplicas", "server.spec.autoscaling?.minReplicas"],
    ["Math.max(server.spec.replicas,", "Math.max(1,"],
    ["Math.min(server.spec.pool.guaranteed, most) *", ""],
    ["total + floorOf(server, most), 0", "total + floorOf(server, most), 200"],
    ["floors - room.clients", "floors - room.clients + 200"],
    ["lines - room.slots", "lines - room.slots + 200"],
  ])("%s becomes %s", async (from, to) => {
    const plan = await planWith(from, to);
    expect(() => [plan(VARIED), plan(incidentFleet({ replicas: 2 }))]).toThrow(
      /^ConnectionBudget .* = -?\d+, which must be .*; this is a fault of weir/,
    );
  });

  it.each([
    ["floors - room.clients", "0 - room.clients"],
    ["lines - room.slots", "0 - room.slots"],
    ["total + floorOf(server, most), 0", "total, 0"],
  ])("where a budget can't fit: %s becomes %s", async (from, to) => {
    const plan = await planWith(from, to);
    const tooMany = incidentFleet(
      { pool: { guaranteed: 20, max: 20 } },
      { postgres: { maxConnections: 20 } },
    );
    expect(() => plan(tooMany)).toThrow("this is a fault of weir");
  });
});

describe("a plan that does not have every server once is caught", () => {
  const { budget, plan } = planned(FULL);
  const [first, ...others] = FULL.servers;
  if (first === undefined) throw new Error("the fleet has no server");

  it.each([
    ["a server that is not planned for", [...FULL.servers, serverOf("forgotten")], "forgotten: 0"],
    ["a server that is not there", others, "author: 1"],
    [
      "a server that is Disabled",
      [{ ...first, spec: { ...first.spec, activation: "Disabled" as const } }, ...others],
      "author: 1",
    ],
  ])("%s", (_, servers, message) => {
    expect(() => assertPlanSums(budget, servers, plan)).toThrow(message);
  });

  it("a server that is planned for twice", () => {
    const twice = { ...plan, servers: plan.servers.flatMap((each) => [each, each]) };
    expect(() => assertPlanSums(budget, FULL.servers, twice)).toThrow("author: 2 lines = 2");
  });
});

describe("a plan that was changed by one is caught", () => {
  const { budget, plan } = planned(FULL);
  const first = plan.servers[0];
  if (first === undefined) throw new Error("the plan has no server");

  it.each([
    ["grant", { grant: first.grant + 1 }],
    ["slots", { slots: first.slots + 1 }],
  ])("in the plan and in its lines: %s", (_, change) => {
    expect(() => assertPlanSums(budget, FULL.servers, edited(plan, change))).toThrow(SumError);
    expect(() => linesOf(budget, edited(plan, change))).toThrow(SumError);
  });

  it.each([
    ["less than guaranteed", { limit: 0, grant: 0, guaranteed: 1 }],
    ["another limit than its grant is made of", { limit: first.limit - 1 }],
    ["a fraction", { slots: first.slots - 0.5 }],
  ])("in the plan: %s", (_, change) => {
    expect(() => assertPlanSums(budget, FULL.servers, edited(plan, change))).toThrow(SumError);
  });

  it.each([
    ["grants", { ...plan, clients: { ...plan.clients, granted: plan.clients.granted - 1 } }],
    ["slots", { ...plan, slots: { ...plan.slots, granted: plan.slots.granted + 1 } }],
    ["processes", { ...plan, slots: { ...plan.slots, processes: plan.slots.processes + 1 } }],
    ["Postgres", { ...plan, slots: { ...plan.slots, postgres: plan.slots.perProcess - 1 } }],
    ["share", { ...plan, slots: { ...plan.slots, perProcess: plan.slots.perProcess + 1 } }],
  ])("in the plan: what it says of all together: %s", (_, changed) => {
    expect(() => assertPlanSums(budget, FULL.servers, plan)).not.toThrow();
    expect(() => assertPlanSums(budget, FULL.servers, changed)).toThrow(SumError);
  });

  it.each([
    ["more clients than there are", 2, 0],
    ["more slots than there are", 0, 1],
  ])("in the plan: %s, with a negative headroom", (_, clients, slots) => {
    const more = {
      limit: first.limit + clients / 2,
      grant: first.grant + clients,
      slots: first.slots + slots,
    };
    const changed = {
      ...edited(plan, more),
      clients: given(plan.clients, clients),
      slots: given(plan.slots, slots),
    };
    expect(Math.min(changed.clients.headroom, changed.slots.headroom)).toBeLessThan(0);
    expect(() => assertPlanSums(budget, FULL.servers, changed)).toThrow(": headroom and missing ");
  });

  it.each(["clients", "slots"] as const)(
    "in a plan that can't fit: %s that are left, and are missing too",
    (of) => {
      const { headroom } = plan[of];
      const both = { ...plan[of], headroom: headroom + 500, missing: 500 };
      const changed = { ...plan, feasible: false, [of]: both };
      expect(() => assertPlanSums(budget, FULL.servers, changed)).toThrow(
        `the smaller of ${headroom + 500} and 500 = 500, which must be 0`,
      );
    },
  );

  it("in a plan that can't fit: that it does", () => {
    const tooMany = incidentFleet({ pool: { guaranteed: 20, max: 20 } });
    const unfit = planned(tooMany);
    expect(() => assertPlanSums(unfit.budget, tooMany.servers, unfit.plan)).not.toThrow();
    const changed = { ...unfit.plan, feasible: true };
    expect(() => assertPlanSums(unfit.budget, tooMany.servers, changed)).toThrow(
      "missing where all fits: ",
    );
  });

  it.each([
    ["none", 0, "server author: 1 slot at least = 1, which must be at most 0 slots"],
    ["more than its grant", 3, "server author: 3 slots = 3, which must be at most 2 grant"],
  ])("in a plan that has room: slots of a server: %s", (_, slots, message) => {
    const fleet = incidentFleet({ pool: { guaranteed: 1, max: 1 } });
    const roomy = planned(fleet);
    const before = roomy.plan.servers[0]?.slots ?? 0;
    const changed = {
      ...edited(roomy.plan, { slots }),
      slots: given(roomy.plan.slots, slots - before),
    };
    expect(changed.slots.headroom).toBeGreaterThan(0);
    expect(() => assertPlanSums(roomy.budget, fleet.servers, changed)).toThrow(message);
  });

  it.each([
    ["more clients", { clients: 1, slots: 0 }, /^ConnectionBudget writing\/writing: clients/],
    ["more slots", { clients: 0, slots: 1 }, /^ConnectionBudget writing\/writing: backend conn/],
    ["no limit", { clients: 0, slots: -1000 }, /line author/],
  ])("in the ini: a line with %s", (_, more, message) => {
    const [line, ...others] = linesOf(budget, plan);
    if (line === undefined) throw new Error("the plan has no line");
    const slots = Math.max(0, line.slots + more.slots);
    const lines = [{ ...line, clients: line.clients + more.clients, slots }, ...others];
    expect(() => commonIni(budget, lines, PLACE)).toThrow(SumError);
    expect(() => commonIni(budget, lines, PLACE)).toThrow(message);
  });

  it("in the ini: a max_client_conn that its lines were not planned for", () => {
    const { pgbouncer } = budget.spec;
    const smaller = { ...budget.spec, pgbouncer: { ...pgbouncer, maxClientConn: 199 } };
    const lines = linesOf(budget, plan);
    expect(() => commonIni({ ...budget, spec: smaller }, lines, PLACE)).toThrow(SumError);
  });

  it("in the shares of a Postgres", () => {
    const postgres = { maxConnections: 23, shareConnections: 10 };
    const budgets = ["a", "b"].map((name) => budgetOf({ name, postgres }));
    const plans = planFleet({ budgets, servers: [] }).budgets;
    const [shared] = postgresOf(budgets);
    const [one, other] = plans;
    if (shared === undefined || one === undefined || other === undefined) throw new Error("none");
    expect(() => assertShares(shared, plans)).not.toThrow();
    const more = { ...one, slots: { ...one.slots, postgres: 11 } };
    expect(() => assertShares(shared, [more, other])).toThrow(
      "shares of its budgets: 11 writing/a + 10 writing/b = 21, which must be at most 20",
    );
  });
});

it("names the budget, every term, the total and the limit, in one line", () => {
  const sum: BudgetSum = {
    of: "ConnectionBudget writing/writing: clients",
    terms: [
      [4, "logins"],
      [197, "author"],
    ],
    limit: [200, "max_client_conn"],
  };
  expect(() => assertSum(sum)).toThrow(
    "ConnectionBudget writing/writing: clients: 4 logins + 197 author = 201, which must be at most 200 max_client_conn; this is a fault of weir, and no output was made of it: please report it",
  );
  expect(new SumError(sum)).toMatchObject({ sum, total: 201 });
});

it("no valid fleet is refused by it: neither its plan, nor the lines and the ini that fit", () => {
  fc.assert(
    fc.property(arbitraryFleet(), (fleet) => {
      const plan = planFleet(fleet);
      for (const budget of fleet.budgets) {
        const own = plan.budgets.find(
          ({ name, namespace }) =>
            name === budget.metadata.name && namespace === budget.metadata.namespace,
        );
        if (own?.feasible !== true) continue;
        expect(commonIni(budget, linesOf(budget, own), PLACE)).toContain("[databases]");
      }
    }),
    { numRuns: 500 },
  );
});

it("a budget that can't fit has a plan, and no lines that could be written", () => {
  const { budget, plan } = planned({
    budgets: [budgetOf({ pgbouncer: { maxClientConn: 20 } })],
    servers: [serverOf("author", { pool: { guaranteed: 20, max: 20 } })],
  });
  expect(plan.feasible).toBe(false);
  expect(() => linesOf(budget, plan)).toThrow(SumError);
});
