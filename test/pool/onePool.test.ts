import { Worker } from "node:worker_threads";

import { pool, PoolTimeout, type Pool } from "@weir-dev/pool";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { startOneLine, type OneLine } from "./oneLine.ts";
import { quietLog } from "./quietLog.ts";

let line: OneLine;
let db: Pool | undefined;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());
afterEach(async () => {
  vi.unstubAllEnvs();
  await db?.end();
});

describe("the pool of a process", () => {
  it("is one, also where the library is there twice", async () => {
    db = pool({ connection: line.connection, max: 1, limitFile: "none", serve: false });
    vi.resetModules();
    const other = await import("@weir-dev/pool");
    expect(other.pool).not.toBe(pool);
    expect(other.pool()).toBe(db);
  });

  it("is not in a worker thread", async () => {
    const worker = new Worker(new URL("workerWithPool.ts", import.meta.url));
    const error = await new Promise((resolve) => worker.once("error", resolve));
    expect(String(error)).toContain("pool() in a worker thread: a process has one pool");
  });

  it("is set by the environment alone", async () => {
    const { host, port, user, password, database } = line.connection;
    const settings = {
      PGHOST: host,
      PGPORT: port,
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
      DB_POOL_MAX_PER_SERVER: 3,
      DB_POOL_CONNECTION_TIMEOUT: 30_000,
      WEIR_POOL_PORT: 0,
    };
    for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, String(value));
    db = pool();
    expect(db.state().limit).toBe(3);
    expect((await db.query("SELECT $1::text AS said", ["yes"])).rows).toEqual([{ said: "yes" }]);
    const rows = await db.query<[number]>({ text: "SELECT 7", rowMode: "array" });
    expect(rows.rows).toEqual([[7]]);
    const answer = await fetch(`http://127.0.0.1:${await db.port()}/metrics`);
    const text = await answer.text();
    expect(text).toContain("weir_pool_limit 3\n");
    expect(text).toContain("weir_pool_wait_seconds_count 2\n");
  });

  it("has one connection when nobody said how many, and says so", async () => {
    const { lines, log } = quietLog();
    const { connection } = line;
    db = pool({ connection, connectionTimeoutMs: 1_000, limitFile: "none", serve: false, log });
    expect(lines).toMatchObject([
      { level: "warn", message: expect.stringContaining("set DB_POOL_MAX_PER_SERVER") },
    ]);
    const held = await vi.waitFor(db.connect, { timeout: 30_000 });
    const error = await db.query("SELECT 1").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PoolTimeout);
    expect(String(error)).toBe(
      "PoolTimeout: no connection within 1000 ms: limit 1, 1 in use, 0 being opened or closed, 0 more checkouts waiting",
    );
    held.release();
  });

  it("is not made of settings that can't be", () => {
    const connection = { sslnegotiation: "direct", ssl: false } as const;
    expect(() => pool({ connection, max: 1, serve: false })).toThrow(/requires SSL/);
    vi.stubEnv("DB_POOL_MAX_PER_SERVER", "many");
    expect(() => pool()).toThrow(/DB_POOL_MAX_PER_SERVER: found "many"/);
    expect(() => pool()).toThrow(/DB_POOL_MAX_PER_SERVER: found "many"/);
  });
});
