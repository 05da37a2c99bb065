import { describe, expect, it } from "vitest";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import {
  after,
  budgetCondition,
  incidentSnapshot,
  PENDING,
  postgresSnapshot,
  snapshotOf,
  seen,
  UNREACHABLE,
  withLine,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { judge } from "./judge.ts";

type Role = Partial<PostgresSnapshot["role"]>;

function guarded(more: Partial<PostgresSnapshot>, role: Role = {}) {
  const postgres = seen(postgresSnapshot(budgetOf(), more, role));
  return budgetCondition({ ...snapshotOf(), postgres }, "PostgresGuarded");
}

describe("a Postgres", () => {
  it("is guarded as weir guard leaves it", () => {
    expect(guarded({})).toMatchObject({
      status: "True",
      message:
        "role writing: CONNECTION LIMIT 97 ≤ 97, client_connection_check_interval 500 ms, " +
        "keepalives 60 s; Postgres admits 97 through PgBouncer",
    });
  });

  it.each<[Role, string]>([
    [{ connectionLimit: 1 }, "True"],
    [{ clientConnectionCheckIntervalMs: 1 }, "True"],
    [{ clientConnectionCheckIntervalMs: 1000 }, "True"],
  ])("is guarded with %o", (role, status) => {
    expect(guarded({}, role)?.status).toBe(status);
  });

  it.each<[string, Partial<PostgresSnapshot>, Role, string]>([
    ["RoleMissing", {}, { exists: false }, "role writing does not exist in Postgres postgres:5432"],
    ["Superuser", {}, { superuser: true }, "role writing is a superuser"],
    [
      "NoConnectionLimit",
      {},
      { connectionLimit: -1 },
      "no CONNECTION LIMIT: it must be at most 97",
    ],
    ["ConnectionLimitTooHigh", {}, { connectionLimit: 98 }, "CONNECTION LIMIT 98 > 97"],
    ["ConnectionLimitZero", {}, { connectionLimit: 0 }, "CONNECTION LIMIT 0"],
    ["NoConnectionCheck", {}, { clientConnectionCheckIntervalMs: 0 }, "is off"],
    ["NoConnectionCheck", {}, { clientConnectionCheckIntervalMs: 1001 }, "is 1001 ms"],
    ["NoKeepalives", {}, { keepaliveS: 0 }, "no tcp_keepalives"],
    ["MaxConnectionsSmaller", { maxConnections: 50 }, {}, "47 are left for PgBouncer where 97"],
    ["MaxConnectionsSmaller", { superuserReservedConnections: 10 }, {}, "90 are left"],
    ["MaxConnectionsSmaller", { reservedConnections: 5 }, {}, "92 are left"],
  ])("is not: %s", (reason, more, role, text) => {
    const condition = guarded(more, role);
    expect(condition).toMatchObject({ status: "False", reason });
    expect(condition?.message).toContain(text);
  });

  it("has the SQL named where that helps", () => {
    expect(guarded({}, { keepaliveS: 0 })?.message).toContain("weir guard FLEET");
    const small = guarded({ maxConnections: 50 }, { connectionLimit: 40 });
    expect(small?.message).not.toContain("weir guard");
  });

  it("has all that it lacks told, the cause first", () => {
    const condition = guarded({}, { connectionLimit: -1, clientConnectionCheckIntervalMs: 0 });
    expect(condition?.reason).toBe("NoConnectionLimit");
    expect(condition?.message).toContain("client_connection_check_interval");
  });
});

/** Its PgBouncer, which weir did not make, logs in to that host as these. */
function inRoles(roles: readonly string[], host = "postgres"): BudgetSnapshot {
  return withPgBouncerState(incidentSnapshot(5), (state) => ({
    ...withLine("writing", { roles, host })(state),
    config: new Map([...state.config, ["auth_user", "lookup"]]),
  }));
}

function conditionOf(snapshot: BudgetSnapshot) {
  return budgetCondition(snapshot, "PostgresGuarded");
}

describe("behind a PgBouncer that weir did not make", () => {
  it.each([
    { roles: ["writing"], host: "postgres", status: "True" },
    { roles: ["lookup", "writing"], host: "postgres", status: "True" },
    { roles: ["review", "writing"], host: "another.example.com", status: "True" },
    { roles: ["review", "writing"], host: "postgres.writing.svc", status: "False" },
  ])("one that logs in as $roles to $host is $status", ({ roles, host, status }) => {
    expect(conditionOf(inRoles(roles, host))?.status).toBe(status);
  });

  it("reports those that the role's limit does not hold", () => {
    expect(conditionOf(inRoles(["review", "scene", "writing"]))).toMatchObject({
      reason: "OtherRoles",
      message:
        "PgBouncer logs in as review and scene too, whose backends the CONNECTION LIMIT of role " +
        "writing does not count: force user=writing on the lines, or make a budget for each",
    });
  });

  it("nobody sees who logs in: Unknown, and as it was until that was asked", () => {
    const snapshot = inRoles(["review", "writing"]);
    const later = after(snapshot, judge(snapshot));
    expect(conditionOf({ ...later, pgbouncers: UNREACHABLE })?.status).toBe("Unknown");
    expect(conditionOf({ ...later, pgbouncers: PENDING })).toEqual(conditionOf(snapshot));
  });
});
