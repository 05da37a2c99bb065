import { describe, expect, it } from "vitest";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import {
  budgetCondition,
  incidentSnapshot,
  lineStateOf,
  observeExisting,
  snapshotOf,
  seen,
  UNREACHABLE,
  withLine,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import type { LineState, PgBouncerState } from "../model/pgbouncer.ts";

function applied(snapshot: BudgetSnapshot) {
  return budgetCondition(snapshot, "ConfigApplied");
}

function setTo(key: string, value: string): (state: PgBouncerState) => PgBouncerState {
  return (state) => ({ ...state, config: new Map([...state.config, [key, value]]) });
}

/** As every line of an older plan was; lines up to `from` are left as planned. */
function olderFrom(from: string): (state: PgBouncerState) => PgBouncerState {
  return (state) => ({
    ...state,
    lines: state.lines.map((line) =>
      line.name === "maintenance" || line.name < from ? line : { ...line, maxClientConnections: 8 },
    ),
  });
}

/** What is said of so many processes that all differ alike: by their lines, and by a key. */
function alike(processes: number): string | undefined {
  const budget = budgetOf({ pgbouncer: { replicas: processes } });
  const fewer = withPgBouncerState(snapshotOf({ budget }), lowered);
  return applied(withPgBouncerState(fewer, setTo("max_client_conn", "300")))?.message;
}

describe("what PgBouncer has applied", () => {
  it("is what the plan says", () => {
    expect(applied(snapshotOf())).toMatchObject({
      status: "True",
      message: "max_client_conn is 200, and all 11 lines are as planned",
    });
  });

  it.each<[string, (state: PgBouncerState) => PgBouncerState, string]>([
    ["max_client_conn", setTo("max_client_conn", "300"), "max_client_conn: 300, planned 200"],
    ["pool_mode", setTo("pool_mode", "session"), "pool_mode: session, planned transaction"],
    [
      "the time that a login may take",
      setTo("client_login_timeout", "60"),
      "client_login_timeout: 60, planned 5",
    ],
    [
      "a line's clients",
      withLine("scene", { maxClientConnections: 20 }),
      "line scene: max_db_client_connections 20, planned 10",
    ],
    ["a line's pool", withLine("scene", { poolSize: 9 }), "line scene: pool_size 9, planned 4"],
    ["a reserve pool", withLine("scene", { reservePoolSize: 5 }), "reserve_pool_size 5, planned 0"],
    ["a user", withLine("scene", { forceUser: "postgres" }), "user postgres, planned writing"],
    ["a host", withLine("scene", { host: "other" }), "host other, planned postgres"],
    ["a port", withLine("scene", { port: 5433 }), "port 5433, planned 5432"],
    ["a database", withLine("scene", { database: "other" }), "dbname other, planned writing"],
    [
      "the last server's line",
      withLine("series-planning", { poolSize: 9 }),
      "line series-planning: pool_size 9, planned 4",
    ],
    ["PAUSE", withLine("scene", { paused: true }), "line scene: paused"],
    ["DISABLE", withLine("scene", { disabled: true }), "line scene: disabled"],
    ["a line that is gone", without("scene"), "line scene: missing"],
    ["a line too many", withMore("guest"), "line guest: nobody planned it"],
    ["the line of everybody", withMore("*"), "line *: lets anybody make lines"],
  ])("differs by %s, which is named", (_, change, text) => {
    const condition = applied(withPgBouncerState(snapshotOf(), change, 1));
    expect(condition).toMatchObject({ status: "False", reason: "Differs" });
    expect(condition?.message).toContain(`writing-pgbouncer-1: `);
    expect(condition?.message).toContain(text);
  });

  it("is reported once where it is the same on all processes, keys before lines", () => {
    expect(alike(2)).toMatch(
      /^both processes: max_client_conn: 300, planned 200, line author: max_db_client_connections 3, planned 10, line .* and 6 more \(edited by hand, [^;]*\)$/,
    );
    expect(alike(3)).toMatch(/^each of 3 processes: max_client_conn: 300, planned 200, line /);
    expect(alike(1)).toMatch(/^writing-pgbouncer-0: max_client_conn: 300, planned 200, line /);
  });

  it("is reported for each process where it is another, keys before lines", () => {
    const fewer = withPgBouncerState(snapshotOf(), withLine("scene", { maxClientConnections: 20 }));
    const other = withPgBouncerState(fewer, setTo("max_client_conn", "300"), 1);
    expect(applied(other)?.message).toMatch(
      /^writing-pgbouncer-1: max_client_conn: 300, planned 200; both processes: line scene: max_db_client_connections 20, planned 10 \(/,
    );
  });

  it("is reported for all processes only where all were observed", () => {
    const snapshot = snapshotOf({ budget: budgetOf({ pgbouncer: { replicas: 3 } }) });
    const changed = withPgBouncerState(snapshot, setTo("max_client_conn", "300"));
    const poolers = changed.pgbouncers.state === "available" ? changed.pgbouncers.value : [];
    const unseen = poolers.map((pooler, index) =>
      index === 2 ? { ...pooler, observation: UNREACHABLE } : pooler,
    );
    expect(applied({ ...changed, pgbouncers: seen(unseen) })?.message).toMatch(
      /^writing-pgbouncer-0 and writing-pgbouncer-1: max_client_conn: 300, planned 200 \(/,
    );
  });

  it.each(["1.18.0", "1.23.1", "1.9"])("is too old with %s", (version) => {
    const condition = applied(
      withPgBouncerState(snapshotOf(), (state) => ({ ...state, version }), 0),
    );
    expect(condition).toMatchObject({ status: "False", reason: "TooOld" });
    expect(condition?.message).toContain(`writing-pgbouncer-0 is PgBouncer ${version}`);
  });

  it("is too old, and too many all the same", () => {
    const snapshot = withPgBouncerState(snapshotOf(), (state) => ({ ...state, version: "1.23.1" }));
    const poolers = snapshot.pgbouncers.state === "available" ? snapshot.pgbouncers.value : [];
    const more = poolers.slice(0, 1).map((pooler) => ({ ...pooler, name: "one-more" }));
    const condition = applied({ ...snapshot, pgbouncers: seen([...poolers, ...more]) });
    expect(condition).toMatchObject({ status: "False", reason: "TooOld" });
    expect(condition?.message).toMatch(/came with 1\.24; 3 processes \(.*one-more.*\), planned 2 /);
  });

  it.each(["1.24.0", "1.26.1", "2.0.0"])("is not too old with %s", (version) => {
    const snapshot = withPgBouncerState(snapshotOf(), (state) => ({ ...state, version }));
    expect(applied(snapshot)?.status).toBe("True");
  });
});

/** No line is as planned. */
function lowered(state: PgBouncerState): PgBouncerState {
  return {
    ...state,
    lines: state.lines.map((line) => ({ ...line, maxClientConnections: 3 })),
  };
}

describe("a RELOAD that took in a part", () => {
  it("is reported by lines that follow the plan up to one", () => {
    const old = withPgBouncerState(snapshotOf(), olderFrom("reporting"));
    const condition = applied(old);
    expect(condition).toMatchObject({ status: "False", reason: "PartlyApplied" });
    expect(condition?.message).toContain(
      "writing-pgbouncer-0 and writing-pgbouncer-1 follow the plan before line reporting and not from there on",
    );
  });

  it("is reported by a process that has all of it and one that has not", () => {
    const condition = applied(withPgBouncerState(snapshotOf(), lowered, 1));
    expect(condition).toMatchObject({ status: "False", reason: "PartlyApplied" });
    expect(condition?.message).toContain(
      "writing-pgbouncer-0 has applied all of it and writing-pgbouncer-1 has not",
    );
  });

  it("is not guessed where no process has any of it", () => {
    expect(applied(withPgBouncerState(snapshotOf(), lowered))?.reason).toBe("Differs");
  });
});

describe("an existing PgBouncer", () => {
  it("is held to what the spec says of it alone", () => {
    expect(applied(incidentSnapshot(1))).toMatchObject({ status: "True", reason: "Applied" });
    const old = withPgBouncerState(incidentSnapshot(1), (state) => ({
      ...state,
      version: "1.18.0",
    }));
    expect(applied(old)?.status).toBe("True");
  });

  it("differs where the spec is wrong about it", () => {
    const condition = applied(
      withPgBouncerState(incidentSnapshot(1), setTo("max_client_conn", "100")),
    );
    expect(condition).toMatchObject({ status: "False", reason: "Differs" });
    expect(condition?.message).toContain("max_client_conn: 100, planned 200");
  });
});

function without(name: string): (state: PgBouncerState) => PgBouncerState {
  return (state) => ({ ...state, lines: state.lines.filter((line) => line.name !== name) });
}

function withMore(name: string): (state: PgBouncerState) => PgBouncerState {
  const more: LineState = {
    ...lineStateOf(observeExisting(), name, 10, 1),
    openClients: 0,
    openServers: 0,
    roles: ["writing"],
  };
  return (state) => ({ ...state, lines: [...state.lines, more] });
}
