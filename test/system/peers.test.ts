import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { cancel } from "./cancel.ts";
import { logIn } from "./logIn.ts";
import { LONG_QUERY, untilLongQueryRuns } from "./longQuery.ts";
import { complaints } from "./refusals.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

const PROCESSES = [0, 1, 2];
const PAIRS = PROCESSES.flatMap((own) => PROCESSES.map((through) => ({ own, through })));

describe("three PgBouncer processes that know each other", () => {
  let postgres: Postgres;
  let tier: StartedTier;

  beforeAll(async () => {
    postgres = await startPostgres();
    const { host, port } = postgres;
    tier = await startTier({
      postgres,
      processes: PROCESSES.length,
      fleet: {
        budgets: [
          budgetOf({ postgres: { host, port }, pgbouncer: { replicas: PROCESSES.length } }),
        ],
        servers: [serverOf("author")],
      },
    });
  });

  afterAll(async () => {
    await tier.stop();
    await postgres.stop();
  });

  it.each(PAIRS)(
    "a query on process $own is cancelled through process $through",
    async ({ own, through }) => {
      const client = await logIn(tier, { user: "author", bouncer: processAt(own) });
      const [error] = await Promise.all([
        client.query(LONG_QUERY).catch((reason: unknown) => reason),
        untilLongQueryRuns(postgres).then(() => cancel(processAt(through).port, client)),
      ]);
      await client.end();

      expect(error).toMatchObject({ code: "57014" });
    },
  );

  it("nobody complained", async () => {
    for (const bouncer of tier.bouncers) expect(await complaints(bouncer)).toEqual([]);
  });

  function processAt(index: number) {
    const bouncer = tier.bouncers[index];
    if (bouncer === undefined) throw new Error(`no process ${index}`);
    return bouncer;
  }
});
