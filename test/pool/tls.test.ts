import { pool, type Pool } from "@weir-dev/pool";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { selfSigned } from "../system/certificate.ts";
import {
  expectOnlyOwnClients,
  moreSamples,
  reachLimit,
  startOneLine,
  type OneLine,
} from "./oneLine.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { quietLog } from "./quietLog.ts";
import { seededRandom } from "../runtime/seededRandom.ts";

/** Encrypted sockets begin and end otherwise than plain ones. */

let line: OneLine;
let proxy: Proxy;
let db: Pool;

beforeAll(async () => {
  line = await startOneLine({ clientsOfLine: 3 }, await selfSigned("pgbouncer"));
  const random = seededRandom(6);
  proxy = await startProxy(line.bouncer.port, () => random() * 8);
});
afterAll(async () => {
  await proxy.stop();
  await line.stop();
});
afterEach(() => db.end());

function poolOf(connectionTimeoutMs: number): Pool {
  const connection = { ...line.connection, port: proxy.port };
  const { log } = quietLog();
  return pool({
    connection,
    max: 3,
    connectionTimeoutMs,
    // What is counted stays, however slow the machine is.
    idleTimeoutMs: 0,
    limitFile: "none",
    serve: false,
    log,
  });
}

it("PgBouncer never counts more than the limit while connections are replaced, at rest or not", async () => {
  db = poolOf(0);
  const watch = await line.watchClients();
  await reachLimit(db, line, 3);
  await moreSamples(watch, 2);
  await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const client = await db.connect();
      const work = client.query("SELECT pg_sleep(0.005)").catch(() => {});
      if (index % 2 === 0) await work;
      client.release(true);
      await work;
    }),
  );
  await watch.stop();
  expect(watch.most()).toBe(3);
  expect(db.metrics()).toContain('weir_pool_refused_total{limit="max_db_client_connections"} 0');
});

it("a handshake that takes too long leaves nothing behind", async () => {
  db = poolOf(2_000);
  proxy.stall();
  await expect(db.query("SELECT 1")).rejects.toThrow("no connection within 2000 ms");
  proxy.goOn();
  await expectOnlyOwnClients(db, line);
});
