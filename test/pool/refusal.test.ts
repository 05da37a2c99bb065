import { pool, PoolRefused, PoolTimeout, type Pool, type PoolOptions } from "@weir-dev/pool";
import { Client, type PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { backoffMs } from "../../pool/nextStep.ts";
import { limitFolder } from "./limitFolder.ts";
import { startOneLine, type OneLine, type OneLineLimits } from "./oneLine.ts";
import { startProxy } from "./proxy.ts";
import { quietLog } from "./quietLog.ts";

let line: OneLine;
let db: Pool;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());
afterEach(async () => {
  await db.end();
  await line.admit({});
});

function poolOf(options: PoolOptions): Pool {
  const { connection } = line;
  return pool({ connection, limitFile: "none", serve: false, log: quietLog().log, ...options });
}

/** On a slow machine a login may take longer than a checkout waits. */
async function connected(): Promise<PoolClient> {
  return vi.waitFor(() => db.connect(), { timeout: 30_000 });
}

/** @returns the refusal; before the first login was refused, a checkout may end in a timeout */
async function refusedIn(checkOut: () => Promise<unknown>): Promise<PoolRefused> {
  const refusal = async () => {
    const error = await checkOut().catch((caught: unknown) => caught);
    if (error instanceof PoolRefused) return error;
    throw new Error("not refused", { cause: error });
  };
  return vi.waitFor(refusal, { timeout: 30_000 });
}

// The console that reads and reloads is a client too.
const LIMITS: readonly (readonly [PoolRefused["limit"], OneLineLimits])[] = [
  ["max_client_conn", { clientsOfAll: 2 }],
  ["max_db_client_connections", { clientsOfLine: 2 }],
  ["max_user_client_connections", { clientsOfLogin: 2 }],
];

describe.each(LIMITS)("a pool that %s refuses", (limit, admitted) => {
  it("says which limit, counts it, and works on with what it has", async () => {
    await line.admit(admitted);
    db = poolOf({ max: 5, connectionTimeoutMs: 1_000 });
    const held = [await connected(), await connected()];
    const error = await refusedIn(() => db.connect());
    expect(error).toMatchObject({ name: "PoolRefused", limit, code: "08P01" });
    expect(String(error)).toContain(`(${limit})`);
    expect(db.metrics()).toMatch(new RegExp(`weir_pool_refused_total{limit="${limit}"} [1-9]`));
    for (const client of held) client.release();
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("a checkout whose login is refused", () => {
  it("stays in the queue, and gets what is given back", async () => {
    await line.admit({ clientsOfLine: 1 });
    db = poolOf({ max: 3, connectionTimeoutMs: 0 });
    const held = await db.connect();
    const asked = db.connect();
    await expect.poll(() => db.metrics()).toMatch(/max_db_client_connections"} [1-9]/);
    expect(db.state()).toMatchObject({ inUse: 1, waiting: 1 });
    held.release();
    (await asked).release();
  });

  it("stays in the queue without any connection too, and is let in when there is room", async () => {
    await line.admit({ clientsOfLine: 1 });
    const other = await startOther();
    db = poolOf({ max: 3, connectionTimeoutMs: 0 });
    const asked = db.connect();
    await expect.poll(() => db.metrics()).toMatch(/max_db_client_connections"} [1-9]/);
    expect(db.state()).toMatchObject({ inUse: 0, waiting: 1 });
    await other.end();
    (await asked).release();
  });

  it("ends in PoolRefused at the connection timeout", async () => {
    await line.admit({ clientsOfLine: 1 });
    const other = await startOther();
    db = poolOf({ max: 3, connectionTimeoutMs: 1_000 });
    expect(await refusedIn(() => db.query("SELECT 1"))).toBeInstanceOf(PoolRefused);
    await other.end();
  });

  it("is not blamed on a refusal from before", async () => {
    await line.admit({ clientsOfLine: 1 });
    const file = await limitFolder("3");
    db = poolOf({ limitFile: file.path, connectionTimeoutMs: 1_000 });
    const held = await connected();
    expect(await refusedIn(() => db.connect())).toBeInstanceOf(PoolRefused);
    await file.write("1");
    await expect.poll(() => db.state().limit).toBe(1);
    await expect(db.connect()).rejects.toThrow(PoolTimeout);
    held.release();
  });

  it("is tried again with longer and longer pauses", async () => {
    await line.admit({ clientsOfLine: 1 });
    const other = await startOther();
    const proxy = await startProxy(line.bouncer.port);
    const { lines, log } = quietLog();
    const connection = { ...line.connection, port: proxy.port };
    db = poolOf({ connection, max: 3, connectionTimeoutMs: 0, log });
    const began = performance.now();
    const asked = Array.from({ length: 50 }, async () => (await db.connect()).release());
    await expect.poll(() => proxy.logins(), { interval: 5 }).toBeGreaterThanOrEqual(7);
    const logins = proxy.logins();
    const tookMs = performance.now() - began;
    // 50 ms, doubled each time, at least half of it each: 25, 75, 175, 375, 775, 1275 ms and so on.
    // A timer may be early by part of a millisecond.
    const pauses = Array.from({ length: logins - 1 }, (_, index) => backoffMs(index + 1, 0) - 1);
    expect(tookMs).toBeGreaterThanOrEqual(pauses.reduce((sum, pause) => sum + pause, 0));
    expect(lines).toHaveLength(1);
    await other.end();
    await Promise.all(asked);
    expect(lines.at(-1)).toMatchObject({ level: "info" });
    await db.end();
    await proxy.stop();
  });
});

/** Another client of the line. */
async function startOther(): Promise<Client> {
  const client = new Client(line.connection);
  await client.connect();
  return client;
}

describe("a login that can't succeed", () => {
  it.each([
    { wrong: { password: "wrong" }, says: "SASL authentication failed" },
    { wrong: { user: "nobody" }, says: "SASL authentication failed" },
    { wrong: { database: "nowhere" }, says: "no such database: nowhere" },
  ])(
    "fails all that wait at once, however long they would wait: $wrong",
    async ({ wrong, says }) => {
      const connection = { ...line.connection, ...wrong };
      db = poolOf({ connection, max: 3, connectionTimeoutMs: 0 });
      const asked = await Promise.allSettled([db.connect(), db.query("SELECT 1")]);
      for (const each of asked) {
        expect(each).toMatchObject({ status: "rejected", reason: { message: says } });
      }
    },
  );

  it("is waited for while PgBouncer is away, and says why in the end", async () => {
    const proxy = await startProxy(line.bouncer.port);
    await proxy.stop();
    const connection = { ...line.connection, port: proxy.port };
    db = poolOf({ connection, connectionTimeoutMs: 300 });
    const said = () => db.query("SELECT 1").catch(String);
    await expect
      .poll(said)
      .toMatch(/no connection within 300 ms.*could not be opened: .*ECONNREFUSED/);
  });
});

describe("a statement that Postgres refuses", () => {
  it("costs no connection", async () => {
    db = poolOf({ max: 1, connectionTimeoutMs: 0 });
    await db.query("SELECT 1");
    const counted = await line.clients();
    await expect(db.query("SELECT nonsense")).rejects.toThrow(/nonsense/);
    expect(db.state()).toMatchObject({ open: 1, idle: 1 });
    expect(await line.clients()).toBe(counted);
  });
});
