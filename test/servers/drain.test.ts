import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as V1Transport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { drain } from "../../examples/writing-servers/drain.ts";
import { consoleQuery } from "../parts/pgbouncer.ts";
import { call, modernClient } from "./mcpClients.ts";
import { logMeasured, msSince } from "../measured.ts";
import {
  readiness,
  startReady,
  startStudio,
  superuserOf,
  type Studio,
  type WritingServer,
} from "./studio.ts";

let studio: Studio;
let lock: Client;

beforeAll(async () => {
  studio = await startStudio();
  lock = superuserOf(studio);
  await lock.connect();
});

afterAll(async () => {
  await lock.end();
  await studio.stop();
});

/** Whether a new connection is taken. */
async function accepts(server: WritingServer): Promise<boolean> {
  return fetch(`${server.origin}/livez`, { headers: { Connection: "close" } }).then(
    () => true,
    () => false,
  );
}

/** Sends a request again and again, as a Service does that is slow to follow: so it stays open. */
function comeLate(server: WritingServer): { readonly stop: () => Promise<void> } {
  const over = new AbortController();
  const come = async () => {
    while (!over.signal.aborted) {
      const answer = await fetch(server.url, { method: "POST" });
      await answer.text();
      await sleep(100);
    }
  };
  // The door that closes ends it too.
  const coming = come().catch(() => {});
  return {
    stop: async () => {
      over.abort();
      await coming;
    },
  };
}

describe("a process that is reported to end", () => {
  it("gives up on calls that never finish, before the grace period is over", async () => {
    let atMs = 0;
    const closed: string[] = [];
    const ending = drain({
      server: createServer(),
      requests: {
        inFlight: () => 1,
        lastAtMs: () => -Infinity,
        closeConnections: () => closed.push("connections"),
      },
      callsInFlight: () => 2,
      close: async () => {
        closed.push("pool");
      },
      nowMs: () => atMs,
      sleep: async (ms) => {
        atMs += ms;
      },
    });
    await expect(ending).rejects.toThrow("2 calls were still running after 25000 ms");
    expect(atMs).toBeLessThan(30_000);
    expect(closed).toEqual(["connections"]);
  });

  it.each([
    ["three seconds, when nobody calls any more", -Infinity, 3000],
    ["three seconds after the last call of a Service that is slow to follow", 8000, 11_000],
    ["no longer than calls have the time to finish, whoever goes on calling", Infinity, 15_000],
  ])("still accepts for %s", async (_, lastMs, closedMs) => {
    let atMs = 0;
    let closedAtMs = 0;
    const server = createServer();
    vi.spyOn(server, "close").mockImplementation(() => {
      closedAtMs = atMs;
      return server;
    });
    await drain({
      server,
      requests: {
        inFlight: () => 0,
        lastAtMs: () => Math.min(lastMs, atMs),
        closeConnections: () => {},
      },
      callsInFlight: () => 0,
      close: async () => {},
      nowMs: () => atMs,
      sleep: async (ms) => {
        atMs += ms;
      },
    });
    expect(closedAtMs).toBe(closedMs);
  });

  it("says so, stops accepting, lets a call finish, and leaves no connection", async () => {
    const server = await startReady(studio, { name: "author" });
    const client = await modernClient(server);
    await lock.query("BEGIN; LOCK TABLE authors IN ACCESS EXCLUSIVE MODE");
    const slow = call(client, "list_authors");
    await expect
      .poll(() => lock.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
      .toMatchObject({ rows: [{}] });

    // A client that pauses finds its connection again, until the process is told to end.
    const before = await fetch(`${server.origin}/livez`);
    expect(before.headers.get("connection")).toBe("keep-alive");
    expect(before.headers.get("keep-alive")).toBe("timeout=75");
    const toldAtMs = performance.now();
    server.process.signal("SIGTERM");
    // Who comes late is still served, for a Service sends some for a moment.
    const lateness = comeLate(server);
    await expect.poll(() => readiness(server), { interval: 10 }).toBe(503);
    const { headers } = await fetch(`${server.origin}/livez`);
    expect(headers.get("connection")).toBe("close");
    const late = await modernClient(server);
    expect((await late.listTools()).tools.length).toBeGreaterThan(0);
    await late.close();
    await lateness.stop();
    await expect.poll(() => accepts(server), { interval: 50 }).toBe(false);

    await lock.query("COMMIT");
    expect(await slow).toEqual({ items: [] });
    expect(await server.process.closed).toEqual({ code: 0, signal: null });
    logMeasured(`ended ${msSince(toldAtMs)} after SIGTERM`);
    await client.close();
    await expect
      .poll(async () =>
        (await consoleQuery(studio.tier.bouncers[0].place, "SHOW CLIENTS")).filter(
          ({ user }) => user === "author",
        ),
      )
      .toEqual([]);
    expect(server.process.log()).not.toMatch(/"level":(?:50|60)/);
  });

  it("does not wait for streams that are open for news alone, of either era", async () => {
    const server = await startReady(studio, { name: "author" });
    const client = await modernClient(server);
    const news = await client.listen({ toolsListChanged: true });
    const older = new V1Client({ name: "weir-test", version: "0.1.0" });
    await older.connect(new V1Transport(server.url));
    server.process.signal("SIGTERM");
    expect(await server.process.closed).toEqual({ code: 0, signal: null });
    expect(server.process.log()).toContain('"ended"');
    await news.close().catch(() => {});
    await older.close();
    await client.close();
  });
});
