import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { CauseKind, Diagnosis } from "../../src/diagnose/causes/diagnosis.ts";
import { THRESHOLDS } from "../../src/diagnose/causes/thresholds.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { oldPgBouncer } from "../parts/pgbouncer118.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { lineStates } from "../system/lineState.ts";
import { type Actor, startActor, type ActorSpec, tellActors, workloadOf } from "./actors.ts";
import {
  consoleUrl,
  PASSWORDS,
  startForeignPgBouncer,
  type ForeignPgBouncerSpec,
} from "./foreignPgBouncer.ts";
import { kindsOf, lookAt, saidOf, symptomsSaidIn, type Look } from "./looking.ts";

/** Each state is made by real processes on a PgBouncer as it was in the incident: one line. */
const INCIDENT = { poolSize: 20, settings: { max_client_conn: 200 } } as const;

/** From weir's login on, until it has taken samples. */
const SAMPLED_MS = 3_000;
/** Before what was made is held to be unavailable. */
const LOOKS_MAX = 30;

let postgres: Postgres;
let bouncer: PgBouncer;
let stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ settings: { max_connections: 100 } });
  await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
});

afterAll(async () => {
  await postgres.stop();
});

afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  stops = [];
  // Whose clients were killed runs on: true of this test, and not of the next.
  await postgres.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'",
  );
});

async function startBouncer(
  spec: Omit<ForeignPgBouncerSpec, "postgres"> = INCIDENT,
): Promise<void> {
  bouncer = await startForeignPgBouncer({ postgres, ...spec });
  stops.push(bouncer.stop);
}

async function actor(name: string, spec: Partial<ActorSpec> = {}): Promise<Actor> {
  const started = await startActor({ name, bouncer, poolMax: 20, ...spec });
  stops.push(started.kill);
  return started;
}

function look(how: Partial<Look> = {}) {
  return lookAt({ pgbouncer: consoleUrl(bouncer, "eye"), postgres, windowMs: 700, ...how });
}

async function untilWaiting(waiting = 1): Promise<void> {
  await expect.poll(() => lineStates(bouncer)).toMatchObject({ app: { waiting } });
}

/**
 * The first look that names anything, which has to be just this: where the machine is busy, there is
 * nothing to be seen yet for a while.
 */
async function firstSeen(kind: CauseKind, how: Partial<Look>): Promise<Diagnosis> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const diagnosis = await look(how);
    if (kindsOf(diagnosis).length === 0) continue;
    expect(kindsOf(diagnosis)).toEqual([kind]);
    return diagnosis;
  }
  throw new Error(`${LOOKS_MAX} looks, and ${kind} was in none`);
}

async function longQueries(): Promise<number> {
  const running = await postgres.query(
    "SELECT 1 FROM pg_stat_activity WHERE usename = 'app' AND state = 'active' AND query LIKE '%(60)'",
  );
  return running.length;
}

function named(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `server-${index}`);
}

describe("SaturatedWhileIdle", () => {
  it("ten idle pools of 20 on 200, and not 19 of them each", async () => {
    await startBouncer();
    const actors = await Promise.all(named(10).map((name) => actor(name)));
    expect(kindsOf(await look())).toEqual([]);
    await tellActors(actors.slice(1), "fill");
    expect(kindsOf(await look())).toEqual([]);

    await tellActors(actors.slice(0, 1), "fill");
    const diagnosis = await look();

    expect(kindsOf(diagnosis)).toEqual(["SaturatedWhileIdle"]);
    const [cause] = diagnosis.causes;
    expect(cause?.summary).toContain("201 of max_client_conn 200");
    expect(cause?.evidence.join("\n")).toContain(
      "20 idle clients: line app, user app, application server-0",
    );
    expect(diagnosis.poolers[0]?.holders.filter(({ clients }) => clients === 20)).toHaveLength(10);

    // With what each is set to known, it is still nobody's fault but the sum's.
    const workloads = actors.map(({ name }) =>
      workloadOf(name, { line: name, poolMax: 20, peakPods: 1 }),
    );
    expect(kindsOf(await look({ workloads }))).toEqual(["SaturatedWhileIdle"]);

    // All of them at work: it is as full, but not idle.
    await tellActors(actors, "hang");
    await untilWaiting(10 * 20 - INCIDENT.poolSize);
    expect(kindsOf(await look())).toEqual([]);
  });

  it("of a PgBouncer of 1.18", async () => {
    await startBouncer({ ...INCIDENT, program: await oldPgBouncer() });
    const actors = await Promise.all(named(4).map((name) => actor(name, { poolMax: 50 })));
    await tellActors(actors, "fill");
    expect(kindsOf(await look())).toEqual(["SaturatedWhileIdle"]);
  });
});

