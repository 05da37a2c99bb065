import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import type { Fleet } from "../../src/api/fleet.ts";
import { MAINTENANCE_LINE } from "../../src/api/names.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { exampleFleet, withPools } from "./exampleFleet.ts";
import { isLate } from "./late.ts";
import { lineStates } from "./lineState.ts";
import { logIn, openConsole } from "./logIn.ts";
import { killAll, startPools, type PoolServer } from "./poolFleet.ts";
import { logMeasured, logRefusedShare } from "../measured.ts";
import { REFUSAL } from "./refusals.ts";
import { storm, type StormCount, type StormSpec } from "./storm.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

const ROGUE = "author";
/** Thousands of logins, on a machine that others use. */
const TIMEOUT_MS = 900_000;

/** The rogue has its grant and no more; all consoles and maintenance clients answer. */
const UNAFFECTED = { losses: [], rogue: 20, answers: [1, 1, 1, 1, 1, 1] };

describe("headroom 0, all pools, consoles and maintenance full, and a server that wants 200", () => {
  let postgres: Postgres;
  let fleet: Fleet;
  let tier: StartedTier;
  let others: readonly PoolServer[];
  let consoles: readonly Client[];
  let maintenance: readonly Client[];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { max_connections: 100 } });
    fleet = withPools(exampleFleet(postgres), { guaranteed: 1, max: 20 });
    tier = await startTier({ fleet, postgres });
    others = await startPools(tier, fleet, [ROGUE]);
    const { reserve } = tier.plan.clients;
    const [bouncer] = tier.bouncers;
    consoles = await several(reserve.consoles, () => openConsole(bouncer));
    maintenance = await several(reserve.maintenance, () => logIn(tier, { user: MAINTENANCE_LINE }));
  });

  afterAll(async () => {
    await killAll(others);
    await Promise.all([...consoles, ...maintenance].map((client) => client.end()));
    await tier.stop();
    await postgres.stop();
  });

  it("is a fleet of which every connection is given away", () => {
    const { usable, granted, headroom, reserve } = tier.plan.clients;
    expect({ usable, granted, headroom }).toEqual({ usable: 190, granted: 190, headroom: 0 });
    expect(reserve).toEqual({ consoles: 2, maintenance: 4, logins: 4 });
    expect(others).toHaveLength(18);
  });

  it(
    "while it keeps within the reserve for logins, nobody else's login is refused",
    async () => {
      const { logins } = tier.plan.clients.reserve;
      const count = await rage({ loginsAtOnce: logins, looksAround: true }, 2_000);

      expect(count.refused).toBe(0);
      // Nor is it kept waiting: where one is late, the machine was busy.
      expect(count.late).toBeLessThan(count.logins / 20);
      // It is its bulkhead that refuses it, and never the sum.
      expect(Object.keys(count.rogue.refusals)).toEqual([REFUSAL.line]);
      expect(await established(count)).toEqual(UNAFFECTED);
    },
    TIMEOUT_MS,
  );

  it(
    "with twice the reserve at a time, the sum refuses somebody",
    async () => {
      const { logins } = tier.plan.clients.reserve;
      const count = await raging(
        { loginsAtOnce: 2 * logins, looksAround: true },
        ({ refused, rogue }) => refused > 0 || (rogue.refusals[REFUSAL.all] ?? 0) > 0,
      );

      expect(await established(count)).toEqual(UNAFFECTED);
    },
    TIMEOUT_MS,
  );

  it(
    "as many at a time, but again at once when refused: measured",
    async () => {
      const { logins } = tier.plan.clients.reserve;
      const count = await rage({ loginsAtOnce: logins, looksAround: false }, 2_000);

      logRefusedShare(
        "as many at a time as the reserve, tried again at once",
        count.refused,
        count.logins + count.refused,
      );
      expect(await established(count)).toEqual(UNAFFECTED);
    },
    TIMEOUT_MS,
  );

  it(
    "all 200 at a time, again at once when refused: measured",
    async () => {
      const count = await rage({ loginsAtOnce: 200, looksAround: false }, 2_000);

      logRefusedShare(
        "all 200 at a time, tried again at once",
        count.refused,
        count.logins + count.refused,
      );
      expect(await established(count)).toEqual(UNAFFECTED);
    },
    TIMEOUT_MS,
  );

  type How = Pick<StormSpec, "loginsAtOnce" | "looksAround">;

  async function raging(how: How, enough: (count: StormCount) => boolean): Promise<StormCount> {
    const count = await storm({ tier, fleet, rogue: ROGUE, others, ...how }, enough);
    logMeasured(`beside ${count.logins} logins, ${count.late} were late`);
    return count;
  }

  function rage(how: How, tries: number): Promise<StormCount> {
    return raging(how, ({ logins, refused }) => logins + refused >= tries);
  }

  /** What became of those that were connected before, and of the rogue; waits until it is gone. */
  async function established({ losses, rogue }: StormCount) {
    const asked = [
      ...maintenance.map((client) => client.query("SELECT 1")),
      ...consoles.map((client) => client.query("SHOW VERSION")),
    ];
    const answers = await Promise.all(asked);
    await vi.waitFor(
      async () => {
        const states = await lineStates(tier.bouncers[0]);
        if (states[ROGUE]?.clients !== 0) throw new Error("the rogue is not gone");
      },
      { timeout: 120_000 },
    );
    return { losses, rogue: rogue.open, answers: answers.map(({ rows }) => rows.length) };
  }
});

/** One after another; one that is late is tried again. */
async function several(count: number, open: () => Promise<Client>): Promise<readonly Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    try {
      clients.push(await open());
    } catch (error) {
      if (!(error instanceof Error && isLate(error.message))) throw error;
    }
  }
  return clients;
}
