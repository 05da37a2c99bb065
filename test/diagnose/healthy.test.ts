import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { STATS_LOGIN } from "../../src/api/names.ts";
import type { Thresholds } from "../../src/diagnose/causes/thresholds.ts";
import type { LiveWorkload } from "../../src/model/workload.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { exampleFleet } from "../system/exampleFleet.ts";
import { startTier, type StartedTier } from "../system/weirTier.ts";
import { type Actor, startActor, tellActors, workloadOf } from "./actors.ts";
import { consoleUrl, PASSWORDS, startForeignPgBouncer } from "./foreignPgBouncer.ts";
import { kindsOf, lookAt, saidOf } from "./looking.ts";

/**
 * Ten servers at work: nothing is to be named, with the thresholds and the window that `weir
 * diagnose` has, however often it is asked.
 */
const SERVERS = 10;

describe("on a PgBouncer that weir did not make, with headroom", () => {
  let postgres: Postgres;
  let bouncer: PgBouncer;
  let actors: readonly Actor[];
  let workloads: readonly LiveWorkload[];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { max_connections: 100 } });
    await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
    bouncer = await startForeignPgBouncer({
      postgres,
      poolSize: 20,
      settings: { max_client_conn: 200 },
    });
    actors = await Promise.all(
      Array.from({ length: SERVERS }, (_, index) =>
        startActor({
          name: `server-${index}`,
          bouncer,
          poolMax: 15,
          address: `127.0.2.${index + 1}`,
        }),
      ),
    );
    workloads = actors.map((actor) =>
      workloadOf(actor.name, { poolMax: actor.poolMax, peakPods: 2 }, actor),
    );
    await tellActors(actors, "fill");
    await tellActors(actors, "work");
    await actors[0]?.tell("report");
  });

  afterAll(async () => {
    await Promise.all(actors.map((actor) => actor.kill()));
    await bouncer.stop();
    await postgres.stop();
  });

  it.each([1, 2, 3])(
    "nothing is named while server %i restarts and another reports",
    async (which) => {
      const looked = lookAt({ pgbouncer: consoleUrl(bouncer, "eye"), postgres, workloads });
      await sleep(1_000);
      await actors[which]?.tell("restart");
      const diagnosis = await looked;

      expect(diagnosis.causes).toEqual([]);
      expect(diagnosis.symptoms).toEqual([]);
      expect(diagnosis.unavailable).toEqual([]);
      expect(diagnosis.poolers[0]?.used).toBeGreaterThan(SERVERS * 14);
      expect(diagnosis.poolers[0]?.lines).toMatchObject([{ name: "app", backendsMax: 20 }]);
    },
  );

  it("nor when nobody knows of pods or Postgres", async () => {
    const diagnosis = await lookAt({ pgbouncer: consoleUrl(bouncer, "eye") });
    expect([diagnosis.causes, diagnosis.symptoms]).toEqual([[], []]);
    expect(diagnosis.unavailable.length).toBeGreaterThan(0);
  });
});

describe("with weir's ini, guard and plan", () => {
  let postgres: Postgres;
  let tier: StartedTier;
  let pods: readonly Actor[];
  let workloads: readonly LiveWorkload[];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { max_connections: 100 } });
    tier = await startTier({ fleet: exampleFleet(postgres), postgres });
    pods = await Promise.all(
      tier.plan.servers.flatMap(({ name, limit, peakPods }, index) =>
        Array.from({ length: peakPods }, (_, pod) =>
          startActor({
            name: `${name}-${pod}`,
            bouncer: tier.bouncers[0],
            poolMax: limit,
            address: `127.0.${3 + pod}.${index + 1}`,
            login: { user: name, password: tier.passwordOf(name), database: name },
          }),
        ),
      ),
    );
    workloads = tier.plan.servers.map(({ name, limit, peakPods }) =>
      workloadOf(
        name,
        { line: name, user: name, poolMax: limit, peakPods },
        ...pods.filter((pod) => pod.name.startsWith(`${name}-`)),
      ),
    );
    await tellActors(pods, "fill");
  });

  afterAll(async () => {
    await Promise.all(pods.map((pod) => pod.kill()));
    await tier.stop();
    await postgres.stop();
  });

  function look(thresholds: Partial<Thresholds> = {}) {
    const password = tier.passwordOf(STATS_LOGIN);
    const { port } = tier.bouncers[0];
    return lookAt({
      pgbouncer: `postgres://${STATS_LOGIN}:${password}@127.0.0.1:${port}/pgbouncer`,
      postgres,
      workloads,
      thresholds,
    });
  }

  it("nothing is named when every line is full and idle, as it may be at the peak of all rollouts", async () => {
    const { causes, symptoms, poolers } = await look();
    expect([causes, symptoms]).toEqual([[], []]);
    expect(
      poolers[0]?.lines.filter(({ clients, clientsMax }) => clients === clientsMax),
    ).toHaveLength(SERVERS);
  });

  it.each([0, 7, 13])("nor when all work and pod %i restarts", async (which) => {
    await tellActors(pods, "rest");
    await tellActors(pods, "work");
    const looked = look();
    await sleep(1_000);
    await pods[which]?.tell("restart");
    const diagnosis = await looked;

    expect(diagnosis.causes).toEqual([]);
    expect(diagnosis.symptoms).toEqual([]);
    expect(diagnosis.unavailable).toEqual([]);
    expect(diagnosis.poolers[0]?.holders.some(({ busy }) => busy > 0)).toBe(true);
  });

  it("nor when clients dropped in the middle of long queries: the guard has ended these", async () => {
    await pods[3]?.tell("rest");
    await pods[3]?.tell("hang");
    await sleep(300);
    await pods[3]?.tell("drop");
    const { causes, unavailable } = await look();
    expect(causes).toEqual([]);
    expect(unavailable).toEqual([]);
  });

  it("but a transaction that is left open is a leak, of the role that all lines share", async () => {
    await pods[4]?.tell("rest");
    await pods[4]?.tell("leave");
    const diagnosis = await look({ idleInTransactionMs: 1_000 });
    expect(kindsOf(diagnosis)).toEqual(["Leak"]);
    expect(saidOf(diagnosis)).toContain(`application ${pods[4]?.name}`);
    expect(saidOf(diagnosis)).toContain('ALTER ROLE "writing" SET idle_in_transaction');
  });
});
