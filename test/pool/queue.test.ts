import { pool, type Pool, type PoolOptions } from "@weir-dev/pool";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { selfSigned, type Certificate } from "../system/certificate.ts";
import { startOneLine, type OneLine } from "./oneLine.ts";
import { quietLog } from "./quietLog.ts";
import { logMeasured } from "../measured.ts";

/** PgBouncer does not notice a client that leaves while it waits for a backend connection. */

const SLOTS = 2;
const LIMIT = 3;
/** Longer than a pool that assumes would wait for a goodbye. */
const QUEUE_SECONDS = 8;

/** Others of the line, who have all its backend connections. */
async function fillSlots(line: OneLine): Promise<() => Promise<void>> {
  const clients = await Promise.all(
    Array.from({ length: SLOTS }, async () => {
      const client = new Client(line.connection);
      await client.connect();
      client.on("error", () => {});
      client.query("SELECT pg_sleep(600)").catch(() => {});
      return client;
    }),
  );
  return async () => {
    await Promise.all(clients.map((client) => client.end()));
  };
}

function impatient(line: OneLine, options: PoolOptions): Pool {
  return pool({
    connection: { ...line.connection, query_timeout: 300 },
    max: LIMIT,
    connectionTimeoutMs: 2_000,
    limitFile: "none",
    serve: false,
    log: quietLog().log,
    ...options,
  });
}

/** Calls that give up and come back, more than there are connections. */
function startCalls(db: Pool): { readonly givenUp: () => number; readonly stop: () => unknown } {
  const stopping = new AbortController();
  let givenUp = 0;
  const call = async () => {
    while (!stopping.signal.aborted) {
      const error = await db.query("SELECT 1").then(() => undefined, String);
      if (error?.includes("Query read timeout")) givenUp += 1;
    }
  };
  const calling = Array.from({ length: 3 * LIMIT }, call);
  return {
    givenUp: () => givenUp,
    stop: () => {
      stopping.abort();
      return Promise.all(calling);
    },
  };
}

describe.each<readonly [string, () => Promise<Certificate | undefined>]>([
  ["", async () => undefined],
  [" through TLS", () => selfSigned("pgbouncer")],
])("connections that are given up in PgBouncer's queue%s", (_, certificate) => {
  let line: OneLine;
  beforeAll(async () => {
    line = await startOneLine({ slots: SLOTS, queueSeconds: QUEUE_SECONDS }, await certificate());
  });
  afterAll(() => line.stop());

  it("count until PgBouncer lets them go, and then are replaced", async () => {
    const free = await fillSlots(line);
    const watch = await line.watchClients();
    const db = impatient(line, {});
    const calls = startCalls(db);
    // Each connection is given up once: two times all of them were let go.
    await expect.poll(calls.givenUp, { timeout: 200_000, interval: 20 }).toBeGreaterThan(2 * LIMIT);
    await calls.stop();
    logMeasured(`${watch.samples()} samples, ${calls.givenUp()} given up`);
    expect(watch.most()).toBe(SLOTS + LIMIT);
    await watch.stop();
    await free();
    await vi.waitFor(() => db.query("SELECT 1"), { timeout: 30_000 });
    await db.end();
    await expect.poll(() => line.clients()).toBe(0);
  });

  it("don't hold up the pool's end beyond its grace period", async () => {
    await line.admit({ slots: SLOTS, queueSeconds: 600 });
    const free = await fillSlots(line);
    const db = impatient(line, { gracePeriodMs: 200 });
    await expect.poll(() => db.query("SELECT 1").catch(String)).toContain("Query read timeout");
    // A login that took too long before may not have ended yet.
    await expect.poll(db.state).toMatchObject({ idle: 0, inUse: 0, open: 1 });
    await db.end();
    expect(db.state().open).toBe(0);
    expect(await line.clients()).toBe(SLOTS + 1);
    await free();
  });
});
