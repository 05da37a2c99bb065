import { expect, it } from "vitest";
import { groupOf, lineOf, poolerOf, postgresOf, systemOf } from "../../../test/verify/systemOf.ts";
import { prove } from "./prove.ts";

it("finds a line that has the name of PgBouncer's console, and counts nothing of it", () => {
  const lines = [lineOf("app", { poolSize: 20 }), lineOf("pgbouncer", { poolSize: 200 })];
  const { verdict, findings, sums } = prove(
    systemOf({ poolers: [poolerOf("p", [groupOf({ lines })])], postgres: [postgresOf(97)] }),
  );
  expect([verdict, findings.map(({ rule }) => rule)]).toEqual(["broken", ["weir/reserved-line"]]);
  expect(sums.filter(({ kind }) => kind === "slots").map(({ total }) => total)).toEqual([20]);
});
