import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges } from "../../test/fleets/applyChanges.ts";
import { arbitraryFleet, ONE_BUDGET } from "../../test/fleets/arbitraryFleet.ts";
import { budgetOf, incidentFleet, serverOf } from "../../test/fleets/fleetOf.ts";
import type { Fleet } from "../api/fleet.ts";
import type { BudgetPlan, Suggestion } from "./plan.ts";
import { planFleet } from "./planFleet.ts";

const ORDER = ["SmallerPools", "Recreate", "Members", "Disable", "MaxClientConn"] as const;

function suggested(fleet: Fleet): readonly Suggestion[] {
  return planFleet(fleet).budgets.flatMap(({ suggestions }) => suggestions);
}

function ofKind(fleet: Fleet, kind: Suggestion["kind"]): Suggestion | undefined {
  return suggested(fleet).find((suggestion) => suggestion.kind === kind);
}

/** What a suggestion would change, as `name.field = to`. */
function changesOf(suggestion: Suggestion | undefined): readonly string[] | undefined {
  return suggestion?.changes.map(
    ({ object, field, to }) => `${object.split("/")[1]} ${field} = ${JSON.stringify(to)}`,
  );
}

/** U of the budget that the small examples use: 20 client connections, 10 slots. */
const TWENTY = budgetOf({
  postgres: { maxConnections: 15 },
  pgbouncer: { maxClientConn: 30, replicas: 1 },
});

function small(...servers: Fleet["servers"]): Fleet {
  return { budgets: [TWENTY], servers };
}

describe("each suggestion", () => {
  it("suffices alone, for both sums: applied and planned again", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(arbitraryFleet(ONE_BUDGET), (fleet) => {
        const [budget] = planFleet(fleet).budgets;
        const suggestions = budget?.suggestions ?? [];
        expect(ORDER.filter((kind) => suggestions.some((each) => each.kind === kind))).toEqual(
          suggestions.map(({ kind }) => kind),
        );
        expect(budget?.feasible === true && suggestions.length > 0).toBe(false);
        for (const { kind, changes } of suggestions) {
          seen.add(kind);
          expect(planFleet(applyChanges(fleet, budget?.namespace ?? "", changes)).feasible).toBe(
            true,
          );
        }
      }),
      { numRuns: 3000 },
    );
    expect([...seen].toSorted()).toEqual([...ORDER].toSorted());
  });

  it("is made whenever its kind could suffice", () => {
    fc.assert(
      fc.property(arbitraryFleet(ONE_BUDGET), (fleet) => {
        const [budget] = planFleet(fleet).budgets;
        if (budget === undefined || budget.feasible || sharesMissing(fleet)) return;
        const kinds = new Set(budget.suggestions.map(({ kind }) => kind));
        expect(kinds.has("SmallerPools")).toBe(couldHold(fleet, { guaranteed: 1 }));
        expect(kinds.has("Recreate")).toBe(couldHold(fleet, { rollout: "Recreate" }));
        expect(kinds.has("MaxClientConn")).toBe(budget.slots.missing === 0);
        const single = budget.servers.some((server) => isHeldAlone(fleet, server.name));
        expect(kinds.has("Disable")).toBe(single);
      }),
      { numRuns: 2000 },
    );
  });

  it("is not made while the Postgres behind the budget lacks what its shares say", () => {
    const fleet = incidentFleet(
      { pool: { guaranteed: 20, max: 20 } },
      { postgres: { shareConnections: 98 } },
    );
    expect(planFleet(fleet).postgres).toMatchObject([{ available: 97, missing: 1 }]);
    expect(suggested(fleet)).toEqual([]);
  });
});

function sharesMissing(fleet: Fleet): boolean {
  return planFleet(fleet).postgres.some(({ missing }) => missing > 0);
}

/** Whether the fleet would fit if all its servers guaranteed this little, or rolled out so. */
function couldHold(
  fleet: Fleet,
  wish: { readonly guaranteed?: number; readonly rollout?: "Recreate" },
): boolean {
  const servers = fleet.servers.map((server) => {
    const { spec } = server;
    const pool = { ...spec.pool, guaranteed: wish.guaranteed ?? spec.pool.guaranteed, minIdle: 0 };
    const rollout = { ...spec.rollout, type: wish.rollout ?? spec.rollout.type };
    return { ...server, spec: { ...spec, pool, rollout } };
  });
  return planFleet({ ...fleet, servers }).feasible;
}

