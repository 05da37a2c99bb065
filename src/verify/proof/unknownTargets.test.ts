import { describe, expect, test } from "vitest";
import {
  clientOf,
  groupOf,
  lineOf,
  poolerOf,
  postgresOf,
  systemOf,
  type LineSpec,
} from "../../../test/verify/systemOf.ts";
import type { Client } from "../system.ts";
import { prove } from "./prove.ts";

/** A client whose database, login or both only a Secret tells. */
function hiding(client: Client, ...unknown: readonly ("database" | "user")[]): Client {
  if (client.target.kind !== "pooler") return client;
  const { target } = client;
  const database = unknown.includes("database") ? "Secret shop/db database" : target.database;
  const user = unknown.includes("user") ? `Secret shop/${client.name} user` : target.user;
  return { ...client, target: { ...target, database, user, unknown } };
}

function proofOf(lines: Readonly<Record<string, LineSpec>>, clients: readonly Client[]) {
  const group = groupOf({ lines: Object.entries(lines).map(([name, line]) => lineOf(name, line)) });
  const postgres = [postgresOf(12)];
  return prove(systemOf({ poolers: [poolerOf("pooler", [group])], clients, postgres }));
}

const FORCED = { user: "shop" };
const A = clientOf("a", 1, 40);
const B = clientOf("b", 1, 50);

test("a hidden database is that of the only line", () => {
  const clients = [hiding(A, "database", "user"), B];
  const { verdict, sums } = proofOf({ app: FORCED }, clients);
  expect([verdict, sums[0]?.total]).toEqual(["fits", 100]);
  const more = [hiding(clientOf("a", 1, 41), "database"), B];
  expect(proofOf({ app: FORCED }, more).verdict).toBe("broken");
});

test("a hidden database may be any of several lines: each client counts all the same", () => {
  const lines = { app: FORCED, other: FORCED };
  expect(proofOf(lines, [hiding(A, "database"), B]).verdict).toBe("fits");
  const { verdict, findings } = proofOf(lines, [hiding(A, "database"), clientOf("b", 1, 51)]);
  expect([verdict, findings.map(({ rule }) => rule)]).toEqual([
    "broken",
    ["weir/clients-over-capacity"],
  ]);
});

test("a hidden database may be one with a bulkhead, which then may be too small", () => {
  const wide = { app: { ...FORCED, maxClients: 50 }, other: FORCED };
  // 50 on the one line and 40 on the other, if it is there, and 10 reserved.
  expect(proofOf(wide, [hiding(A, "database")]).verdict).toBe("fits");
  const narrow = { app: { ...FORCED, maxClients: 39 }, other: FORCED };
  const { verdict, sums, missing } = proofOf(narrow, [hiding(A, "database")]);
  expect([verdict, sums.map((sum) => sum.verdict)]).toEqual([
    "unknown",
    ["fits", "unknown", "fits"],
  ]);
  expect(missing.map(({ what }) => what)).toEqual([
    "which database a names: Secret shop/db database",
  ]);
});

test("hidden logins may be one, or as many as there are", () => {
  const hidden = [hiding(A, "user"), hiding(B, "user")];
  // 5, or twice 5.
  expect(proofOf({ app: {} }, hidden)).toMatchObject({ verdict: "fits" });
  const three = [...hidden, hiding(clientOf("c", 1, 0), "user")];
  const { verdict, missing } = proofOf({ app: {} }, three);
  expect([verdict, missing.map(({ what }) => what)]).toEqual([
    "unknown",
    ["a", "b", "c"].map((name) => `which login ${name} has: Secret shop/${name} user`),
  ]);
  expect(proofOf({ app: FORCED }, three).verdict).toBe("fits");
});

test("of a hidden database on the only line the login alone is asked", () => {
  const clients = ["a", "b", "c"].map((name) => hiding(clientOf(name, 1, 1), "database", "user"));
  const { verdict, missing } = proofOf({ app: {} }, clients);
  expect([verdict, missing.map(({ what }) => what)]).toEqual([
    "unknown",
    ["a", "b", "c"].map((name) => `which login ${name} has: Secret shop/${name} user`),
  ]);
});

test("a hidden database may be one that only * admits", () => {
  const lines = { app: FORCED, "*": FORCED };
  const { verdict, missing } = proofOf(lines, [hiding(A, "database")]);
  expect([verdict, missing.map(({ what }) => what)]).toEqual([
    "unknown",
    ["which database a names: Secret shop/db database"],
  ]);
});

/** A client whose database is in a Secret of its own. */
function withOwnSecret(name: string, user = "app", pool = 1): Client {
  const client = clientOf(name, 1, pool, { user, database: `Secret shop/${name} database` });
  const { target } = client;
  return target.kind === "pooler"
    ? { ...client, target: { ...target, unknown: ["database"] } }
    : client;
}

describe("two hidden databases that only * admits may be one", () => {
  const known = clientOf("k", 1, 1);
  // A pool is 5, and maintenance has 2.
  test.each([
    ["that fits even as two", 12, {}, [withOwnSecret("a"), withOwnSecret("b")], "fits"],
    ["that only fits as one", 11, {}, [withOwnSecret("a"), withOwnSecret("b")], "unknown"],
    ["that does not fit as one", 6, {}, [withOwnSecret("a"), withOwnSecret("b")], "broken"],
    [
      "but not the pools of two logins",
      11,
      {},
      [withOwnSecret("a"), withOwnSecret("b", "other")],
      "broken",
    ],
    [
      "though with a role that * forces",
      11,
      FORCED,
      [withOwnSecret("a"), withOwnSecret("b", "o")],
      "unknown",
    ],
    ["as a known one may", 11, {}, [known, withOwnSecret("b")], "unknown"],
    ["as a known one, but not its login", 11, {}, [known, withOwnSecret("b", "other")], "broken"],
    ["two known ones are two", 11, {}, [known, clientOf("l", 1, 1, { database: "l" })], "broken"],
    [
      "under one cap",
      9,
      { maxBackends: 5 },
      [withOwnSecret("a"), withOwnSecret("b", "other")],
      "unknown",
    ],
    [
      "in one bulkhead",
      97,
      { maxClients: 8 },
      [withOwnSecret("a", "app", 5), withOwnSecret("b", "app", 5)],
      "unknown",
    ],
    [
      "in one bulkhead of theirs",
      97,
      { maxClients: 10 },
      [withOwnSecret("a", "app", 5), withOwnSecret("b", "app", 5)],
      "fits",
    ],
    [
      "in one too small in any case",
      97,
      { maxClients: 4 },
      [withOwnSecret("a", "app", 5), withOwnSecret("b")],
      "broken",
    ],
  ])("%s: %i", (_, available, line, clients, verdict) => {
    const poolers = [poolerOf("pooler", [groupOf({ lines: [lineOf("*", line)] })])];
    const proof = prove(systemOf({ poolers, clients, postgres: [postgresOf(available)] }));
    expect(proof.verdict).toBe(verdict);
    const asked = proof.missing.map(({ what }) => what);
    expect(asked.every((what) => what.startsWith("which database"))).toBe(true);
    const isAsked = verdict === "broken" ? asked.length > 0 : verdict === "unknown";
    expect(asked.length > 0).toBe(isAsked);
  });
});
