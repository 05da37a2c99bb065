import { pool, type Pool } from "@weir-dev/pool";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { expectOnlyOwnClients, startOneLine, type OneLine } from "./oneLine.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { quietLog } from "./quietLog.ts";

let line: OneLine;
let proxy: Proxy;
let db: Pool;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());
beforeEach(async () => {
  proxy = await startProxy(line.bouncer.port);
});
afterEach(async () => {
  await db.end();
  await proxy.stop();
});

function poolOf(max: number, connectionTimeoutMs: number): Pool {
  const connection = { ...line.connection, port: proxy.port };
  const { log } = quietLog();
  return pool({
    connection,
    max,
    connectionTimeoutMs,
    // What is counted stays, however slow the machine is.
    idleTimeoutMs: 0,
    limitFile: "none",
    serve: false,
    log,
  });
}

describe("opening connections", () => {
  it("is done one at a time, and no more often than needed", async () => {
    db = poolOf(8, 0);
    const clients = await Promise.all(Array.from({ length: 8 }, () => db.connect()));
    expect(proxy.mostAtOnce()).toBe(1);
    expect(proxy.logins()).toBe(8);
    for (const client of clients) client.release();
    await Promise.all(Array.from({ length: 40 }, () => db.query("SELECT 1")));
    expect(proxy.logins()).toBe(8);
    expect(await line.clients()).toBe(8);
  });

  it("counts one that is under way, also when the limit falls meanwhile", async () => {
    db = poolOf(1, 0);
    proxy.stall();
    const asked = db.connect();
    await expect.poll(() => proxy.logins()).toBe(1);
    expect(db.state()).toEqual({ limit: 1, open: 1, idle: 0, inUse: 0, waiting: 1 });
    proxy.goOn();
    (await asked).release();
  });
});

// node-postgres#3543: a login that succeeds after its time is up is a connection that nobody uses.
describe("a login that takes longer than the connection timeout", () => {
  it("leaves nothing behind, when what was held back arrives late", async () => {
    db = poolOf(5, 1_000);
    proxy.stall();
    const asked = Array.from({ length: 3 }, () => db.connect());
    for (const each of asked) await expect(each).rejects.toThrow(/no connection within 1000 ms/);
    expect(proxy.logins()).toBeGreaterThan(0);
    expect(proxy.mostAtOnce()).toBe(1);
    proxy.goOn();
    await expectOnlyOwnClients(db, line);
  });

  it("leaves nothing behind, when PgBouncer itself had stopped", async () => {
    db = poolOf(5, 1_000);
    line.bouncer.kill("SIGSTOP");
    const asked = Array.from({ length: 3 }, () => db.connect());
    for (const each of asked) await expect(each).rejects.toThrow(/no connection within 1000 ms/);
    line.bouncer.kill("SIGCONT");
    await expectOnlyOwnClients(db, line);
  });

  it("is reported for in the errors of those that waited for it", async () => {
    db = poolOf(1, 1_000);
    proxy.stall();
    await expect(db.connect()).rejects.toThrow(
      "no connection within 1000 ms: limit 1, 0 in use, 1 being opened or closed, 0 more checkouts waiting",
    );
    proxy.goOn();
  });
});
