import { expect, it } from "vitest";
import { deploymentText, poolerText, systemIn } from "../../../test/verify/systemText.ts";
import { prove } from "./prove.ts";

/** A pool of this size and what auth_query opens beside it, before a Postgres that admits 97. */
function verdictWith(poolSize: number): string {
  const pooler = poolerText(`[databases]
app = host=pg port=5432 pool_size=${poolSize}
[pgbouncer]
max_client_conn = 100
auth_user = asker`);
  const share = { "Deployment db/pooler": { "weir.dev/postgres-connections": "97" } };
  const client = deploymentText({
    DATABASE_URL: "postgres://a:x@pooler:6432/app?connection_limit=5",
  });
  return prove(systemIn(pooler + client, share)).verdict;
}

it.each([
  [93, "fits"],
  [94, "unknown"],
  [97, "unknown"],
  [98, "broken"],
])("a pool of %i and the 4 that are assumed for auth_query: %s", (size, verdict) => {
  expect(verdictWith(size)).toBe(verdict);
});
