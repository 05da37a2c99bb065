import { pool, type Pool, type PoolOptions } from "@weir-dev/pool";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { consoleQuery } from "../parts/pgbouncer.ts";
import { limitFolder } from "./limitFolder.ts";
import { startOneLine, type OneLine } from "./oneLine.ts";
import { quietLog } from "./quietLog.ts";

let line: OneLine;
let db: Pool;
let quiet: ReturnType<typeof quietLog>;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());
afterEach(async () => {
  await db.end();
});

function poolOf(options: PoolOptions): Pool {
  quiet = quietLog();
  const { log } = quiet;
  const { connection } = line;
  return pool({
    connection,
    connectionTimeoutMs: 0,
    limitFile: "none",
    serve: false,
    log,
    ...options,
  });
}

async function useAll(count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => db.connect()));
  for (const client of clients) client.release();
}

describe("connections that nobody uses", () => {
  it("are not opened, and closed after the idle timeout", async () => {
    db = poolOf({ max: 4, idleTimeoutMs: 100 });
    expect(db.state().open).toBe(0);
    await useAll(4);
    await expect.poll(() => db.state().open).toBe(0);
    expect(await line.clients()).toBe(0);
  });

  it("are kept and opened as far as minIdle asks for it, never above the limit", async () => {
    const file = await limitFolder("4");
    db = poolOf({ limitFile: file.path, minIdle: 3, idleTimeoutMs: 50 });
    await expect.poll(() => db.state().idle).toBe(3);
    await useAll(4);
    expect(db.state().idle).toBe(4);
    await expect.poll(() => line.clients()).toBe(3);
    await file.write("2");
    await expect.poll(() => line.clients()).toBe(2);
    await file.write("9");
    await expect.poll(() => line.clients()).toBe(3);
  });

  it("are replaced when PgBouncer ends them, where they are asked for", async () => {
    db = poolOf({ max: 2, minIdle: 1, idleTimeoutMs: 0 });
    await useAll(2);
    const { place } = line.bouncer;
    await consoleQuery(place, "KILL scene");
    await consoleQuery(place, "RESUME scene");
    await expect.poll(() => line.clients()).toBe(1);
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("a connection's life", () => {
  it("is bounded, also while it is in use without a pause", async () => {
    db = poolOf({ max: 1, maxLifetimeMs: 100 });
    const lives = new Set<unknown>();
    await expect
      .poll(async () => {
        const client = await db.connect();
        await client.query("SELECT 1");
        lives.add(client);
        client.release();
        return lives.size;
      })
      .toBeGreaterThan(3);
    expect(await line.clients()).toBeLessThanOrEqual(1);
  });
});

describe("a connection that is given back", () => {
  it("in the midst of a transaction is not given to the next one", async () => {
    db = poolOf({ max: 1 });
    const client = await db.connect();
    await client.query("BEGIN");
    client.release();
    expect(() => client.release()).toThrow(/released already/);
    const { rows } = await db.query("SELECT now() = statement_timestamp() AS alone");
    expect(rows).toEqual([{ alone: true }]);
  });

  it("as broken is closed, also in the midst of a statement", async () => {
    db = poolOf({ max: 1 });
    const client = await db.connect();
    const endless = client.query("SELECT pg_sleep(600)").catch((error: unknown) => String(error));
    client.release(true);
    expect(await endless).toContain("Connection terminated");
    await db.query("SELECT 1");
    expect(await line.clients()).toBe(1);
  });
});

describe("the leak watch", () => {
  it("says who holds a connection for too long", async () => {
    db = poolOf({ max: 2, leakAfterMs: 20 });
    const leaked = await takenHere();
    await expect.poll(() => quiet.lines.length).toBe(1);
    expect(quiet.lines[0]).toMatchObject({
      level: "warn",
      message: "a connection is held for more than 20 ms",
      place: expect.stringMatching(/takenHere.*keeping\.test\.ts:\d+:\d+/),
    });
    leaked.release();
    const slow = db.query("SELECT pg_sleep(0.2)");
    await slow;
    expect(quiet.lines).toHaveLength(2);
    expect(quiet.lines[1]?.["place"]).toMatch(/keeping\.test\.ts:\d+:\d+/);
  });

  it("costs no look at the stack while it is off", async () => {
    db = poolOf({ max: 1 });
    const look = vi.spyOn(Error, "captureStackTrace");
    (await db.connect()).release();
    const places = look.mock.calls.map(([, callee]) => callee);
    look.mockRestore();
    expect(places).not.toContain(db.connect);
  });
});

async function takenHere() {
  return db.connect();
}