describe("Leak", () => {
  it("a transaction that somebody began and left", async () => {
    await startBouncer();
    const healthy = await actor("healthy");
    const leaking = await actor("leaking", { address: "127.0.0.9" });
    await tellActors([healthy, leaking], "fill");
    await healthy.tell("report");
    // Not yet, by weir's own limit; a busy machine may let that pass while it is looked at.
    let early: Diagnosis;
    let leftMs: number;
    do {
      leftMs = performance.now();
      await leaking.tell("leave");
      early = await look();
    } while (performance.now() - leftMs >= THRESHOLDS.idleInTransactionMs);
    expect(kindsOf(early)).toEqual([]);

    // Longer than the healthy one may have to wait for the machine between two statements.
    const thresholds = { idleInTransactionMs: 5_000 };
    const diagnosis = await firstSeen("Leak", { thresholds });
    expect(diagnosis.causes[0]?.summary).toContain("1 of 20 backend connections of line app");
    expect(diagnosis.causes[0]?.evidence).toEqual([
      expect.stringMatching(/application leaking, from 127\.0\.0\.9:\d+: .* idle in a transaction/),
    ]);
  });

  it("a session that keeps its backend connection while others wait, and not while none waits", async () => {
    await startBouncer({ poolSize: 2, settings: { max_client_conn: 50, pool_mode: "session" } });
    const keeping = await actor("keeping", { poolMax: 2 });
    const wanting = await actor("wanting", { poolMax: 1 });
    await keeping.tell("fill");
    const thresholds = { heldIdleMs: 500 };
    expect(kindsOf(await look({ thresholds }))).toEqual([]);

    void wanting.tell("fill").catch(() => {});
    await untilWaiting();
    const diagnosis = await look({ thresholds });
    expect(kindsOf(diagnosis)).toEqual(["Leak"]);
    expect(saidOf(diagnosis)).toContain("application keeping");
    expect(saidOf(diagnosis)).not.toContain("application wanting");
  });

  it("without Postgres, a backend connection that is held while others wait", async () => {
    await startBouncer({ poolSize: 1, settings: { max_client_conn: 50 } });
    const leaking = await actor("leaking", { poolMax: 1 });
    const wanting = await actor("wanting", { poolMax: 1 });
    await leaking.tell("fill");
    await leaking.tell("leave");
    void wanting.tell("fill").catch(() => {});
    await untilWaiting();
    const pgbouncer = consoleUrl(bouncer, "eye");
    expect(kindsOf(await lookAt({ pgbouncer, windowMs: 1_000 }))).toEqual([]);

    const thresholds = { heldUnknownMs: 1_000 };
    const diagnosis = await lookAt({ pgbouncer, windowMs: 1_500, thresholds });
    expect(kindsOf(diagnosis)).toEqual(["Leak"]);
    expect(saidOf(diagnosis)).toContain("application leaking");
  });

  it("a long query is none, even while others wait for it", async () => {
    await startBouncer({ poolSize: 1, settings: { max_client_conn: 50 } });
    const reporting = await actor("reporting", { poolMax: 1 });
    const wanting = await actor("wanting", { poolMax: 1 });
    await reporting.tell("fill");
    await reporting.tell("report");
    void wanting.tell("fill").catch(() => {});
    await untilWaiting();
    const thresholds = { idleInTransactionMs: 500, heldIdleMs: 500, heldUnknownMs: 500 };
    expect(kindsOf(await look({ thresholds }))).toEqual([]);
  });
});

