import { describe, expect, it, test } from "vitest";
import {
  clientOf,
  directOf,
  groupOf,
  known,
  lineOf,
  missing,
  poolerOf,
  postgresOf,
  RESERVE,
  summary,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import { fieldOf, objectOf } from "../sourcePosition.ts";
import type { PostgresServer, System } from "../system.ts";
import { prove } from "./prove.ts";

const POSTGRES = [postgresOf(97)];

/** One pooler with these lines, 100 clients and one process. */
function withLines(lines: Parameters<typeof groupOf>[0], rest: Partial<System>): System {
  return systemOf({ poolers: [poolerOf("pooler", [groupOf(lines)])], postgres: POSTGRES, ...rest });
}

describe("the client sum", () => {
  it("counts every client on every process, and the reserve", () => {
    const clients = [clientOf("a", 2, 20), clientOf("b", 5, 10)];
    expect(summary(withLines({ processes: 3 }, { clients }))).toEqual([
      "fits",
      "clients pooler: 100 of 100",
      "slots Postgres pg:5432: 15 of 97",
    ]);
    expect(summary(withLines({ processes: 3, capacity: 99 }, { clients }))[0]).toBe("broken");
  });

  it("names the largest pool's field, the sum in numbers and what would fit", () => {
    const clients = Array.from({ length: 10 }, (_, index) => clientOf(`s${index}`, 1, 20));
    const [finding] = prove(withLines({ capacity: 200 }, { clients })).findings;
    expect(finding?.message).toBe(
      "Each process of pooler may have to carry 10 × 20 + 2 consoles + 4 maintenance + 4 logins = 210 > 200 (max_client_conn). This sum holds if no pool is larger than 19.",
    );
    expect(finding && [objectOf(finding.place), fieldOf(finding.place)]).toEqual([
      "Deployment shop/s0",
      "spec.env",
    ]);
    expect(finding?.related.map((place) => `${objectOf(place)} ${fieldOf(place)}`)).toContain(
      "ConfigMap shop/ini data: max_client_conn",
    );
  });

  it("counts a bulkhead, whatever its clients ask, and 0 is none", () => {
    const lines = [lineOf("app", { maxClients: 90 }), lineOf("other", { maxClients: 0 })];
    expect(summary(withLines({ lines }, { clients: [clientOf("a", 1, 3)] }))).toEqual([
      "fits",
      "clients pooler: 100 of 100",
      "bulkhead pooler, line app: 3 of 90",
      "slots Postgres pg:5432: 10 of 97",
    ]);
    const more = [lineOf("app", { maxClients: 91 })];
    const [finding] = prove(withLines({ lines: more }, {})).findings;
    expect(finding?.message).toContain("no max_db_client_connections is larger than 90.");
  });

  it("knows when no pool is small enough", () => {
    const [finding] = prove(
      withLines({ capacity: 10 }, { clients: [clientOf("a", 3, 5)] }),
    ).findings;
    expect(finding?.message).toContain("3 processes × 5 + 2 consoles");
    expect(finding?.message).toContain("No pool is small enough: with 1 each it is 13.");
  });

  it("takes the line named maintenance, and clients of the console, from the reserve", () => {
    const clients = [
      clientOf("checks", 1, 6, { database: "maintenance" }),
      clientOf("exporter", 1, 3, { database: "pgbouncer" }),
    ];
    const lines = [lineOf("maintenance", { poolSize: 3 })];
    expect(summary(withLines({ lines }, { clients }))).toEqual([
      "fits",
      "clients pooler: 13 of 100",
      "slots Postgres pg:5432: 3 of 97",
    ]);
  });

  it("counts beside a sidecar all of its pod on each of the processes there", () => {
    const groups = [
      groupOf({ processes: 4, pods: 2, capacity: 40 }),
      groupOf({ processes: 2, pods: 1, capacity: 40 }),
    ];
    // 12 processes in 3 pods: 4 beside each sidecar.
    const total = (pool: number): unknown =>
      summary(
        systemOf({
          poolers: [poolerOf("pooler", groups, { scope: "pod" })],
          clients: [clientOf("app", 12, pool)],
          postgres: POSTGRES,
        }),
      ).slice(0, 3);
    expect(total(7)).toEqual([
      "fits",
      "clients pooler, processes 1 of 2 kinds: 38 of 40",
      "clients pooler, processes 2 of 2 kinds: 38 of 40",
    ]);
    expect(total(8)).toEqual([
      "broken",
      "clients pooler, processes 1 of 2 kinds: 42 of 40",
      "clients pooler, processes 2 of 2 kinds: 42 of 40",
    ]);
  });

  it("counts beside a sidecar just its own pod", () => {
    const poolers = [
      poolerOf("pooler", [groupOf({ processes: 4, capacity: 40 })], { scope: "pod" }),
    ];
    const system = systemOf({ poolers, clients: [clientOf("a", 8, 15)], postgres: POSTGRES });
    expect(summary(system)).toEqual([
      "fits",
      "clients pooler: 40 of 40",
      "slots Postgres pg:5432: 20 of 97",
    ]);
  });

  it("fits without a reserve that nobody demands, as long as one place is left", () => {
    const reserve = { ...RESERVE, isDemanded: false };
    const of = (capacity: number, clients = [clientOf("a", 1, 20)]) => {
      const poolers = [poolerOf("pooler", [groupOf({ capacity })], { reserve })];
      const [sum] = prove(systemOf({ poolers, clients, postgres: POSTGRES })).sums;
      return [sum?.verdict, sum?.total, sum?.left, sum?.reserve];
    };
    expect(of(30)).toEqual(["fits", 30, undefined, undefined]);
    expect(of(29)).toEqual(["fits", 20, 9, 10]);
    expect(of(21)).toEqual(["fits", 20, 1, 10]);
    expect(of(20)).toEqual(["broken", 30, undefined, undefined]);
    // Who uses a reserve counts, whoever demands it.
    const console = clientOf("exporter", 1, 3, { database: "pgbouncer" });
    expect(of(24, [clientOf("a", 1, 20), console])).toEqual(["fits", 23, 1, 8]);
    expect(of(23, [clientOf("a", 1, 20), console])[0]).toBe("broken");
    const unknown = missing("how much b opens");
    expect(of(29, [clientOf("a", 1, 20), clientOf("b", 1, unknown)])[0]).toBe("unknown");
  });

  it("makes a line of * for each database that has none", () => {
    const clients = [
      clientOf("a", 1, 8, { database: "one" }),
      clientOf("b", 1, 9, { database: "two" }),
    ];
    const lines = [lineOf("*", { maxClients: 8 })];
    expect(summary(withLines({ lines }, { clients }))).toEqual([
      "broken",
      "clients pooler: 26 of 100",
      "bulkhead pooler, line one by *: 8 of 8",
      "bulkhead pooler, line two by *: 9 of 8",
      "slots Postgres pg:5432: 12 of 97",
      "weir/pool-over-bulkhead",
    ]);
  });

  it("finds a database that no line has", () => {
    const { verdict, findings } = prove(
      withLines({}, { clients: [clientOf("a", 1, 1, { database: "apq" })] }),
    );
    expect([verdict, findings.map(({ rule }) => rule)]).toEqual([
      "broken",
      ["weir/no-such-database"],
    ]);
    expect(findings[0]?.message).toMatch(/has no line \(it has app\).*did you mean app\?/);
    expect(findings[0] && fieldOf(findings[0].place)).toBe("spec.url");
  });
});

describe("the slot sum", () => {
  it("counts a line of several hosts on each of them", () => {
    const lines = [lineOf("app", { postgres: "pg:5432,replica:5432", poolSize: 40 })];
    const poolers = [
      poolerOf("a", [groupOf({ lines })], { share: known(45) }),
      poolerOf("b", [groupOf({ lines: [lineOf("app", { poolSize: 20 })] })], { share: known(45) }),
    ];
    const of = (available: number): unknown =>
      summary(systemOf({ poolers, postgres: [postgresOf(available)] }));
    expect(of(90)).toContain("slots Postgres pg:5432: 60 of 90");
    expect(of(59)).toContain("weir/slots-over-postgres");
    expect(of(89)).toContain("weir/shares-over-postgres");
  });

  test.each([
    ["one role for all logins", { user: "writer", poolSize: 7 }, 7],
    ["a pool for each login", { poolSize: 7 }, 14],
    ["the reserve pool of each", { poolSize: 7, reservePool: 1 }, 16],
    ["one more for auth_query", { poolSize: 7, authUser: "asker" }, 21],
    ["none more where auth_query asks as the same", { user: "w", poolSize: 7, authUser: "w" }, 7],
    ["at most max_db_connections", { poolSize: 7, maxBackends: 9 }, 9],
    ["all of it where max_db_connections is 0", { poolSize: 7, maxBackends: 0 }, 14],
    ["max_db_connections where the pools have no end", { poolSize: 0, maxBackends: 9 }, 9],
  ])("counts %s", (_, line, pools) => {
    const clients = [clientOf("a", 1, 1), clientOf("b", 1, 1, { user: "other" })];
    const system = withLines({ processes: 3, lines: [lineOf("app", line)] }, { clients });
    expect(summary(system)).toContain(`slots Postgres pg:5432: ${3 * pools} of 97`);
  });

  test.each([
    ["at most by one who is not known and by who asks for logins", [], 14],
    ["by those who are known, where they are others", ["other"], 14],
    ["by just who asks for logins, where nobody else is known", ["asker"], 7],
  ])("counts a line as used %s", (_, users, pools) => {
    const lines = [lineOf("app", { poolSize: 7, authUser: "asker" })];
    const clients = users.map((user) => clientOf("a", 1, 1, { user }));
    expect(summary(withLines({ lines }, { clients }))).toContain(
      `slots Postgres pg:5432: ${pools} of 97`,
    );
  });

  test.each([
    ["on each line", {}, [], 4 * 7 + 2 * 3],
    ["once where auth_dbname says", { authDatabase: "b" }, [], 4 * 7 + 3],
    ["beside a copy of *", { authDatabase: "postgres" }, ["*"], 4 * 7 + 3 + 2],
    ["in no pool larger than the line's", { authPool: 9 }, [], 4 * 7 + 2 * 7],
    ["not for logins that are listed", {}, [], 4 * 7, new Set(["app", "other"])],
    ["for a login that is not", {}, [], 4 * 7 + 2 * 3, new Set(["app"])],
  ])("counts who asks for logins %s", (_, spec, more, total, listedLogins?: Set<string>) => {
    const line = { poolSize: 7, authUser: "asker", authPool: 3, ...spec };
    const lines = ["a", "b", ...more].map((name) => lineOf(name, line));
    const clients = ["a", "b"].flatMap((database) => [
      clientOf("one", 1, 1, { database }),
      clientOf("two", 1, 1, { database, user: "other" }),
    ]);
    const group = { ...groupOf({ lines }), ...(listedLogins && { listedLogins }) };
    const poolers = [poolerOf("pooler", [group])];
    expect(summary(systemOf({ poolers, clients, postgres: POSTGRES }))).toContain(
      `slots Postgres pg:5432: ${total} of 97`,
    );
  });

  test.each([
    ["fits with the pool of one login", 14, "fits"],
    ["may need a second one, of who asks for it", 13, "unknown"],
    ["is too much for one already", 6, "broken"],
  ])("a line that nobody is known to use %s", (_, available, verdict) => {
    const lines = [lineOf("app", { poolSize: 7, authUser: "asker" })];
    const poolers = [poolerOf("pooler", [groupOf({ lines })])];
    const proof = prove(systemOf({ poolers, postgres: [postgresOf(available)] }));
    expect(proof.verdict).toBe(verdict);
    expect(proof.missing).toHaveLength(verdict === "fits" ? 0 : 1);
  });

  test.each([
    ["one login", {}, [], 2 * 60],
    ["nobody beside other lines", {}, ["app"], 2 * 5],
    ["one role", { user: "writer" }, [], 2 * 60],
    ["no more than its max_db_connections", { maxBackends: 50 }, [], 2 * 50],
  ])("counts a line * that nobody is known to use as %s", (_, star, more, total) => {
    const lines = [lineOf("*", { poolSize: 60, ...star }), ...more.map((name) => lineOf(name))];
    const poolers = [poolerOf("pooler", [groupOf({ processes: 2, lines })])];
    const clients = [clientOf("exporter", 1, 1, { database: "pgbouncer" })];
    const [verdict, , slots] = summary(systemOf({ poolers, clients, postgres: POSTGRES }));
    expect([verdict, slots]).toEqual([
      more.length > 0 ? "fits" : "broken",
      `slots Postgres pg:5432: ${total + 4} of 97`,
    ]);
    // The limit of its Postgres is asked too.
    const [asked] = prove(systemOf({ poolers, clients })).missing;
    expect(asked?.what).toBe("how many connections Postgres pg:5432 admits");
  });

  test.each([
    ["broken where all is known", 4, 30, "broken"],
    ["proved where all is known", 3, 30, "fits"],
    ["left out where a pool is missing", missing("its pods"), 30, undefined],
    ["left out where its limit is missing", 4, 30, undefined, []],
  ])(
    "of a Postgres that no PgBouncer leads to is %s",
    (
      _,
      pods,
      pool,
      verdict,
      others: readonly PostgresServer[] = [postgresOf(97, "other:5432")],
    ) => {
      const clients = [clientOf("a", 1, 1), directOf("report", pods, pool, "other:5432")];
      const postgres = [...POSTGRES, ...others];
      const proof = prove(
        systemOf({ poolers: [poolerOf("pooler", [groupOf()])], clients, postgres }),
      );
      const sum = proof.sums.find(({ of }) => of === "Postgres other:5432");
      expect([proof.verdict, sum?.verdict, proof.missing]).toEqual([
        verdict ?? "fits",
        verdict,
        [],
      ]);
      expect(proof.notes).toHaveLength(verdict === undefined ? 1 : 0);
    },
  );

  // PgBouncer leads there all the same: found by the property of soundProof.test.ts.
  test.each([
    [
      "no process runs",
      groupOf({ processes: 0, lines: [lineOf("*", { postgres: "other:5432" })] }),
    ],
    [
      "nobody is known to use its line",
      groupOf({ lines: [lineOf("app"), lineOf("*", { postgres: "other:5432" })] }),
    ],
  ])("asks about the clients of a Postgres behind a PgBouncer also where %s", (_, group) => {
    const clients = [clientOf("a", 1, 1), directOf("report", missing("its pods"), 2, "other:5432")];
    const postgres = [...POSTGRES, postgresOf(97, "other:5432")];
    const proof = prove(systemOf({ poolers: [poolerOf("pooler", [group])], clients, postgres }));
    expect([proof.verdict, proof.missing.map(({ what }) => what)]).toEqual([
      "unknown",
      ["its pods"],
    ]);
  });

  it("says which pool would fit where no PgBouncer is there", () => {
    const clients = [directOf("orders", 10, 20)];
    const [finding] = prove(systemOf({ clients, postgres: POSTGRES })).findings;
    expect(finding?.message).toMatch(/= 200 > 97\. This sum holds if no pool is larger than 9\.$/);
    const fewer = [directOf("orders", 10, 9)];
    expect(summary(systemOf({ clients: fewer, postgres: POSTGRES }))).toEqual([
      "fits",
      "slots Postgres pg:5432: 90 of 97",
    ]);
  });

  it("counts the lines of one role at most as its max_user_connections", () => {
    const lines = ["a", "b", "c"].map((name) => lineOf(name, { user: "writer" }));
    const { sums, verdict } = prove(withLines({ lines, userLimits: { writer: 8 } }, {}));
    expect([verdict, sums[1]?.total]).toEqual(["fits", 8]);
    expect(sums[1]?.terms.map(({ name, value }) => [name, value])).toEqual([
      ["pooler, role writer on 3 lines", 8],
    ]);
  });

  it("adds all poolers and direct clients of one Postgres, under all its names", () => {
    const lines = [lineOf("app", { postgres: "alias:5432", poolSize: 30 })];
    const system = systemOf({
      poolers: [
        poolerOf("one", [groupOf({ lines })]),
        poolerOf("two", [groupOf({ processes: 2 })]),
      ],
      clients: [directOf("report", 2, 25)],
      postgres: [postgresOf(90, "pg:5432", ["alias:5432"])],
    });
    expect(summary(system)).toEqual([
      "fits",
      "clients one: 10 of 100",
      "clients two: 10 of 100",
      "slots Postgres pg:5432: 90 of 90",
    ]);
    const less = { ...system, postgres: [postgresOf(89, "pg:5432", ["alias:5432"])] };
    const [finding] = prove(less).findings;
    expect(finding?.rule).toBe("weir/slots-over-postgres");
    expect(finding?.message).toBe(
      "Postgres pg:5432 may have to carry 30 + 2 processes × 5 + 2 processes × 25 = 90 > 89. This sum holds if no pool_size is larger than 29.",
    );
  });

  it("finds a pool without end", () => {
    const { verdict, findings } = prove(withLines({ lines: [lineOf("app", { poolSize: 0 })] }, {}));
    expect([verdict, ...findings.map(({ rule }) => rule)]).toEqual([
      "broken",
      "weir/slots-over-postgres",
      "weir/unlimited-pool",
    ]);
  });
});
