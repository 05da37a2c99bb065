import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import {
  after,
  budgetCondition,
  incidentSnapshot,
  lineStateOf,
  observed,
  observeExisting,
  pgbouncerStateOf,
  postgresSnapshot,
  snapshotOf,
  seen,
  UNREACHABLE,
  withLine,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import type { ClientCount, PgBouncerState } from "../model/pgbouncer.ts";
import { judge } from "./judge.ts";

function within(snapshot: BudgetSnapshot) {
  return budgetCondition(snapshot, "WithinBudget");
}

describe("the incident: ten servers of 20 on 200", () => {
  it("is not within budget, with the sum and who holds how many", () => {
    const condition = within(incidentSnapshot(20));
    expect(condition).toMatchObject({ status: "False", reason: "ClientsExceedBudget" });
    expect(condition?.message).toBe(
      "clients of old-pgbouncer:6432: 200 open + 2 consoles + 4 maintenance + 4 logins = 210 > 200 " +
        "of max_client_conn; held by author 20, book-planning 20, chapter-planning 20, " +
        "character-planning 20, core-continuity 20, database-admin 20 and 4 more, all idle",
    );
  });

  it.each([
    { held: 19, status: "True" },
    { held: 20, status: "False" },
  ])("with $held each is $status: 190 + 10 is what fits", ({ held, status }) => {
    expect(within(incidentSnapshot(held))?.status).toBe(status);
  });

  it("is cured when nothing in the window broke the sum, not before", () => {
    const full = incidentSnapshot(20);
    const first = judge(full);
    const emptied = withPgBouncerState(after(incidentSnapshot(5), first), (state) => ({
      ...state,
      window: {
        ...state.window,
        usedClientsMax: 201,
        lines: new Map([["writing", { clientsMax: 200, serversMax: 1 }]]),
      },
    }));
    expect(within(emptied)?.status).toBe("False");
    expect(within(after(incidentSnapshot(5), first))?.status).toBe("True");
  });

  it("is not taken back by a process that has just started to watch", () => {
    const first = judge(incidentSnapshot(20));
    const restarted = withPgBouncerState(after(incidentSnapshot(5), first), (state) => ({
      ...state,
      window: { ...state.window, lengthMs: 1000 },
    }));
    expect(within(restarted)).toEqual(within(incidentSnapshot(20)));
  });
});

it("is not well as soon as a PgBouncer has come back, before its clients have", () => {
  const full = incidentSnapshot(20);
  const away = { ...after(full, judge(full)), pgbouncers: UNREACHABLE };
  const unknown = judge(away);
  const back = (lengthMs: number) =>
    withPgBouncerState(after(incidentSnapshot(1), unknown), (state) => ({
      ...state,
      window: { ...state.window, lengthMs },
    }));
  expect(within(away)?.status).toBe("Unknown");
  expect(within(back(1000))?.status).toBe("Unknown");
  expect(within(back(5000))?.status).toBe("True");
});

describe("a tier of weir's own", () => {
  it("says the sum of its limits, whatever is open", () => {
    expect(within(snapshotOf())?.message).toBe(
      "clients: 100 of 10 limited lines + 2 consoles + 4 maintenance + 4 logins = 110 ≤ 200 of " +
        "max_client_conn; slots: at most 48 = ⌊97 of Postgres / 2⌋ on each process; " +
        "backends: at most 97",
    );
  });

  it.each([
    {
      what: "a line was given more than all have",
      change: withLine("scene", { maxClientConnections: 101 }),
      reason: "ClientsExceedBudget",
      sum: "191 of 10 limited lines + 2 consoles + 4 maintenance + 4 logins = 201 > 200",
    },
    {
      what: "more is open than a lowered limit",
      change: withLine("scene", { openClients: 120 }),
      reason: "ClientsExceedBudget",
      sum: "210 of 10 limited lines",
    },
    {
      what: "a line has no limit any more, and all that is open counts",
      change: withLine("scene", { maxClientConnections: 0, openClients: 101 }),
      reason: "ClientsExceedBudget",
      sum: "90 of 9 limited lines + 101 open + 2 consoles",
    },
    {
      what: "pools are larger than the share",
      change: withLine("scene", { poolSize: 9 }),
      reason: "SlotsExceedBudget",
      sum: "51 of lines + 2 maintenance = 53 > 48 = ⌊97 of Postgres / 2⌋",
    },
    {
      what: "more backend connections are open than a lowered pool",
      change: withLine("scene", { openServers: 9 }),
      reason: "SlotsExceedBudget",
      sum: "51 of lines + 2 maintenance = 53 > 48",
    },
    {
      what: "more backend connections were open a moment ago",
      change: (state: PgBouncerState) => ({
        ...state,
        window: { ...state.window, lines: new Map([["scene", { clientsMax: 0, serversMax: 9 }]]) },
      }),
      reason: "SlotsExceedBudget",
      sum: "51 of lines + 2 maintenance = 53 > 48",
    },
    {
      what: "the lines that have no limit get a larger one from all",
      change: (state: PgBouncerState) => ({
        ...withLine("scene", { maxClientConnections: 0 })(state),
        config: new Map([...state.config, ["max_db_client_connections", "101"]]),
      }),
      reason: "ClientsExceedBudget",
      sum: "191 of 10 limited lines",
    },
    {
      what: "a line forces no user, and has a pool for each",
      change: withLine("scene", { roles: ["app", "reporting", "writing"] }),
      reason: "SlotsExceedBudget",
      sum: "54 of lines + 2 maintenance = 56 > 48",
    },
    {
      what: "a reserve pool counts",
      change: withLine("scene", { reservePoolSize: 1 }),
      reason: "SlotsExceedBudget",
      sum: "= 49 > 48",
    },
  ])("is not within budget when $what", ({ change, reason, sum }) => {
    const condition = within(withPgBouncerState(withOpen(snapshotOf()), change, 1));
    expect(condition).toMatchObject({ status: "False", reason });
    expect(condition?.message).toContain(sum);
    expect(condition?.message).toContain("writing-pgbouncer-1");
    expect(condition?.message).not.toContain("writing-pgbouncer-0");
  });

  it("is not within budget with more processes than its share is divided among", () => {
    const snapshot = snapshotOf();
    if (snapshot.pgbouncers.state !== "available") throw new Error("no poolers");
    const [first] = snapshot.pgbouncers.value;
    if (first === undefined) throw new Error("no pooler");
    const third = { ...first, name: "writing-pgbouncer-2" };
    const condition = within({
      ...snapshot,
      pgbouncers: seen([...snapshot.pgbouncers.value, third]),
    });
    expect(condition).toMatchObject({ status: "False", reason: "SlotsExceedBudget" });
    expect(condition?.message).toContain("48 > 32 = ⌊97 of Postgres / 3⌋");
  });

  it("is not within budget while one of its processes is away, weir's own or not", () => {
    for (const snapshot of [snapshotOf(), incidentSnapshot(5, 2)]) {
      const large = withPgBouncerState(snapshot, (state) => ({
        ...state,
        lines: state.lines.map((line) => ({ ...line, poolSize: 60 })),
      }));
      if (large.pgbouncers.state !== "available") throw new Error("no poolers");
      const one = { ...large, poolers: seen(large.pgbouncers.value.slice(0, 1)) };
      expect(within(one)).toMatchObject({ status: "False", reason: "SlotsExceedBudget" });
      expect(within(one)?.message).toContain("> 48 = ⌊97 of Postgres / 2⌋");
    }
  });

  it("is not within budget behind a Postgres that has less than the spec says", () => {
    const snapshot = snapshotOf();
    const live = postgresSnapshot(budgetOf(), { maxConnections: 50 });
    const condition = within({ ...snapshot, postgres: seen(live) });
    expect(condition).toMatchObject({ status: "False", reason: "SlotsExceedBudget" });
    expect(condition?.message).toContain("48 > 23 = ⌊47 of Postgres / 2⌋");
  });

  it.each([
    { backends: 97, backendsMax: 97, status: "True", text: "at most 97" },
    { backends: 98, backendsMax: 98, status: "False", text: "has 98 > 97 in Postgres" },
    { backends: 3, backendsMax: 98, status: "False", text: "has 98 > 97 in Postgres" },
  ])("with $backends backends, $backendsMax at most, is $status", ({ status, text, ...counts }) => {
    const snapshot = { ...snapshotOf(), postgres: seen(postgresSnapshot(budgetOf(), counts)) };
    expect(within(snapshot)?.status).toBe(status);
    expect(within(snapshot)?.message).toContain(text);
  });

  it.each([
    { usedClients: 196, loggingIn: 150, status: "False" },
    { usedClients: 195, loggingIn: 150, status: "True" },
    // As many as are reserved for them, and the sum of the limits has counted those.
    { usedClients: 196, loggingIn: 4, status: "True" },
  ])(
    "with $usedClients used, $loggingIn of them logging in, is $status",
    ({ status, ...moment }) => {
      const snapshot = withPgBouncerState(snapshotOf(), (state) => ({
        ...state,
        window: { ...state.window, logins: [{ usedClients: 9, loggingIn: 5 }, moment] },
      }));
      expect(within(snapshot)?.status).toBe(status);
    },
  );

  it("reports a storm of logins in numbers", () => {
    const snapshot = withPgBouncerState(snapshotOf(), (state) => ({
      ...state,
      window: { ...state.window, logins: [{ usedClients: 200, loggingIn: 150 }] },
    }));
    expect(within(snapshot)).toMatchObject({
      reason: "ClientsExceedBudget",
      message: expect.stringContaining(
        "logins of writing-pgbouncer-0: 200 used, 150 of them still logging in where 4 are " +
          "reserved, + 1 consoles + 4 maintenance = 205 > 200 of max_client_conn",
      ),
    });
  });

  it("counts consoles beyond their reserve, weir's own included", () => {
    const console = {
      line: "pgbouncer",
      user: "weir_stats",
      address: "10.9.9.9",
      idle: 0,
      waiting: 0,
    };
    const snapshot = (count: number) =>
      withPgBouncerState(
        snapshotOf({ budget: budgetOf({ pgbouncer: { maxClientConn: 110 } }) }),
        (state) => ({
          ...state,
          clients: [{ ...console, count }],
        }),
      );
    expect(within(snapshot(1))?.status).toBe("True");
    expect(within(snapshot(2))?.message).toContain("3 consoles");
    expect(within(snapshot(2))?.status).toBe("False");
  });
});

/** Some connections on every line, so that open and allowed differ. */
function withOpen(snapshot: BudgetSnapshot): BudgetSnapshot {
  return withPgBouncerState(snapshot, (state) => ({
    ...state,
    lines: state.lines.map((line) => ({ ...line, openClients: 1, openServers: 1 })),
  }));
}

describe("lines that take turns", () => {
  it("are no more than what was open at one moment", () => {
    const budget = observeExisting();
    const lines = ["a", "b"].map((name) => ({
      ...lineStateOf(budget, name, 0, 5),
      maxClientConnections: 0,
    }));
    const clients: readonly ClientCount[] = [
      { line: "a", user: "writing", address: "10.0.0.1", count: 100, idle: 100, waiting: 0 },
    ];
    const turns = new Map([
      ["a", { clientsMax: 100, serversMax: 0 }],
      ["b", { clientsMax: 100, serversMax: 0 }],
    ]);
    const state = pgbouncerStateOf(
      lines,
      { max_client_conn: "200", pool_mode: "transaction" },
      { clients, window: { lines: turns } },
    );
    const snapshot: BudgetSnapshot = {
      ...incidentSnapshot(1),
      budget: observed(budget),
      pgbouncers: seen([{ name: "old", observation: seen(state) }]),
    };
    expect(within(snapshot)?.status).toBe("True");
  });
});

/** By the definition of budget.md, without a window, for lines that all have a limit. */
function naively(
  lines: readonly { readonly limit: number; readonly open: number }[],
  capacity: number,
): boolean {
  let sum = 0;
  for (const { limit, open } of lines) sum += open > limit ? open : limit;
  return sum <= capacity - 2 - 4;
}

describe("any limits and any connections", () => {
  it("are judged as the sum is defined", () => {
    const counts = fc.record({
      limit: fc.integer({ min: 4, max: 40 }),
      open: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(
        fc.array(counts, { minLength: 11, maxLength: 11 }),
        fc.integer({ min: 50, max: 500 }),
        (lines, capacity) => {
          const snapshot = withPgBouncerState(snapshotOf(), (state) => ({
            ...state,
            config: new Map([...state.config, ["max_client_conn", String(capacity)]]),
            lines: state.lines.map((line, index) => ({
              ...line,
              maxClientConnections: lines[index]?.limit ?? 0,
              openClients: lines[index]?.open ?? 0,
            })),
          }));
          expect(within(snapshot)?.status === "True").toBe(naively(lines, capacity));
        },
      ),
    );
  });
});
