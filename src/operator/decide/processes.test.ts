import { describe, expect, it } from "vitest";
import {
  budgetCondition,
  incidentScene,
  seen,
  sceneOf,
  serverCondition,
  withSight,
  UNREACHABLE,
} from "../../../test/operator/sceneOf.ts";
import type { BudgetSnapshot, PoolerSnapshot } from "../snapshot.ts";
import { conditionIn } from "./condition.ts";
import { judge } from "./judge.ts";

/** All that rests on what every process says. */
const OF_BUDGET = ["WithinBudget", "ConfigApplied", "PostgresGuarded"] as const;
const OF_SERVER = ["WithinGrant", "PoolSettingIgnored"] as const;

/** The one PgBouncer of the scene, and others that have open what it has. */
function withPoolers(
  scene: BudgetSnapshot,
  ...others: readonly Partial<PoolerSnapshot>[]
): BudgetSnapshot {
  const first = scene.poolers.state === "seen" ? scene.poolers.value[0] : undefined;
  if (first === undefined) throw new Error("the scene has no PgBouncer");
  return { ...scene, poolers: seen([first, ...others.map((each) => ({ ...first, ...each }))]) };
}

/** Told of the whole fleet: `TYPE=STATUS REASON`, the same ones once. */
function told(scene: BudgetSnapshot): readonly string[] {
  const { budgetStatus, serverStatuses } = judge(scene);
  const conditions = [
    ...OF_BUDGET.map((type) => conditionIn(budgetStatus, type)),
    ...OF_SERVER.flatMap((type) =>
      [...serverStatuses.values()].map((status) => conditionIn(status, type)),
    ),
  ];
  return [...new Set(conditions.map((each) => `${each?.type}=${each?.status} ${each?.reason}`))];
}

const ALL_UNKNOWN = [
  "WithinBudget=Unknown ProcessesUnseen",
  "ConfigApplied=Unknown ProcessesUnseen",
  "PostgresGuarded=Unknown ProcessesUnseen",
  "WithinGrant=Unknown ProcessesUnseen",
];

describe("an existing PgBouncer of which fewer processes are seen than the spec says", () => {
  it("is well of nothing that all of them must tell", () => {
    // Another pool size than the plan's is seen to be bad all the same.
    const ignored = "PoolSettingIgnored=True ConfiguredOtherwise";
    expect(told(incidentScene(5, 2))).toEqual([...ALL_UNKNOWN, ignored]);
    expect(told(incidentScene(5, 1))).toEqual([
      "WithinBudget=True Within",
      "ConfigApplied=True Applied",
      "PostgresGuarded=True Guarded",
      "WithinGrant=True Within",
      ignored,
    ]);
  });

  it("says how many, which, and what to do", () => {
    expect(budgetCondition(incidentScene(5, 2), "WithinBudget")?.message).toBe(
      "PgBouncer: seen 1 of 2 processes that spec.pgbouncer.existing.processes says " +
        "(old-pgbouncer:6432): let existing.host be a Service of this cluster, or a host name " +
        "with an address for each of them, or correct processes",
    );
    const ready = budgetCondition(incidentScene(5, 2), "Ready");
    expect(ready).toMatchObject({ status: "Unknown", reason: "ProcessesUnseen" });
  });

  it("is bad where the one that is seen is", () => {
    const full = incidentScene(20, 2);
    expect(budgetCondition(full, "WithinBudget")).toMatchObject({
      status: "False",
      reason: "ClientsExceedBudget",
    });
    expect(serverCondition(full, "scene", "WithinGrant")?.status).toBe("False");
  });

  it("counts one that two addresses lead to once, with its clients", () => {
    const twice = withPoolers(incidentScene(15, 2), {
      name: "other-pgbouncer:6432",
      sameAs: "old-pgbouncer:6432",
    });
    expect(told(twice)).toEqual([...ALL_UNKNOWN, "PoolSettingIgnored=True ConfiguredOtherwise"]);
    expect(budgetCondition(twice, "WithinBudget")?.message).toContain(
      "seen 1 of 2 processes that spec.pgbouncer.existing.processes says (old-pgbouncer:6432 and " +
        "other-pgbouncer:6432 is the same process as old-pgbouncer:6432)",
    );
    // Of two processes it would be 30 where its setting allows 20.
    const two = withPoolers(incidentScene(15, 2), { name: "other-pgbouncer:6432" });
    expect(serverCondition(two, "scene", "PoolSettingIgnored")?.reason).toBe("MoreThanConfigured");
    expect(judge(twice).budgetStatus).toMatchObject({ replicas: 1 });
  });

  it("is not seen where its one address does not answer", () => {
    const away = withPoolers(incidentScene(5, 3), {
      name: "other-pgbouncer:6432",
      sight: UNREACHABLE,
    });
    expect(budgetCondition(away, "WithinBudget")).toMatchObject({
      status: "Unknown",
      reason: "Unreachable",
      message: expect.stringMatching(/^other-pgbouncer:6432: .*; PgBouncer: seen 1 of 3 /),
    });
  });
});

describe("more processes than planned", () => {
  it.each([
    { whose: "weir's own", scene: sceneOf(), count: 3, planned: 2, field: "replicas" },
    {
      whose: "an existing one",
      scene: incidentScene(5),
      count: 2,
      planned: 1,
      field: "existing.processes",
    },
  ])("are named: $whose", ({ scene, count, planned, field }) => {
    const extra = { name: "one-more" };
    const all = scene.poolers.state === "seen" ? scene.poolers.value : [];
    const more = withPoolers(scene, ...all.slice(1), extra);
    const condition = budgetCondition(more, "ConfigApplied");
    expect(condition).toMatchObject({ status: "False", reason: "MoreProcesses" });
    expect(condition?.message).toMatch(
      new RegExp(
        `^${count} processes \\(.*one-more.*\\), planned ${planned} \\(spec\\.pgbouncer\\.${field}\\)`,
      ),
    );

    const edited = withSight(more, (sight) => ({
      ...sight,
      config: new Map([...sight.config, ["pool_mode", "session"]]),
    }));
    const both = budgetCondition(edited, "ConfigApplied");
    expect(both?.reason).toBe("MoreProcesses");
    expect(both?.message).toContain("pool_mode: session, planned transaction");
  });

  it("fewer of weir's own are all that there are: their pods are counted", () => {
    const scene = sceneOf();
    expect(budgetCondition(withPoolers(scene), "ConfigApplied")?.status).toBe("True");
  });
});
