import { pool, type Pool } from "@weir-dev/pool";
import type { ClientConfig } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { limitFolder, type LimitFolder } from "./limitFolder.ts";
import {
  moreSamples,
  reachLimit,
  startOneLine,
  type ClientWatch,
  type OneLine,
} from "./oneLine.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { quietLog } from "./quietLog.ts";
import { seededRandom } from "../runtime/seededRandom.ts";
import { logMeasured } from "../measured.ts";

/** As many changes of the limit in each run; enough for dozens of races. */
const ROUNDS = 25;
const MOST = 8;
/** Messages are late by up to this: what is said on one connection overtakes another one. */
const JITTER_MS = 8;
const often = { interval: 5 };
vi.setConfig({ testTimeout: 600_000 });

let line: OneLine;
let proxy: Proxy;
let connection: ClientConfig;
let watch: ClientWatch;
let db: Pool;
let file: LimitFolder;

beforeAll(async () => {
  line = await startOneLine();
  const random = seededRandom(5);
  proxy = await startProxy(line.bouncer.port, () => random() * JITTER_MS);
  connection = { ...line.connection, port: proxy.port };
});
afterAll(async () => {
  await proxy.stop();
  await line.stop();
});
beforeEach(async () => {
  watch = await line.watchClients();
});
afterEach(async () => {
  await watch.stop();
  await db.end();
});

/** Work that never ends until told. */
interface CheckoutLoad {
  /** Checkouts so far. */
  readonly done: () => number;
  /** From now on nobody gives a connection back: the pool grows to its limit. */
  readonly hold: () => void;
  readonly letGo: () => void;
  readonly stop: () => Promise<void>;
}

/** Checkouts of all kinds, more than there are connections. */
function startLoad(random: () => number, workers: number): CheckoutLoad {
  const stopping = new AbortController();
  let done = 0;
  let held = Promise.withResolvers<void>();
  held.resolve();
  const work = async () => {
    while (!stopping.signal.aborted) {
      const client = await db.connect();
      await client.query("SELECT pg_sleep($1)", [random() / 100]);
      await held.promise;
      // Some are closed, as after an error, and have to be replaced.
      client.release(random() < 0.1);
      done += 1;
    }
  };
  const working = Array.from({ length: workers }, work);
  return {
    done: () => done,
    hold: () => {
      held = Promise.withResolvers();
    },
    letGo: () => held.resolve(),
    stop: async () => {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

/**
 * Lets the pool grow until PgBouncer counts as many clients: one that is closed again and again is
 * there by chance alone, and a limit that is never reached would prove nothing.
 *
 * @returns the most that PgBouncer counted meanwhile
 */
async function reached(load: CheckoutLoad, count: number): Promise<number> {
  let most = 0;
  const reach = () => {
    most = Math.max(most, watch.most());
    return most;
  };
  load.hold();
  await expect.poll(reach, often).toBeGreaterThanOrEqual(count);
  load.letGo();
  return most;
}

/** Checkouts beside which PgBouncer is asked; some of their connections are closed. */
async function checkouts(load: CheckoutLoad, count: number): Promise<void> {
  const before = load.done();
  await expect.poll(load.done, often).toBeGreaterThanOrEqual(before + count);
}

describe.each([1, 2])("under load, with a limit that moves (seed %i)", (seed) => {
  it("PgBouncer never counts more clients than the limit, nor than were left of an older one", async () => {
    const random = seededRandom(seed);
    file = await limitFolder("1");
    db = pool({
      connection,
      limitFile: file.path,
      serve: false,
      connectionTimeoutMs: 0,
      idleTimeoutMs: 20,
      maxLifetimeMs: 1_000,
      log: quietLog().log,
    });
    const load = startLoad(random, 2 * MOST);
    let limit = 1;
    for (let round = 0; round < ROUNDS; round += 1) {
      const next = 1 + Math.floor(random() * MOST);
      await file.write(String(next));
      await expect.poll(() => db.state().limit, often).toBe(next);
      // What is open may be above it until it is given back, and only falls: no more than was
      // allowed before.
      await expect.poll(() => db.state().open, often).toBeLessThanOrEqual(next);
      // What PgBouncer said before may still be on its way here.
      await moreSamples(watch, 2);
      expect(watch.most()).toBeLessThanOrEqual(Math.max(limit, next));
      expect(await reached(load, next)).toBe(next);
      await checkouts(load, 5 * MOST);
      await moreSamples(watch, 20);
      expect(watch.most()).toBeLessThanOrEqual(next);
      limit = next;
    }
    await load.stop();
    logMeasured(`${watch.samples()} samples during ${load.done()} checkouts`);
  });
});

describe("a limit that falls and rises again and again, faster than connections follow", () => {
  it("is never exceeded beyond the highest one", async () => {
    const random = seededRandom(4);
    file = await limitFolder("1");
    const { log } = quietLog();
    db = pool({
      connection,
      limitFile: file.path,
      serve: false,
      connectionTimeoutMs: 0,
      log,
    });
    const load = startLoad(random, 2 * MOST);
    for (let round = 0; round < 5 * ROUNDS; round += 1) {
      await file.write(String(1 + (round % 2) * (MOST - 1)));
    }
    await file.write(String(MOST));
    await expect.poll(() => db.state().limit).toBe(MOST);
    expect(await reached(load, MOST)).toBe(MOST);
    await checkouts(load, 5 * MOST);
    await moreSamples(watch, 2);
    await load.stop();
    expect(watch.most()).toBeLessThanOrEqual(MOST);
  });
});

describe("a line whose grant is no more than the pool's limit", () => {
  it("never refuses a pool that replaces its connections all the time", async () => {
    await line.admit({ clientsOfLine: 3 });
    const { log } = quietLog();
    db = pool({ connection, max: 3, connectionTimeoutMs: 0, limitFile: "none", serve: false, log });
    await reachLimit(db, line, 3);
    await moreSamples(watch, 2);
    const logins = 200;
    await Promise.all(
      Array.from({ length: logins }, async () => {
        const client = await db.connect();
        await client.query("SELECT 1");
        client.release(true);
      }),
    );
    expect(watch.most()).toBe(3);
    expect(db.metrics()).toContain('weir_pool_refused_total{limit="max_db_client_connections"} 0');
  });
});
