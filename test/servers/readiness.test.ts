import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

const NAME = "author";

let studio: Studio;
let server: WritingServer;

beforeAll(async () => {
  studio = await startStudio(1);
  // More than a login takes on a busy computer; less than the 20 s that a stuck call has.
  const env = { DB_POOL_CONNECTION_TIMEOUT: "5000" };
  server = await startReady(studio, { name: NAME, env });
});

afterAll(async () => {
  await server.process.stop("SIGKILL");
  await studio.stop();
});

/** How many clients the server has at PgBouncer. */
async function clients(): Promise<number> {
  const rows = await consoleQuery(studio.tier.bouncers[0].place, "SHOW CLIENTS");
  return rows.filter(({ user }) => user === NAME).length;
}

/** What each probe says, and how long each of its words took to come true after `done`. */
async function until(status: number, what: string): Promise<void> {
  const sinceMs = performance.now();
  await expect.poll(() => readiness(server), { interval: 50 }).toBe(status);
  logMeasured(`${what}: ${status} after ${msSince(sinceMs)}`);
}

/**
 * What the probe says, but for the silence of a database whose one connection hangs: on a slow
 * machine it lasts long enough to be told.
 */
async function blame(): Promise<string> {
  const text = await (await fetch(`${server.origin}/readyz`)).text();
  return text.replace(/^not ready: the database has not answered for \d+ s\n$/, "ok\n");
}

async function liveness(): Promise<number> {
  return (await fetch(`${server.origin}/livez`)).status;
}

/**
 * A call that hangs at a table which somebody else has locked, and has the one connection meanwhile.
 * `release` lets it go on, and gives its answer.
 */
async function stuckCall() {
  const lock = superuserOf(studio);
  await lock.connect();
  await lock.query("BEGIN; LOCK TABLE authors IN ACCESS EXCLUSIVE MODE");
  const client = await modernClient(server);
  const answer = call(client, "list_authors");
  await expect
    .poll(() => lock.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
    .toMatchObject({ rows: [{}] });
  const release = async () => {
    await lock.query("COMMIT");
    await lock.end();
    const answered = await answer;
    await client.close();
    return answered;
  };
  return { client, release };
}

describe("readiness", () => {
  it("takes no connection, however often it is asked, not even of a pool that has none left", async () => {
    const { client, release } = await stuckCall();

    const probes = await Promise.all(Array.from({ length: 100 }, blame));
    expect(new Set(probes)).toEqual(new Set(["ok\n"]));
    expect(await clients()).toBe(1);
    // A call that comes now waits its time, and is told why: the database is not to blame.
    await expect(call(client, "list_authors")).rejects.toThrow(
      "Try again: this process has no connection to spare, of 1",
    );
    expect(await blame()).toBe("ok\n");

    expect(await release()).toEqual({ items: [] });
  });

  it("falls while Postgres is down, and comes back with it; the process lives on", async () => {
    await studio.postgres.halt();
    await until(503, "Postgres down, server idle");
    expect(await liveness()).toBe(200);
    expect(await (await fetch(`${server.origin}/readyz`)).text()).toMatch(
      /^not ready: the database/,
    );
    const client = await modernClient(server);
    // And not that the process has no connection to spare, although checks go on in vain.
    await expect(call(client, "list_authors")).rejects.toThrow(
      /^The database can't be reached now, try again: /,
    );
    await client.close();

    await studio.postgres.resume();
    await until(200, "Postgres up");
  });

  it("falls while PgBouncer does not answer, and comes back with it", async () => {
    const [bouncer] = studio.tier.bouncers;
    bouncer.kill("SIGSTOP");
    await until(503, "PgBouncer hangs, server idle");
    expect(await liveness()).toBe(200);
    bouncer.kill("SIGCONT");
    await until(200, "PgBouncer goes on");
  });

  it("falls when all connections hang, although nobody can ask then", async () => {
    const { release } = await stuckCall();
    await until(503, "the one connection hangs");
    await release();
    expect(await readiness(server)).toBe(200);
  });
});

function callsLine(outcome: string): string {
  return `writing_tool_calls_total{server="author",tool="create_author",outcome="${outcome}"} 1`;
}

describe("/metrics", () => {
  it("says calls by server, tool and outcome, how long they took, and the pool", async () => {
    const client = await modernClient(server);
    await call(client, "create_author", { name: "Ines" });
    await expect(call(client, "create_author", { name: "Ines" })).rejects.toThrow("Refused");
    await call(client, "list_authors");
    await client.close();
    const answer = await fetch(`${server.origin}/metrics`);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split("\n");
    expect(lines).toContain(callsLine("answered"));
    expect(lines).toContain(callsLine("refused"));
    expect(lines).toContain(
      'writing_tool_call_duration_seconds_count{server="author",tool="create_author"} 2',
    );
    expect(lines).toContain('writing_pool_connections{kind="limit"} 1');
    // A check that was given up closes the connection for a moment.
    const now = async () => (await fetch(`${server.origin}/metrics`)).text();
    await expect.poll(now).toContain('writing_pool_connections{kind="open"} 1\n');
  });
});
