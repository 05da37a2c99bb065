import { describe, expect, it } from "vitest";
import {
  budgetCondition,
  incidentSnapshot,
  seen,
  snapshotOf,
  PENDING,
  serverCondition,
  withPgBouncerState,
  UNREACHABLE,
} from "../../test/operator/snapshotOf.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import type { PgBouncerSnapshot, PgBouncerState } from "../model/pgbouncer.ts";
import { conditionIn } from "./condition.ts";
import { judge } from "./judge.ts";

/** All that rests on what every process says. */
const OF_BUDGET = ["WithinBudget", "ConfigApplied", "PostgresGuarded"] as const;
const OF_SERVER = ["WithinGrant", "PoolSettingIgnored"] as const;

/** The one PgBouncer of the snapshot, and others that have open what it has. */
function withPoolers(
  snapshot: BudgetSnapshot,
  ...others: readonly Partial<PgBouncerSnapshot>[]
): BudgetSnapshot {
  const first =
    snapshot.pgbouncers.state === "available" ? snapshot.pgbouncers.value[0] : undefined;
  if (first === undefined) throw new Error("the scene has no PgBouncer");
  return {
    ...snapshot,
    pgbouncers: seen([first, ...others.map((each) => ({ ...first, ...each }))]),
  };
}

function stateOf({ pgbouncers }: BudgetSnapshot): PgBouncerState {
  const [first] = pgbouncers.state === "available" ? pgbouncers.value : [];
  if (first?.observation.state !== "available") throw new Error("the scene has no PgBouncer");
  return first.observation.value;
}

