import { expect, test } from "vitest";
import {
  clientOf,
  directOf,
  groupOf,
  lineOf,
  missing,
  poolerOf,
  postgresOf,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import type { MissingQuantity } from "../quantity.ts";
import { prove, unlistedClients } from "./prove.ts";

test.each([
  ["a line without a bulkhead", {}, [], 1],
  ["one whose bulkhead is 0", { maxClients: 0 }, [], 1],
  ["a line that bounds everybody", { maxClients: 5 }, [], 0],
  ["a bulkhead that nobody knows", { maxClients: missing("it") }, [], 0],
  ["a client", {}, [clientOf("a", 1, 1)], 0],
  ["a client of the console alone", {}, [clientOf("a", 1, 1, { database: "pgbouncer" })], 1],
  [
    "a client of the console beside another",
    {},
    [clientOf("a", 1, 1, { database: "pgbouncer" }), clientOf("b", 1, 1)],
    0,
  ],
  ["a client of another", {}, [clientOf("a", 1, 1, { pooler: "other" })], 1],
  ["a client past it", {}, [directOf("a", 1, 1)], 1],
  ["a pool that is not known", { poolSize: missing("it") }, [], 1],
])("of a PgBouncer with %s", (_, line, clients, count) => {
  const poolers = [poolerOf("pooler", [groupOf({ lines: [lineOf("app", line)] })])];
  expect(unlistedClients(systemOf({ poolers, clients }))).toHaveLength(count);
});

test("of a PgBouncer whose configuration is not known is asked after that", () => {
  const lines = [lineOf("app", { poolSize: missing("the ini") })];
  const poolers = [poolerOf("pooler", [groupOf({ capacity: missing("the ini"), lines })])];
  expect(unlistedClients(systemOf({ poolers }))).toEqual([]);
});

test("whether a line has other clients than who asks for logins is the open question", () => {
  const open = { ...missing("where a leads"), answer: answerOf("weir.dev/connects-to") };
  const lines = [lineOf("app", { poolSize: 60, authUser: "asker" })];
  const poolers = [poolerOf("pooler", [groupOf({ lines })])];
  const asked = (missingOnes: readonly MissingQuantity[]) =>
    prove({
      ...systemOf({ poolers, postgres: [postgresOf(97)] }),
      missing: missingOnes,
    });
  expect([asked([open]).verdict, asked([open]).missing]).toEqual(["unknown", [open]]);
  expect(asked([]).missing).toMatchObject([{ what: expect.stringContaining("who connects") }]);
});

test.each([
  ["where a client leads", { answer: answerOf("weir.dev/connects-to") }, 0],
  ["that, with an assumed number", { answer: answerOf("weir.dev/connects-to"), assumed: 0 }, 1],
  ["a pool", { answer: answerOf("weir.dev/pool-max") }, 1],
  ["a client of it", { pooler: "pooler" }, 0],
  ["a client of it, with an assumed number", { pooler: "pooler", assumed: 0 }, 1],
  ["a client of another", { pooler: "other", answer: answerOf("weir.dev/connects-to") }, 1],
])("is not asked for beside the question for %s", (_, question, count) => {
  const system = systemOf({ poolers: [poolerOf("pooler", [groupOf({ lines: [lineOf("app")] })])] });
  const asked = { ...system, missing: [{ ...missing("it"), ...question }] };
  expect(unlistedClients(asked)).toHaveLength(count);
});

test("is answered by the annotation that it names", () => {
  const lines = [lineOf("app", { poolSize: 60, authUser: "asker" })];
  const pooler = poolerOf("pooler", [groupOf({ lines })]);
  const open = systemOf({ poolers: [pooler], postgres: [postgresOf(63)] });
  expect(unlistedClients(open)).toMatchObject([
    { answer: { annotation: "weir.dev/outside-clients", value: "N" } },
  ]);
  expect(prove(open).verdict).toBe("unknown");
  const closed = { ...open, poolers: [{ ...pooler, isClosed: true as const }] };
  expect([unlistedClients(closed), prove(closed).verdict]).toEqual([[], "fits"]);
  // A client that is among the objects has its login asked for all the same.
  const used = { ...closed, clients: [clientOf("a", 1, 1)] };
  expect(prove(used).verdict).not.toBe("fits");
});

function answerOf(annotation: string): { object: string; annotation: string; value: string } {
  return { object: "Deployment a/b", annotation, value: "none" };
}
