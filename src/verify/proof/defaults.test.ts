import { expect, test } from "vitest";
import {
  clientOf,
  groupOf,
  known,
  missing,
  poolerOf,
  postgresOf,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import { prove } from "./prove.ts";

test.each([
  [50, "fits", 0],
  [49, "unknown", 1],
  [12, "unknown", 1],
  [11, "broken", 0],
])("a default of a library breaks nothing alone: %i admitted, %s", (capacity, verdict, asks) => {
  const question = missing("how many connections it opens");
  const pool = { ...known(20), assuming: [{ ...question, assumed: 20 }], least: 1 };
  const system = systemOf({
    poolers: [poolerOf("pooler", [groupOf({ capacity })])],
    postgres: [postgresOf(97)],
    clients: [{ ...clientOf("a", 2, 20), pool }],
  });
  const proof = prove(system);
  expect([proof.verdict, proof.missing.length]).toEqual([verdict, asks]);
  expect(proof.sums[0]?.overIfAssumed).toBe(asks === 1 ? true : undefined);
});
