import { describe, expect, it, test } from "vitest";
import {
  clientOf,
  directOf,
  groupOf,
  lineOf,
  missing,
  poolerOf,
  RESERVE,
  postgresOf,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import { assumed } from "../quantity.ts";
import type { System } from "../system.ts";
import { withoutAssumptions } from "./assumptions.ts";
import { prove } from "./prove.ts";

const POSTGRES = [postgresOf(97)];

/** One pooler with these lines, 100 clients and one process. */
function withLines(lines: Parameters<typeof groupOf>[0], rest: Partial<System>): System {
  return systemOf({ poolers: [poolerOf("pooler", [groupOf(lines)])], postgres: POSTGRES, ...rest });
}

describe("what is missing", () => {
  const someone = missing("how much someone opens");

  it("makes the verdict unknown, and is named", () => {
    const proof = prove(withLines({}, { clients: [clientOf("a", 1, someone)] }));
    expect([proof.verdict, proof.missing]).toEqual(["unknown", [someone]]);
    expect(proof.sums.map(({ verdict }) => verdict)).toEqual(["unknown", "fits"]);
  });

  it.each([
    ["a database without a line", {}, [clientOf("a", 1, 1, { database: "apq" })]],
    ["nobody but who asks for logins", { authUser: "asker" }, []],
    ["a client of another line", { authUser: "asker" }, [clientOf("a", 1, 1, { database: "b" })]],
  ])("is one question where the configuration is not known: %s", (_, line, clients) => {
    const ini = missing("the ini");
    const lines = [lineOf("app", { ...line, poolSize: ini, reservePool: ini })];
    const asked = prove(withLines({ capacity: ini, lines }, { clients }));
    expect([asked.verdict, asked.findings, asked.missing]).toEqual(["unknown", [], [ini]]);
  });

  it("is the configuration also where no reserve and no client is", () => {
    const ini = missing("the ini");
    const reserve = { ...RESERVE, consoles: 0, maintenance: 0, maintenanceSlots: 0, logins: 0 };
    const unread = poolerOf("unread", [groupOf({ capacity: ini, lines: [] })], { reserve });
    const other = poolerOf("other", [groupOf()]);
    const proof = prove(systemOf({ poolers: [unread, other], postgres: POSTGRES }));
    expect([proof.verdict, proof.missing]).toEqual(["unknown", [ini]]);
  });

  it("is a pool that has a limit only where that decides", () => {
    const own = { database: "b" };
    const clients = [clientOf("a", 1, 1, own), directOf("d", 1, someone)];
    const askedWith = (poolSize: number) => {
      const lines = [
        lineOf("app", { poolSize, authUser: "asker", authPool: 4 }),
        lineOf("b", { poolSize: 10 }),
      ];
      return prove(withLines({ lines }, { clients })).missing.map(({ what }) => what);
    };
    const whether = expect.stringContaining("whether others than asker");
    expect(askedWith(80)).toEqual([someone.what]);
    expect(new Set(askedWith(85))).toEqual(new Set([whether, someone.what]));
  });

  it("is asked for where it may bound a pool without end, also before any process runs", () => {
    const lines = [lineOf("app", { poolSize: 0, maxBackends: someone })];
    const { verdict, missing: asked, findings } = prove(withLines({ processes: 0, lines }, {}));
    expect([verdict, asked, findings]).toEqual(["unknown", [someone], []]);
  });

  it("does not hide what is broken already", () => {
    const clients = [clientOf("a", 1, someone), clientOf("b", 1, 91)];
    const proof = prove(withLines({}, { clients }));
    expect([proof.verdict, proof.missing]).toEqual(["broken", [someone]]);
    expect(proof.findings[0]?.message).toContain(
      "? + 91 + 2 consoles + 4 maintenance + 4 logins = at least 101 > 100",
    );
  });

  it.each<[string, System]>([
    ["a pool", withLines({}, { clients: [clientOf("a", 1, someone), clientOf("b", 1, 91)] })],
    [
      "a pool on a line with a bulkhead",
      withLines(
        { lines: [lineOf("app", { maxClients: 9 })] },
        { clients: [clientOf("a", 1, someone), clientOf("b", 1, 91)] },
      ),
    ],
    [
      "a pool_size",
      withLines({ lines: [lineOf("a", { poolSize: someone }), lineOf("b", { poolSize: 98 })] }, {}),
    ],
    [
      "a client past every pooler",
      withLines({}, { clients: [directOf("a", 1, someone), directOf("b", 1, 98)] }),
    ],
  ])("says nothing of the largest size that fits: %s", (_, system) => {
    const { findings } = prove(system);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain("at least");
    expect(findings[0]?.message).not.toMatch(/largest|small enough| $/);
  });

  it("does not matter where another limit bounds it", () => {
    const lines = [lineOf("app", { poolSize: someone, maxBackends: 20 })];
    expect(prove(withLines({ lines }, {}))).toMatchObject({ verdict: "fits", missing: [] });
    const none = [clientOf("a", 0, someone)];
    expect(prove(withLines({}, { clients: none }))).toMatchObject({ verdict: "fits" });
  });

  test.each<[string, System]>([
    ["what is behind it", systemOf({ poolers: [poolerOf("pooler", [groupOf()])] })],
    ["what Postgres admits", withLines({}, { postgres: [postgresOf(someone)] })],
    ["max_client_conn", withLines({ capacity: someone }, {})],
    [
      "the configuration, lines and all",
      withLines({ capacity: someone, lines: [] }, { clients: [clientOf("a", 1, 1)] }),
    ],
    ["the processes", withLines({ processes: someone }, {})],
    ["anything else", withLines({}, { missing: [someone] })],
    ["the pooler of a client", withLines({}, { clients: [clientOf("a", 1, 1, { pooler: "p" })] })],
    [
      "a Postgres that a client goes to directly, though the pooler has a share of it",
      systemOf({
        poolers: [
          poolerOf("pooler", [groupOf()], {
            share: { known: true, value: 50, why: "", places: [] },
          }),
        ],
        clients: [directOf("report", 1, 1)],
      }),
    ],
  ])("is %s", (_, system) => {
    const { verdict, missing: lacking } = prove(system);
    expect([verdict, lacking.length]).toEqual(["unknown", 1]);
  });

  it("is not what is assumed, which is listed", () => {
    const pool = assumed(someone, 20, "20");
    const system = withLines({ capacity: 29 }, { clients: [clientOf("a", 1, pool)] });
    const broken = prove(system);
    expect([broken.verdict, broken.missing]).toEqual(["broken", []]);
    expect(broken.assumptions).toEqual([{ ...someone, assumed: 20 }]);
    const strict = prove(withoutAssumptions(system));
    expect([strict.verdict, strict.assumptions]).toEqual(["unknown", []]);
    expect(strict.missing).toEqual([{ ...someone, assumed: 20 }]);
  });

  it("is not assumed where a bulkhead bounds it", () => {
    const lines = [lineOf("app", { maxClients: 9 })];
    const clients = [clientOf("a", 1, assumed(someone, 9, "9"))];
    const system = withLines({ lines }, { clients });
    // The sum of the bulkhead rests on it, that of the process does not.
    expect(prove(system).assumptions).toHaveLength(1);
    const sums = prove(withoutAssumptions(system)).sums.map(({ verdict }) => verdict);
    expect(sums).toEqual(["fits", "unknown", "fits"]);
  });

  test.each([
    ["no line and no client", withLines({ lines: [] }, {}), "no database line and no client"],
    ["no PgBouncer and no client", systemOf({ postgres: POSTGRES }), "no PgBouncer found"],
    ["a line", withLines({}, {}), undefined],
  ])("is nothing to prove for %s", (_, system, nothing) => {
    const proof = prove(system);
    expect([proof.nothing, proof.verdict]).toEqual([nothing, nothing ? "unknown" : "fits"]);
  });

  it("is everything where there is no PgBouncer", () => {
    const { verdict, notes } = prove(systemOf({ postgres: POSTGRES }));
    expect(verdict).toBe("unknown");
    expect(notes[0]).toMatch(/^No PgBouncer was found/);
  });
});