/** Told of the whole fleet: `TYPE=STATUS REASON`, the same ones once. */
function told(snapshot: BudgetSnapshot): readonly string[] {
  const { statuses } = judge(snapshot);
  const conditions = [
    ...OF_BUDGET.map((type) => conditionIn(statuses.budget, type)),
    ...OF_SERVER.flatMap((type) =>
      [...statuses.servers.values()].map((status) => conditionIn(status, type)),
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

describe("an existing PgBouncer of which fewer processes are observed than the spec says", () => {
  it("is well of nothing that all of them must tell", () => {
    // Another pool size than the plan's is seen to be bad all the same.
    const ignored = "PoolSettingIgnored=True ConfiguredOtherwise";
    expect(told(incidentSnapshot(5, 2))).toEqual([...ALL_UNKNOWN, ignored]);
    expect(told(incidentSnapshot(5, 1))).toEqual([
      "WithinBudget=True Within",
      "ConfigApplied=True Applied",
      "PostgresGuarded=True Guarded",
      "WithinGrant=True Within",
      ignored,
    ]);
  });

  it("says how many, which, and what to do", () => {
    expect(budgetCondition(incidentSnapshot(5, 2), "WithinBudget")?.message).toBe(
      "PgBouncer: found 1 of 2 processes that spec.pgbouncer.existing.processes says " +
        "(old-pgbouncer:6432): let existing.host be a Service of this cluster, or a host name " +
        "with an address for each of them, or correct processes",
    );
    const ready = budgetCondition(incidentSnapshot(5, 2), "Ready");
    expect(ready).toMatchObject({ status: "Unknown", reason: "ProcessesUnseen" });
  });

  it("says that a Service which may be the host is in a namespace that is not watched", () => {
    const alone = { namespaceAlone: "writing", unwatchedService: "db/pg" };
    expect(
      budgetCondition({ ...incidentSnapshot(5, 2), ...alone }, "WithinBudget")?.message,
    ).toMatch(
      /; where existing\.host is Service db\/pg: this operator watches namespace writing alone \(--namespace\), and does not see what is behind it$/,
    );
    expect(budgetCondition({ ...incidentSnapshot(5), ...alone }, "WithinBudget")?.status).toBe(
      "True",
    );
  });

  it("is bad where the one that is observed is", () => {
    const full = incidentSnapshot(20, 2);
    expect(budgetCondition(full, "WithinBudget")).toMatchObject({
      status: "False",
      reason: "ClientsExceedBudget",
    });
    expect(serverCondition(full, "scene", "WithinGrant")?.status).toBe("False");
  });

  it("counts one that two addresses lead to once, with its clients", () => {
    const twice = withPoolers(incidentSnapshot(15, 2), {
      name: "other-pgbouncer:6432",
      sameProcessAs: "old-pgbouncer:6432",
    });
    expect(told(twice)).toEqual([...ALL_UNKNOWN, "PoolSettingIgnored=True ConfiguredOtherwise"]);
    expect(budgetCondition(twice, "WithinBudget")?.message).toContain(
      "found 1 of 2 processes that spec.pgbouncer.existing.processes says (old-pgbouncer:6432 and " +
        "other-pgbouncer:6432 has led to the same process as old-pgbouncer:6432)",
    );
    // Of two processes it would be 30 where its setting allows 20.
    const two = withPoolers(incidentSnapshot(15, 2), { name: "other-pgbouncer:6432" });
    expect(serverCondition(two, "scene", "PoolSettingIgnored")?.reason).toBe("MoreThanConfigured");
    expect(judge(twice).statuses.budget).toMatchObject({ replicas: 1 });
  });

  it("is not observed behind two addresses that have led to one process, though they lead to two now", () => {
    const other = { name: "other-pgbouncer:6432", previouslySameProcessAs: "old-pgbouncer:6432" };
    const balanced = withPoolers(incidentSnapshot(5, 2), other);
    expect(told(balanced)).toEqual([...ALL_UNKNOWN, "PoolSettingIgnored=True ConfiguredOtherwise"]);
    expect(judge(balanced).statuses.budget).toMatchObject({ replicas: 1 });
    // To the letter what is said while they lead to one.
    const shared = withPoolers(incidentSnapshot(5, 2), {
      ...other,
      sameProcessAs: "old-pgbouncer:6432",
    });
    expect(judge(shared).statuses.budget).toEqual(judge(balanced).statuses.budget);
    // What is seen to be bad is bad: a process more than the spec says, and what it holds.
    const more = withPoolers(incidentSnapshot(5), other);
    expect(budgetCondition(more, "ConfigApplied")?.reason).toBe("MoreProcesses");
    const full = withPoolers(incidentSnapshot(20, 2), other);
    const onlyThere = withPgBouncerState(full, () => stateOf(incidentSnapshot(5)), 0);
    expect(budgetCondition(onlyThere, "WithinBudget")?.message).toMatch(/^clients of other-/);
  });

  it("is not observed where its one address does not answer", () => {
    const away = withPoolers(incidentSnapshot(5, 3), {
      name: "other-pgbouncer:6432",
      observation: UNREACHABLE,
    });
    expect(budgetCondition(away, "WithinBudget")).toMatchObject({
      status: "Unknown",
      reason: "Unreachable",
      message: expect.stringMatching(/^other-pgbouncer:6432: .*; PgBouncer: found 1 of 3 /),
    });
  });
});

describe("more processes than planned", () => {
  it.each([
    { whose: "weir's own", snapshot: snapshotOf(), count: 3, planned: 2, field: "replicas" },
    {
      whose: "an existing one",
      snapshot: incidentSnapshot(5),
      count: 2,
      planned: 1,
      field: "existing.processes",
    },
  ])("are named: $whose", ({ snapshot, count, planned, field }) => {
    const extra = { name: "one-more" };
    const all = snapshot.pgbouncers.state === "available" ? snapshot.pgbouncers.value : [];
    const more = withPoolers(snapshot, ...all.slice(1), extra);
    const condition = budgetCondition(more, "ConfigApplied");
    expect(condition).toMatchObject({ status: "False", reason: "MoreProcesses" });
    expect(condition?.message).toMatch(
      new RegExp(
        `^${count} processes \\(.*one-more.*\\), planned ${planned} \\(spec\\.pgbouncer\\.${field}\\)`,
      ),
    );

    const edited = withPgBouncerState(more, (state) => ({
      ...state,
      config: new Map([...state.config, ["pool_mode", "session"]]),
    }));
    const both = budgetCondition(edited, "ConfigApplied");
    expect(both?.reason).toBe("MoreProcesses");
    expect(both?.message).toContain("pool_mode: session, planned transaction");
  });

  it("are as many as are known: not an address that does not answer, but a pod that doesn't", () => {
    const pod = { name: "pod", observation: UNREACHABLE };
    const address = { name: "address", observation: UNREACHABLE, isAddress: true };
    const three = withPoolers(incidentSnapshot(5), pod, address);
    expect(budgetCondition(three, "ConfigApplied")?.message).toMatch(
      /^2 processes \(old-pgbouncer:6432 and pod\), planned 1 /,
    );
    const two = withPoolers(incidentSnapshot(5), address);
    expect(budgetCondition(two, "ConfigApplied")?.message).toBe("address: connection refused");
  });

  it("fewer of weir's own are all that there are: their pods are counted", () => {
    const snapshot = snapshotOf();
    expect(budgetCondition(withPoolers(snapshot), "ConfigApplied")?.status).toBe("True");
  });
});

/** Its two addresses, as they are seen, and the status that it has. */
function twoAddresses(
  observations: readonly [PgBouncerSnapshot["observation"], PgBouncerSnapshot["observation"]],
  status: BudgetSnapshot["budget"]["status"] = {},
): BudgetSnapshot {
  const snapshot = incidentSnapshot(5);
  const pgbouncers = observations.map((observation, index) => ({
    name: `10.0.0.${index}:6432`,
    observation,
    isAddress: true,
    ...(index > 0 &&
      observations.every(({ state }) => state === "available") && {
        sameProcessAs: "10.0.0.0:6432",
      }),
  }));
  return { ...snapshot, budget: { ...snapshot.budget, status }, pgbouncers: seen(pgbouncers) };
}

describe("two addresses of the one process that is planned", () => {
  const SEEN = seen(stateOf(incidentSnapshot(5)));
  const well = judge(twoAddresses([SEEN, SEEN]));

  it("are well together", () => {
    expect(conditionIn(well.statuses.budget, "Ready")?.status).toBe("True");
    expect(well.statuses.budget).toMatchObject({ replicas: 1 });
  });

  it.each([
    { what: "none", states: [PENDING, PENDING] as const },
    { what: "the first", states: [SEEN, PENDING] as const },
    { what: "the second", states: [PENDING, SEEN] as const },
  ])("say nothing new after a restart when $what was seen", ({ states }) => {
    const again = judge(twoAddresses(states, well.statuses.budget));
    expect(again.statuses.budget).toEqual(well.statuses.budget);
    expect(again.events.filter(({ about }) => about.kind === "ConnectionBudget")).toEqual([]);
    // And of a budget that is new nothing is said yet.
    expect(
      conditionIn(judge(twoAddresses(states)).statuses.budget, "WithinBudget"),
    ).toBeUndefined();
  });

  it.each([
    { what: "the first", states: [UNREACHABLE, SEEN] as const },
    { what: "the second", states: [SEEN, UNREACHABLE] as const },
  ])("are neither too many nor short of slots when $what does not answer", ({ states }) => {
    const away = twoAddresses(states, well.statuses.budget);
    const unreachable = { status: "Unknown", reason: "Unreachable" };
    expect(budgetCondition(away, "ConfigApplied")).toMatchObject(unreachable);
    expect(budgetCondition(away, "WithinBudget")).toMatchObject(unreachable);
    expect(judge(away).statuses.budget).toMatchObject({ replicas: 1 });
  });
});
