import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";

import { pool, type Pool, type PoolLogLine, type PoolOptions } from "../../pool/index.ts";
import { virtualRuntime, type VirtualRuntime } from "../runtime/virtualRuntime.ts";

/** AuthenticationOk and ReadyForQuery. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

let server: Server;
let runtime: VirtualRuntime;
let running: Pool | undefined;

beforeEach(async () => {
  runtime = virtualRuntime();
  server = createServer((socket) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  await running?.end();
  server.close();
});

/** A pool on the test's clock, and everything that it logs. */
function start(options: PoolOptions): { readonly db: Pool; readonly lines: PoolLogLine[] } {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const lines: PoolLogLine[] = [];
  const db = pool({
    max: 1,
    limitFile: "/absent/pool-limit",
    serve: false,
    drainOnSigterm: false,
    connection: { host: "127.0.0.1", port, user: "eye", password: "hush", database: "x" },
    log: (line) => lines.push(line),
    runtime,
    ...options,
  });
  running = db;
  return { db, lines };
}

/** The server's end of the next login. */
async function login(): Promise<Socket> {
  const socket = await new Promise<Socket>((resolve) => {
    server.once("connection", resolve);
  });
  await once(socket, "data");
  return socket;
}

it("gives a checkout up by the clock of its runtime", async () => {
  const checkout = start({ connectionTimeoutMs: 60_000 }).db.connect();
  checkout.catch(() => {});
  await login();
  await runtime.pass(59_999);
  expect(running?.state()).toMatchObject({ waiting: 1 });
  await runtime.pass(1);

  await expect(checkout).rejects.toThrow("no connection within 60000 ms");
});

it("tries a login again after a pause of its runtime", async () => {
  const failed = Promise.withResolvers<PoolLogLine>();
  const checkout = start({ connectionTimeoutMs: 0, log: failed.resolve }).db.connect();
  (await login()).destroy();
  expect(await failed.promise).toMatchObject({ level: "warn" });
  // The limit file's next look, and the pause.
  await expect.poll(() => runtime.waiting()).toBe(2);
  const again = login();
  await runtime.pass(50);

  (await again).write(LET_IN);
  (await checkout).release();
});

it("reports a leak, and ends a connection's life, by the clock of its runtime", async () => {
  const { db, lines } = start({ leakAfterMs: 60_000, maxLifetimeMs: 120_000 });
  const checkout = db.connect();
  const socket = await login();
  socket.write(LET_IN);
  const client = await checkout;
  await runtime.pass(59_999);
  expect(lines).toEqual([]);
  await runtime.pass(1);
  expect(lines).toMatchObject([{ message: "a connection is held for more than 60000 ms" }]);

  await runtime.pass(60_000);
  client.release();
  await once(socket, "close");
});
