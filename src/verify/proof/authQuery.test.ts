import { expect, it } from "vitest";
import { deploymentText, poolerText, systemIn } from "../../../test/verify/systemText.ts";
import type { System } from "../system.ts";
import { withoutAssumptions } from "./assumptions.ts";
import type { Proof } from "./proof.ts";
import { prove } from "./prove.ts";

/** A pool of this size and what auth_query opens beside it, before a Postgres that admits 97. */
function proofWith(poolSize: number): Proof {
  return prove(systemWith(poolSize));
}

function systemWith(poolSize: number): System {
  const pooler = poolerText(`[databases]
app = host=pg port=5432 pool_size=${poolSize}
[pgbouncer]
max_client_conn = 100
auth_user = asker`);
  const share = { "Deployment db/pooler": { "weir.dev/postgres-connections": "97" } };
  const client = deploymentText({
    DATABASE_URL: "postgres://a:x@pooler:6432/app?connection_limit=5",
  });
  return systemIn(pooler + client, share);
}

it.each([
  [93, "fits"],
  [94, "unknown"],
  [97, "unknown"],
  [98, "broken"],
])("a pool of %i and the 4 that are assumed for auth_query: %s", (size, verdict) => {
  expect(proofWith(size).verdict).toBe(verdict);
});

it("a sum that fits shows the most that it may be", () => {
  const { sums } = prove(withoutAssumptions(systemWith(48)));
  expect(sums.find(({ kind }) => kind === "slots")).toMatchObject({
    verdict: "fits",
    total: 96,
    terms: [{ value: 96, why: expect.stringContaining("48 + at most 48 for auth_query") }],
  });
});
