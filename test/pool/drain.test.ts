import { pool, PoolClosed } from "@weir-dev/pool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startOrdered, startOrderedFirst, type OrderedProcess } from "../system/orderedProcess.ts";
import type { DrainOrder, DrainReport } from "./drainingServer.ts";
import { startOneLine, type OneLine } from "./oneLine.ts";
import { quietLog } from "./quietLog.ts";

type DrainServerProcess = OrderedProcess<DrainOrder, DrainReport>;

let line: OneLine;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());

async function startServer(
  env: Readonly<Record<string, string>>,
  start = startOrdered<DrainOrder, DrainReport>,
): Promise<DrainServerProcess> {
  const { port, user, password, database } = line.connection;
  const server = await start("../pool/drainingServer.ts", {
    PGHOST: "127.0.0.1",
    PGPORT: String(port),
    PGUSER: String(user),
    PGPASSWORD: String(password),
    PGDATABASE: String(database),
    DB_POOL_MAX_PER_SERVER: "1",
    DB_POOL_CONNECTION_TIMEOUT: "0",
    GRACE_MS: "600000",
    ...env,
  });
  // It listens to signals by now.
  await server.tell("report");
  return server;
}

/** Whether a process is there; signals and reads of it are not answered by one that ended. */
function isAlive({ pid }: DrainServerProcess): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a server that gets SIGTERM", () => {
  it("finishes what it does and what waits, takes nothing new, and ends", async () => {
    const server = await startServer({});
    await server.tell("hold");
    await server.tell("ask");
    process.kill(server.pid, "SIGTERM");
    // What waited when the signal came is still to be served.
    await expect
      .poll(async () => {
        const { outcomes } = await server.tell("ask");
        return outcomes[0];
      })
      .toBe("PoolClosed");
    const { state } = await server.tell("report");
    expect(state).toMatchObject({ open: 1, inUse: 1 });
    expect(state.waiting).toBeGreaterThanOrEqual(1);
    // Its last word may be lost with it.
    await server.tell("finish").catch(() => {});
    await expect.poll(() => isAlive(server)).toBe(false);
    await expect.poll(() => line.clients()).toBe(0);
  });

  it("ends also where it is the first process of a container", async () => {
    const server = await startServer({}, startOrderedFirst);
    await server.tell("signal").catch(() => {});
    await expect.poll(() => isAlive(server)).toBe(false);
  });

  it("gets no pool any more, also where it asks for one anew", async () => {
    const server = await startServer({ LISTENS: "yes" });
    await server.tell("signal");
    await expect.poll(async () => (await server.tell("report")).outcomes).toContain("signalled");
    // Before and after it has drained.
    const asked = 50;
    for (let times = 0; times < asked; times += 1) await server.tell("askAnew");
    const closed = Array.from({ length: asked }, () => "PoolClosed");
    await expect
      .poll(async () => (await server.tell("report")).outcomes)
      .toEqual(["signalled", ...closed]);
    await server.kill();
  });

  it("is cut off when the grace period is over", async () => {
    const server = await startServer({ GRACE_MS: "500", LISTENS: "yes" });
    await server.tell("hold");
    await server.tell("sleep");
    process.kill(server.pid, "SIGTERM");
    await expect
      .poll(async () => (await server.tell("report")).state)
      .toMatchObject({ open: 0, inUse: 0 });
    await expect.poll(() => line.clients()).toBe(0);
    expect((await server.tell("report")).outcomes).toEqual(["signalled", "Error"]);
    await server.kill();
  });

  it("ends by itself when it listens to the signal too", async () => {
    const server = await startServer({ LISTENS: "yes" });
    await server.tell("hold");
    process.kill(server.pid, "SIGTERM");
    await expect.poll(async () => (await server.tell("report")).outcomes).toContain("signalled");
    await server.tell("finish");
    await expect.poll(async () => (await server.tell("report")).state).toMatchObject({ open: 0 });
    expect(isAlive(server)).toBe(true);
    await server.tell("exit");
    await expect.poll(() => isAlive(server)).toBe(false);
  });

  it("is left alone where the server drains its pool itself", async () => {
    const server = await startServer({ LISTENS: "yes", DRAIN: "no" });
    process.kill(server.pid, "SIGTERM");
    await expect.poll(async () => (await server.tell("report")).outcomes).toContain("signalled");
    await server.tell("ask");
    await expect.poll(async () => (await server.tell("report")).outcomes).toContain("asked");
    await server.kill();
  });
});

describe("a pool that ends", () => {
  const { log } = quietLog();
  const options = () => ({
    connection: line.connection,
    // On a slow machine a login may take longer than a checkout waits by default.
    connectionTimeoutMs: 0,
    limitFile: "none",
    port: 0,
    max: 2,
    log,
  });

  it("closes what is idle at once, and answers at /limit until the last one is closed", async () => {
    const db = pool(options());
    const port = await db.port();
    const [held, other] = await Promise.all([db.connect(), db.connect()]);
    other.release();
    const ended = db.end();
    expect(db.end()).toBe(ended);
    await expect(db.query("SELECT 1")).rejects.toThrow(PoolClosed);
    await expect.poll(() => db.state()).toMatchObject({ open: 1, idle: 0 });
    const answer = await fetch(`http://127.0.0.1:${port}/limit`);
    expect(await answer.json()).toMatchObject({ limit: 2, open: 1 });
    held.release();
    await ended;
    expect(db.state()).toMatchObject({ open: 0 });
    await expect(fetch(`http://127.0.0.1:${port}/limit`)).rejects.toThrow("fetch failed");
    expect(await line.clients()).toBe(0);
    expect(process.listenerCount("SIGTERM")).toBe(0);
  });

  it("makes room for another one, and only then", async () => {
    const db = pool(options());
    expect(pool()).toBe(db);
    expect(() => pool({ max: 3 })).toThrow(/the pool is there already/);
    await db.end();
    const next = pool(options());
    expect(next).not.toBe(db);
    await next.query("SELECT 1");
    await next.end();
  });

  it("gives up a login that is under way", async () => {
    const db = pool({ ...options(), minIdle: 1 });
    expect(db.state().open).toBe(1);
    await db.end();
    await expect.poll(() => line.clients()).toBe(0);
  });

  it("does not wait for a PgBouncer that does not answer longer than the grace period", async () => {
    const db = pool({ ...options(), max: 3, gracePeriodMs: 200 });
    const [, idle] = await Promise.all([db.connect(), db.connect()]);
    idle.release();
    line.bouncer.kill("SIGSTOP");
    const asked = [db.connect(), db.connect()];
    const outcomes = Promise.allSettled(asked);
    await db.end();
    line.bouncer.kill("SIGCONT");
    expect(await outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { message: "the pool's grace period is over" } },
    ]);
    expect(db.state()).toMatchObject({ open: 0 });
    await expect.poll(() => line.clients()).toBe(0);
  });
});
