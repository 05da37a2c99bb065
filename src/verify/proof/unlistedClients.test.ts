import { expect, test } from "vitest";
import {
  clientOf,
  directOf,
  groupOf,
  lineOf,
  missing,
  poolerOf,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import { unlistedClients } from "./prove.ts";

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
])("of a PgBouncer with %s", (_, line, clients, count) => {
  const poolers = [poolerOf("pooler", [groupOf({ lines: [lineOf("app", line)] })])];
  expect(unlistedClients(systemOf({ poolers, clients }))).toHaveLength(count);
});
