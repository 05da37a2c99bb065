import { Pool } from "pg";
import { expect, it } from "vitest";

import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres } from "../parts/postgres.ts";
import { logRefusedShare } from "../measured.ts";
import { REFUSAL } from "./refusals.ts";
import { startTier } from "./weirTier.ts";

const USER = "author";
const CHECKOUTS_PER_WORKER = 400;

/**
 * node-postgres forgets a connection when it begins to close it, and may open the next one before
 * PgBouncer has seen the end of the last: for a moment it holds one more than its maximum.
 */
it("a pool whose grant is its maximum, and that replaces a connection after each use: measured", async () => {
  const postgres = await startPostgres();
  const { host, port } = postgres;
  const fleet = {
    budgets: [budgetOf({ postgres: { host, port }, pgbouncer: { replicas: 1 } })],
    servers: [serverOf(USER, { rollout: { type: "Recreate" } })],
  };
  const tier = await startTier({ postgres, fleet });
  const [plan] = tier.plan.servers;
  const pool = new Pool({
    host: "127.0.0.1",
    port: tier.bouncers[0].port,
    user: USER,
    database: USER,
    password: tier.passwordOf(USER),
    max: plan?.limit,
    maxUses: 1,
  });
  const refusals: string[] = [];
  const work = async () => {
    for (let checkout = 0; checkout < CHECKOUTS_PER_WORKER; checkout++) {
      try {
        const client = await pool.connect();
        await client.query("SELECT 1");
        client.release();
      } catch (error) {
        refusals.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: pool.options.max }, work));
  await pool.end();
  await tier.stop();
  await postgres.stop();

  expect(plan?.grant).toBe(plan?.limit);
  expect(refusals.filter((refusal) => refusal !== REFUSAL.line)).toEqual([]);
  logRefusedShare(
    "a pool that replaces each connection",
    refusals.length,
    CHECKOUTS_PER_WORKER * pool.options.max,
  );
});
