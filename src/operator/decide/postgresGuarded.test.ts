import { describe, expect, it } from "vitest";
import { budgetOf } from "../../../test/fleets/fleetOf.ts";
import {
  budgetCondition,
  postgresSnapshot,
  sceneOf,
  seen,
} from "../../../test/operator/sceneOf.ts";
import type { PostgresSnapshot } from "../snapshot.ts";

type Role = Partial<PostgresSnapshot["role"]>;

function guarded(more: Partial<PostgresSnapshot>, role: Role = {}) {
  const postgres = seen(postgresSnapshot(budgetOf(), more, role));
  return budgetCondition({ ...sceneOf(), postgres }, "PostgresGuarded");
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