/** Whether the budget holds when this server alone is awake. */
function isHeldAlone(fleet: Fleet, name: string): boolean {
  const servers = fleet.servers.filter((server) => server.metadata.name === name);
  return planFleet({ ...fleet, servers }).feasible;
}

describe("SmallerPools", () => {
  it("is the largest uniform one: one more would not fit", () => {
    fc.assert(
      fc.property(arbitraryFleet(ONE_BUDGET), (fleet) => {
        const suggestion = ofKind(fleet, "SmallerPools");
        if (suggestion === undefined) return;
        const larger = suggestion.changes
          .filter(({ field }) => field === "spec.pool.guaranteed")
          .map((change) => ({ ...change, to: Number(change.to) + 1 }));
        const after = applyChanges(withoutIdle(fleet), namespaceOf(fleet), larger);
        expect(planFleet(after).feasible).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("lowers those above it alone, and what they keep open with it", () => {
    const fleet = small(
      serverOf("large", { pool: { guaranteed: 9, max: 9, minIdle: 8 } }),
      serverOf("little", { pool: { guaranteed: 2, minIdle: 2 } }),
    );
    // 2 × 9 + 2 × 2 = 22 of 20; 2 × 8 + 2 × 2 = 20.
    expect(changesOf(ofKind(fleet, "SmallerPools"))).toEqual(["large spec.pool.guaranteed = 8"]);
    const tighter = { ...fleet, servers: [...fleet.servers, serverOf("third")] };
    expect(changesOf(ofKind(tighter, "SmallerPools"))).toEqual([
      "large spec.pool.guaranteed = 7",
      "large spec.pool.minIdle = 7",
    ]);
    expect(ofKind(tighter, "SmallerPools")?.text).toBe(
      "The largest uniform pool that fits is 7: guarantee 7 instead of 9 to large (20 of 20 client connections).",
    );
  });
});

describe("Recreate", () => {
  it("takes the fewest servers: those that save most, ties by name", () => {
    const fleet = small(
      serverOf("c", { pool: { guaranteed: 2 } }),
      serverOf("b", { pool: { guaranteed: 4 } }),
      serverOf("a", { pool: { guaranteed: 4 } }),
      serverOf("d", { pool: { guaranteed: 3 } }),
    );
    // 4 + 8 + 8 + 6 = 26: 6 too many; a saves 4, then b 4.
    expect(changesOf(ofKind(fleet, "Recreate"))).toEqual([
      'a spec.rollout.type = "Recreate"',
      'b spec.rollout.type = "Recreate"',
    ]);
  });

  it("is not made for the incident, where it is not enough", () => {
    const kinds = suggested(incidentFleet({ pool: { guaranteed: 20, max: 20 } })).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["SmallerPools", "Members", "Disable", "MaxClientConn"]);
  });
});

describe("Members", () => {
  it("lets one process host those of the same program, with what each was promised", () => {
    const fleet = small(
      serverOf("a", { pool: { guaranteed: 5, max: 5 } }),
      serverOf("b", { pool: { guaranteed: 3, max: 9, minIdle: 1 }, priority: 2, weight: 3 }),
      serverOf("c", { pool: { guaranteed: 3 }, members: ["c-1", "c-2"] }),
    );
    // 10 + 6 + 6 = 22 of 20: one guest is enough, b before c by name.
    expect(changesOf(ofKind(fleet, "Members"))).toEqual([
      'a spec.members = ["a","b"]',
      "a spec.pool.max = 9",
      "a spec.pool.minIdle = 1",
      "a spec.weight = 3",
      "a spec.priority = 2",
      'b spec.activation = "Disabled"',
    ]);
    const tighter = small(...fleet.servers, serverOf("d", { pool: { guaranteed: 4 } }));
    expect(changesOf(ofKind(tighter, "Members"))).toEqual([
      'a spec.members = ["a","b","d"]',
      "a spec.pool.max = 9",
      "a spec.pool.minIdle = 1",
      "a spec.weight = 3",
      "a spec.priority = 2",
      'b spec.activation = "Disabled"',
      'd spec.activation = "Disabled"',
    ]);
  });

  it.each([
    ["another image", { image: "example/other:1" }],
    ["another command", { command: ["other"] }],
    ["other arguments", { args: ["--other"] }],
    ["another environment", { env: [{ name: "OTHER", value: "1" }] }],
    ["more processes than its host", { replicas: 2 }],
    [
      "a workload that weir did not make",
      { image: undefined, workloadRef: { kind: "Deployment" as const, name: "old" } },
    ],
  ])("leaves alone what has %s", (_what, difference) => {
    const fleet = small(
      serverOf("a", { pool: { guaranteed: 8, max: 8 } }),
      serverOf("b", { pool: { guaranteed: 3 }, ...difference }),
    );
    expect(planFleet(fleet).feasible).toBe(false);
    expect(ofKind(fleet, "Members")).toBeUndefined();
  });

  it("also helps where lines are missing, which no smaller pool does", () => {
    const fleet = small(...Array.from({ length: 9 }, (_, index) => serverOf(`s${index}`)));
    expect(planFleet(fleet).budgets[0]?.slots.missing).toBe(0);
    const crowded: Fleet = {
      ...fleet,
      budgets: [budgetOf({ postgres: { maxConnections: 11 }, pgbouncer: { replicas: 1 } })],
    };
    expect(planFleet(crowded).budgets[0]?.slots.missing).toBe(3);
    expect(suggested(crowded).map(({ kind }) => kind)).toEqual(["Members", "Disable"]);
    expect(changesOf(ofKind(crowded, "Members"))).toEqual([
      's0 spec.members = ["s0","s1","s2","s3"]',
      's1 spec.activation = "Disabled"',
      's2 spec.activation = "Disabled"',
      's3 spec.activation = "Disabled"',
    ]);
  });
});

describe("Disable", () => {
  it("begins with the lowest priority, then the largest floor, and puts nobody to sleep in vain", () => {
    const fleet = small(
      serverOf("dear", { priority: 1, pool: { guaranteed: 5 } }),
      serverOf("tiny", { priority: -1, pool: { guaranteed: 1 } }),
      serverOf("aa", { pool: { guaranteed: 3 } }),
      serverOf("b", { pool: { guaranteed: 4 } }),
      serverOf("a", { pool: { guaranteed: 4 } }),
    );
    // 10 + 2 + 6 + 8 + 8 = 34, 14 too many: tiny, a and b go in this order, and tiny in vain.
    expect(changesOf(ofKind(fleet, "Disable"))).toEqual([
      'a spec.activation = "Disabled"',
      'b spec.activation = "Disabled"',
    ]);
  });

  it("puts nobody to sleep who could stay awake", () => {
    fc.assert(
      fc.property(arbitraryFleet(ONE_BUDGET), (fleet) => {
        const { changes = [] } = ofKind(fleet, "Disable") ?? {};
        for (const change of changes) {
          const others = changes.filter((other) => other !== change);
          expect(planFleet(applyChanges(fleet, namespaceOf(fleet), others)).feasible).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("MaxClientConn", () => {
  it("says how large, and that Postgres could not carry it", () => {
    const fleet = incidentFleet({ pool: { guaranteed: 20, max: 20 } });
    const suggestion = ofKind(fleet, "MaxClientConn");
    expect(changesOf(suggestion)).toEqual(["writing spec.pgbouncer.maxClientConn = 410"]);
    expect(suggestion?.text).toBe(
      "Raise maxClientConn from 200 to 410. Postgres could not carry it: the slots stay at 46 on each of 2 PgBouncer processes, so of 400 connections at most 46 work at once there and the others wait. Raising this alone is what failed in the incident.",
    );
  });

  it.each([
    [2 * (400 + 2), "could carry it: 400 slots are there for 400 connections."],
    [2 * (400 + 2) - 1, "could not carry it: the slots stay at 399 on each"],
  ])("says whether Postgres could, with %i connections", (connections, verdict) => {
    const fleet = incidentFleet(
      { pool: { guaranteed: 20, max: 20 } },
      { postgres: { maxConnections: connections + 3 } },
    );
    expect(ofKind(fleet, "MaxClientConn")?.text).toContain(
      `Raise maxClientConn from 200 to 410. Postgres ${verdict}`,
    );
  });

  it("is not made beyond what the field may hold", () => {
    const fleet = small(
      serverOf("vast", { replicas: 10_000, pool: { guaranteed: 100, max: 100 } }),
    );
    expect(ofKind(fleet, "MaxClientConn")).toBeUndefined();
  });
});

/** The fleet with pools that keep nothing open: what they keep open takes no part in a sum. */
function withoutIdle(fleet: Fleet): Fleet {
  const servers = fleet.servers.map((server) => ({
    ...server,
    spec: { ...server.spec, pool: { ...server.spec.pool, minIdle: 0 } },
  }));
  return { ...fleet, servers };
}

function namespaceOf(fleet: Fleet): BudgetPlan["namespace"] {
  return fleet.budgets[0]?.metadata.namespace ?? "";
}
