import { once } from "node:events";
import { createServer, type Socket } from "node:net";

import { pool } from "@weir-dev/pool";
import { describe, expect, it } from "vitest";

import { quietLog } from "./quietLog.ts";

/** What is no PgBouncer, or one that dies: an error that nobody listens to would end the process. */

/** AuthenticationOk and ReadyForQuery: a login that succeeds. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const NONSENSE = Buffer.from("no word of this protocol");
const LIMIT = 2;

/** What it does once a client has said its first word. */
const MANNERS: readonly (readonly [string, (client: Socket) => void])[] = [
  ["resets a login", (client) => client.resetAndDestroy()],
  ["ends a login", (client) => client.end()],
  ["answers a login with nonsense", (client) => client.write(NONSENSE)],
  ["answers a login with half a word", (client) => client.write(LET_IN.subarray(0, 7))],
  ["resets whom it has let in", (client) => client.write(LET_IN, () => client.resetAndDestroy())],
  [
    "resets a statement",
    (client) => {
      client.write(LET_IN);
      client.once("data", () => client.resetAndDestroy());
    },
  ],
  [
    "answers a statement with nonsense",
    (client) => {
      client.write(LET_IN);
      client.on("data", () => client.write(NONSENSE));
    },
  ],
];

describe.each(MANNERS)("a server that %s", (_, behave) => {
  it("fails the statements, and neither the process nor the limit", async () => {
    const clients = new Set<Socket>();
    let most = 0;
    const met = new Set<Socket>();
    const server = createServer((client) => {
      clients.add(client);
      most = Math.max(most, clients.size);
      client.on("error", () => {});
      client.on("close", () => clients.delete(client));
      client.once("data", () => {
        met.add(client);
        behave(client);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a port was asked for");
    const login = { user: "scene", password: "scene", database: "scene", query_timeout: 100 };
    const db = pool({
      connection: { host: "127.0.0.1", port: address.port, ...login },
      max: LIMIT,
      connectionTimeoutMs: 500,
      gracePeriodMs: 0,
      limitFile: "none",
      serve: false,
      log: quietLog().log,
    });
    // On a machine that is busy all may give up before the first one has said a word.
    while (met.size === 0) {
      const asked = Array.from({ length: 3 * LIMIT }, () => db.query("SELECT 1"));
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes.map(({ status }) => status)).toEqual(asked.map(() => "rejected"));
    }
    expect(most).toBeLessThanOrEqual(LIMIT);
    await db.end();
    expect(db.state()).toMatchObject({ open: 0, waiting: 0 });
    await expect.poll(() => clients.size).toBe(0);
    server.close();
  });
});