describe("ServerAbovePlan and PoolSettingIgnored", () => {
  it("more pods than the plan counts", async () => {
    await startBouncer();
    const pods = await Promise.all(
      [1, 2, 3].map((pod) => actor(`pod-${pod}`, { poolMax: 5, address: `127.0.1.${pod}` })),
    );
    await tellActors(pods.slice(1), "fill");
    const workloads = [workloadOf("author", { poolMax: 5, peakPods: 2 }, ...pods)];
    expect(kindsOf(await look({ workloads }))).toEqual([]);

    await tellActors(pods.slice(0, 1), "fill");
    const diagnosis = await look({ workloads });
    expect(kindsOf(diagnosis)).toEqual(["ServerAbovePlan"]);
    expect(diagnosis.causes[0]?.summary).toBe(
      "Deployment writing/author holds 15 connections from 3 pods, where its plan counts 10 = 2 pods × 5",
    );
  });

  it("one pod that opens more than it is set to", async () => {
    await startBouncer();
    const good = await actor("good", { poolMax: 5, address: "127.0.1.1" });
    const bad = await actor("bad", { poolMax: 12, address: "127.0.1.2" });
    const workloads = [workloadOf("author", { poolMax: 5, peakPods: 2 }, good, bad)];
    await good.tell("fill");
    expect(kindsOf(await look({ workloads }))).toEqual([]);

    await bad.tell("fill");
    const diagnosis = await look({ workloads });
    expect(kindsOf(diagnosis)).toEqual(["PoolSettingIgnored"]);
    expect(diagnosis.causes[0]?.summary).toContain(
      "holds 12 connections from bad, where its setting allows 5",
    );
  });

  it("that fill the process: the full process is said with them, and not as a cause of its own", async () => {
    await startBouncer();
    const good = await actor("good", { poolMax: 20, address: "127.0.1.1" });
    const bad = await actor("bad", { poolMax: 180, address: "127.0.1.2" });
    await tellActors([good, bad], "fill");
    const workloads = [workloadOf("author", { poolMax: 20, peakPods: 2 }, good, bad)];
    const diagnosis = await look({ workloads });
    expect(kindsOf(diagnosis)).toEqual(["PoolSettingIgnored"]);
    expect(saidOf(diagnosis)).toContain("without it 160 places were free");
  });

  it("behind addresses that are no pod's, when all of them together are too many", async () => {
    await startBouncer();
    const nat = await actor("nat", { poolMax: 10 });
    const pods = [
      { name: "a", address: "10.244.0.1" },
      { name: "b", address: "10.244.0.2" },
    ];
    await nat.tell("fill");
    const within = [workloadOf("author", { poolMax: 5, peakPods: 2 }, ...pods)];
    expect(kindsOf(await look({ workloads: within }))).toEqual([]);

    const beyond = [workloadOf("author", { poolMax: 4, peakPods: 4 }, ...pods)];
    expect(kindsOf(await look({ workloads: beyond }))).toEqual(["PoolSettingIgnored"]);
  });
});

describe("LoginStorm", () => {
  it.each([
    { version: "this one", program: async () => undefined, loops: 8 },
    // It does not count logins: known are those that a sample catches.
    { version: "1.18", program: oldPgBouncer, loops: 60 },
  ])("a server that connects for each query, seen by a PgBouncer of $version", async (told) => {
    const program = await told.program();
    await startBouncer({ ...INCIDENT, ...(program !== undefined && { program }) });
    const quiet = await actor("quiet");
    const storming = await actor("storming", { poolMax: told.loops, address: "127.0.0.9" });
    await quiet.tell("fill");
    await quiet.tell("work");
    expect(kindsOf(await look())).toEqual([]);

    await storming.tell("churn");
    const diagnosis = await firstSeen("LoginStorm", { windowMs: 3_000 });
    expect(saidOf(diagnosis)).toContain("application storming, from 127.0.0.9");
  });
});

describe("QueriesWithoutClient", () => {
  it("that run on after their clients dropped, and not while these are there", async () => {
    await startBouncer();
    const quiet = await actor("quiet");
    const dropping = await actor("dropping", { poolMax: 5 });
    await tellActors([quiet, dropping], "fill");
    await quiet.tell("report");
    await dropping.tell("hang");
    await expect.poll(longQueries).toBe(6);
    expect(kindsOf(await look({ windowMs: 3_000 }))).toEqual([]);

    const looked = look({ windowMs: 12_000 });
    await expect.poll(() => bouncer.log().match(/login attempt: .* user=eye/g)).toHaveLength(2);
    await sleep(SAMPLED_MS);
    await dropping.tell("drop");
    const diagnosis = await looked;
    expect(kindsOf(diagnosis)).toEqual(["QueriesWithoutClient"]);
    expect(diagnosis.causes[0]?.summary).toContain("runs 5 queries whose client is gone");
    expect(diagnosis.symptoms).toEqual([]);

    // Nobody saw it happen, and all of this machine has the same address: no proof any more.
    const later = await look({ windowMs: 3_000 });
    expect(kindsOf(later)).toEqual([]);
    expect(symptomsSaidIn(later)).toEqual([
      expect.stringMatching(/ runs 5 queries .* no PgBouncer/),
    ]);
  });

  it("can't be reported when another PgBouncer connects from the same address", async () => {
    await startBouncer();
    const other = bouncer;
    const [calm, reporting] = [await actor("calm"), await actor("reporting", { poolMax: 2 })];
    await tellActors([calm, reporting], "fill");
    await reporting.tell("report");
    await startBouncer();
    await (await actor("asked")).tell("fill");
    expect(other.port).not.toBe(bouncer.port);
    const diagnosis = await look({ windowMs: 3_000 });
    expect(kindsOf(diagnosis)).toEqual([]);
    expect(diagnosis.unavailable).toContainEqual(
      expect.objectContaining({ what: "QueriesWithoutClient" }),
    );
  });
});
