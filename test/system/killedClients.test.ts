import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "pg";
import { describe, expect, it, vi } from "vitest";

import { roleOf } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import type { DyingOrder, DyingReport } from "./dyingServer.ts";
import { lineStates } from "./lineState.ts";
import { startOrdered } from "./orderedProcess.ts";
import type { PoolOrder, PoolReport } from "./poolReport.ts";
import { serverEnvironment } from "./serverEnvironment.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

/** P: what the budget may use of a Postgres that would carry many times that. */
const SHARE = 24;
/** Two whose clients are killed, and one that minds its business. */
const CARELESS = "careless";
const HASTY = "hasty";
const PATIENT = "patient";
const PATIENT_POOL = 7;

/** At least so long the share has to hold, and at least so many looks say so. */
const STORM_MS = 60_000;
const SAMPLES = 300;
/** The storm goes on until it has done what it is for, which takes a busy machine longer. */
const timeout = 900_000;
const SAMPLE_MS = 50;
/** So often a whole process is killed as well. */
const SAMPLES_PER_PROCESS = 100;

describe("clients killed in the middle of queries", () => {
  it(
    "with the guard, Postgres never has more backends than the budget's share, and serves on",
    { timeout },
    async ({ signal }) => {
      const seen = await killClients({
        guarded: true,
        // Far more clients were served, and died, than there is room for.
        enough: ({ stormMs, samples, dropped }) =>
          stormMs >= STORM_MS && samples >= SAMPLES && dropped > 10 * SHARE,
        signal,
      });

      expect(seen.backendsMost).toBeLessThanOrEqual(SHARE);
      // And who minded its business noticed nothing.
      expect(seen.patient).toEqual({
        open: PATIENT_POOL,
        highWater: PATIENT_POOL,
        logins: PATIENT_POOL,
        refusals: {},
        late: expect.any(Number),
        queries: PATIENT_POOL * seen.samples,
        losses: [],
      });
    },
  );

  it("without the guard, it has", { timeout }, async ({ signal }) => {
    const seen = await killClients({
      guarded: false,
      enough: ({ backendsMost }) => backendsMost > SHARE,
      signal,
    });

    expect(seen.backendsMost).toBeGreaterThan(SHARE);
  });
});

/** How far a storm has come. */
interface Storm {
  readonly stormMs: number;
  /** How often the backends were counted. */
  readonly samples: number;
  /** The most client backends of the budget's role that were seen. */
  readonly backendsMost: number;
  /** Clients that were served, and then died in a query. */
  readonly dropped: number;
}

interface StormReport extends Pick<Storm, "samples" | "backendsMost"> {
  readonly patient: PoolReport;
}

/** Kills clients, and now and then a whole process of them, until it is enough or the test is over. */
async function killClients(wish: {
  readonly guarded: boolean;
  readonly enough: (storm: Storm) => boolean;
  readonly signal: AbortSignal;
}): Promise<StormReport> {
  const postgres = await startPostgres({ settings: { max_connections: 200 } });
  const fleet = fleetOn(postgres);
  const tier = await startTier({ fleet, postgres, guarded: wish.guarded });
  const watch = await watchBackends(postgres, roleOf(tier.budget));
  const startDying = (name: string) =>
    startOrdered<DyingOrder, DyingReport>("dyingServer.ts", environmentOf(name, tier, fleet));
  const patient = await startOrdered<PoolOrder, PoolReport>(
    "poolServer.ts",
    environmentOf(PATIENT, tier, fleet),
  );
  const careless = await startDying(CARELESS);
  let hasty = await startDying(HASTY);
  try {
    await patient.tell("fill");
    await careless.tell("die");
    await hasty.tell("die");
    const startMs = performance.now();
    let samples = 0;
    let backendsMost = 0;
    let droppedBefore = 0;
    for (;;) {
      backendsMost = Math.max(backendsMost, await watch.count());
      samples += 1;
      await patient.tell("work");
      const reports = [await careless.tell("report"), await hasty.tell("report")];
      const dropped = reports.reduce((sum, report) => sum + report.dropped, droppedBefore);
      const stormMs = performance.now() - startMs;
      if (wish.enough({ stormMs, samples, backendsMost, dropped })) break;
      if (samples % SAMPLES_PER_PROCESS === 0) {
        droppedBefore += reports[1]?.dropped ?? 0;
        await hasty.kill();
        hasty = await startDying(HASTY);
        await hasty.tell("die");
      }
      await sleep(SAMPLE_MS, undefined, { signal: wish.signal });
    }
    await Promise.all([careless.kill(), hasty.kill()]);
    // Nobody who died is counted on: the bulkheads are as free as before.
    await vi.waitFor(
      async () => {
        const states = await lineStates(tier.bouncers[0]);
        const left = [CARELESS, HASTY].map((name) => states[name]?.clients);
        if (left.some((clients) => clients !== 0)) throw new Error(`left: ${left.join()}`);
      },
      { timeout: 120_000 },
    );
    return { samples, backendsMost, patient: await patient.tell("report") };
  } finally {
    await Promise.all([careless, hasty, patient].map((server) => server.kill()));
    await watch.end();
    await tier.stop();
    await postgres.stop();
  }
}

function fleetOn({ host, port }: Postgres): Fleet {
  const budget = budgetOf({
    postgres: { host, port, maxConnections: 200, shareConnections: SHARE },
    pgbouncer: { replicas: 1, maxClientConn: 100 },
  });
  const servers = [CARELESS, HASTY, PATIENT].map((name) =>
    serverOf(name, {
      rollout: { type: "Recreate" },
      pool: { max: name === PATIENT ? PATIENT_POOL : 20 },
    }),
  );
  return { budgets: [budget], servers };
}

function environmentOf(name: string, tier: StartedTier, fleet: Fleet): Record<string, string> {
  const plan = tier.plan.servers.find((server) => server.name === name);
  const server = fleet.servers.find(({ metadata }) => metadata.name === name);
  if (plan === undefined || server === undefined) throw new Error(`no server ${name}`);
  return serverEnvironment(tier, server, plan);
}

interface BackendWatch {
  /** Client backends of the role, now. */
  readonly count: () => Promise<number>;
  readonly end: () => Promise<void>;
}

/** Counts as superuser, past PgBouncer and past the role's limit. */
async function watchBackends(postgres: Postgres, role: string): Promise<BackendWatch> {
  const client = new Client({
    host: postgres.socketDir,
    port: postgres.port,
    user: postgres.user,
    database: postgres.database,
  });
  await client.connect();
  return {
    count: async () => {
      const { rows } = await client.query<{ open: number }>(
        `SELECT count(*)::int AS open FROM pg_stat_activity
         WHERE usename = $1 AND backend_type = 'client backend'`,
        [role],
      );
      return rows[0]?.open ?? 0;
    },
    end: () => client.end(),
  };
}
