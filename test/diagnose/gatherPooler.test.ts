import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { STATS_LOGIN } from "../../src/api/names.ts";
import type { LiveSystem } from "../../src/model/liveSystem.ts";
import type { LivePgBouncer } from "../../src/model/pgbouncer.ts";
import { findPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { oldPgBouncer } from "../parts/pgbouncer118.ts";
import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { type Certificate, selfSigned } from "../system/certificate.ts";
import { exampleFleet } from "../system/exampleFleet.ts";
import { logIn } from "../system/logIn.ts";
import { startTier, type StartedTier, type TierSpec } from "../system/weirTier.ts";
import {
  appClient,
  consoleUrl,
  gather,
  PASSWORDS,
  startForeignPgBouncer,
  unseenOf,
} from "./foreignPgBouncer.ts";

let postgres: Postgres;
let stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
});

afterAll(async () => {
  await postgres.stop();
});

afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  stops = [];
});

async function startBouncer(
  spec: Partial<Parameters<typeof startForeignPgBouncer>[0]> = {},
): Promise<PgBouncer> {
  const bouncer = await startForeignPgBouncer({ postgres, ...spec });
  stops.push(bouncer.stop);
  return bouncer;
}

async function client(bouncer: PgBouncer, applicationName?: string): Promise<Client> {
  const opened = await appClient(bouncer, applicationName);
  stops.push(() => opened.end());
  return opened;
}

/** The example's tier; its database and role are gone afterwards. */
async function weirTier(wish: Partial<TierSpec>): Promise<StartedTier> {
  const tier = await startTier({ fleet: exampleFleet(postgres), postgres, ...wish });
  stops.push(async () => {
    await tier.stop();
    await postgres.query("DROP DATABASE writing WITH (FORCE)");
    await postgres.query("DROP ROLE writing");
  });
  return tier;
}

function only({ pgbouncers }: Pick<LiveSystem, "pgbouncers">): LivePgBouncer {
  const [pooler, ...others] = pgbouncers;
  if (pooler === undefined || others.length > 0) throw new Error(`${pgbouncers.length} PgBouncers`);
  return pooler;
}

function last({ samples }: LivePgBouncer): LivePgBouncer["samples"][number] {
  const sample = samples.at(-1);
  if (sample === undefined) throw new Error("no sample");
  return sample;
}

describe.each([
  ["1.18", oldPgBouncer],
  ["the newest", findPgBouncer],
])("of PgBouncer %s", (_, program) => {
  test("clients, servers, pools and lines are reported, weir's own console is not", async () => {
    const bouncer = await startBouncer({ program: await program(), poolSize: 1 });
    const beforeMs = Date.now();
    const holds = await client(bouncer, "holds");
    await holds.query("BEGIN");
    const waits = await client(bouncer, "waits");
    const waiting = waits.query("SELECT 1");
    await client(bouncer, "idles");
    const pooler = only(
      await gather({ pgbouncers: [consoleUrl(bouncer, "eye")], windowMs: 600, intervalMs: 200 }),
    );
    const afterMs = Date.now();
    await holds.query("COMMIT");
    await waiting;

    expect(pooler).toMatchObject({
      address: `127.0.0.1:${bouncer.port}`,
      version: bouncer.version,
      access: "as stats user eye; a console takes 1 of max_client_conn 20",
    });
    expect(pooler.config.get("max_client_conn")).toBe("20");
    const hasBulkheads = bouncer.version !== "1.18.0";
    expect(pooler.lines).toEqual([
      {
        name: "app",
        host: "127.0.0.1",
        port: postgres.port,
        database: "postgres",
        poolSize: 1,
        reservePoolSize: 0,
        poolMode: "transaction",
        maxConnections: 0,
        ...(hasBulkheads && { maxClientConnections: 0, openClients: 3 }),
        paused: false,
        disabled: false,
      },
    ]);
    expect(pooler.samples.length).toBeGreaterThanOrEqual(2);

    const { usedClients, clients, servers, pools } = last(pooler);
    // Three, and the console.
    expect(usedClients).toBe(4);
    const [server] = servers;
    expect(servers).toEqual([
      expect.objectContaining({ line: "app", user: "app", localAddress: "127.0.0.1" }),
    ]);
    const byName = new Map(clients.map((each) => [each.applicationName, each]));
    expect([...byName.keys()].toSorted()).toEqual(["holds", "idles", "waits"]);
    expect(byName.get("holds")).toMatchObject({
      line: "app",
      user: "app",
      address: "127.0.0.1",
      state: "active",
      waitMs: 0,
      serverId: server?.id,
    });
    expect(byName.get("waits")).toMatchObject({ state: "waiting" });
    expect(byName.get("waits")?.waitMs).toBeGreaterThan(0);
    expect(byName.get("waits")?.waitMs).toBeLessThanOrEqual(afterMs - beforeMs);
    expect(byName.get("idles")).not.toHaveProperty("serverId");
    expect(new Set(clients.map(({ id }) => id)).size).toBe(3);
    // Whole seconds, cut off.
    for (const { connectedAtMs } of clients) {
      expect(connectedAtMs).toBeGreaterThan(beforeMs - 1100);
      expect(connectedAtMs).toBeLessThanOrEqual(afterMs);
    }
    expect(pools).toEqual([
      expect.objectContaining({
        line: "app",
        user: "app",
        clientsWaiting: 1,
        serversActive: 1,
        servers: 1,
      }),
    ]);
    expect(pools[0]?.maxWaitMs).toBeGreaterThan(0);
    const pid = Number((await holds.query("SELECT pg_backend_pid() AS pid")).rows[0].pid);
    expect(server?.backendPid).toBe(pid);
  });

  test("a client is the same one in all samples", async () => {
    const bouncer = await startBouncer({ program: await program() });
    await client(bouncer);
    const { samples } = only(await gather({ pgbouncers: [consoleUrl(bouncer, "boss")] }));

    expect(samples.flatMap(({ clients }) => clients).length).toBe(samples.length);
    expect(new Set(samples.flatMap(({ clients }) => clients.map(({ id }) => id))).size).toBe(1);
  });

  test("a full one lets a console in, which is said and counted", async () => {
    const settings = { max_client_conn: 3 };
    const bouncer = await startBouncer({ program: await program(), settings });
    for (let index = 0; index < 3; index++) await client(bouncer);
    await expect(appClient(bouncer)).rejects.toThrow("no more connections allowed");

    const pooler = only(await gather({ pgbouncers: [consoleUrl(bouncer, "eye")] }));
    expect(pooler.access).toBe(
      "as stats user eye; PgBouncer is full; a console is let in all the same, and takes 1 of 3",
    );
    expect(last(pooler).usedClients).toBe(4);
    expect(last(pooler).clients).toHaveLength(3);
  });

  test.each([
    ["a wrong password", "eye", "wrong-hush", /authentication failed/, /unix socket/],
    ["a login without the right", "app", PASSWORDS.app, /not allowed/, /stats_users/],
  ] as const)("%s is told, without the password", async (_what, login, password, why, next) => {
    const bouncer = await startBouncer({ program: await program() });
    const live = await gather({ pgbouncers: [consoleUrl(bouncer, login, password)] });

    expect(live.pgbouncers).toEqual([]);
    const unavailable = unseenOf(live, `PgBouncer 127.0.0.1:${bouncer.port}`);
    expect(unavailable?.why).toMatch(why);
    expect(unavailable?.next).toMatch(next);
    expect(JSON.stringify(live)).not.toContain("hush");
  });
});

test("the unix socket is a way in, too, as PgBouncer's own user, without a password", async () => {
  const bouncer = await startBouncer();
  const { consoleDir, port } = bouncer.place;
  const url = `postgres://pgbouncer@/pgbouncer?host=${consoleDir}&port=${port}`;
  const pooler = only(await gather({ pgbouncers: [url] }));

  expect(pooler.address).toBe(`${consoleDir}/.s.PGSQL.${port}`);
  expect(pooler.access).toMatch(/^as admin pgbouncer, over its unix socket; a console takes 1 of/);
});

test("weir's own PgBouncer is asked as weir_stats, over TCP, each process for itself", async () => {
  const tier = await weirTier({ processes: 2 });
  const author = await logIn(tier, { user: "author" });
  stops.push(() => author.end());
  const urls = tier.bouncers.map(
    ({ port }) =>
      `postgres://${STATS_LOGIN}:${tier.passwordOf(STATS_LOGIN)}@127.0.0.1:${port}/pgbouncer`,
  );
  const { pgbouncers } = await gather({ pgbouncers: urls });

  expect(pgbouncers.map(({ address }) => address)).toEqual(
    tier.bouncers.map(({ port }) => `127.0.0.1:${port}`),
  );
  expect(pgbouncers.map((pooler) => last(pooler).clients.length)).toEqual([1, 0]);
  const grant = tier.plan.servers.find(({ name }) => name === "author");
  expect(pgbouncers[0]?.lines.find(({ name }) => name === "author")).toMatchObject({
    database: "writing",
    forceUser: "writing",
    poolSize: grant?.slots,
    maxClientConnections: grant?.grant,
  });
});

test("one process that two URLs reach is counted once, and two processes twice", async () => {
  const bouncer = await startBouncer();
  await client(bouncer);
  const socket = `postgres://pgbouncer@/pgbouncer?host=${bouncer.place.consoleDir}&port=${bouncer.port}`;
  const urls = [consoleUrl(bouncer, "eye"), socket, consoleUrl(await startBouncer(), "eye")];
  const live = await gather({ pgbouncers: urls });

  expect(live.pgbouncers.map(({ address }) => address)).toEqual([
    `127.0.0.1:${bouncer.port}`,
    expect.stringMatching(/^127\.0\.0\.1:/),
  ]);
  expect(
    live.pgbouncers.map((pooler) => last(pooler).clients.filter(({ user }) => user === "app")),
  ).toMatchObject([[{ line: "app" }], []]);
  expect(live.unavailable).toContainEqual(
    expect.objectContaining({
      why: `it is the same process as 127.0.0.1:${bouncer.port}, and counted once`,
    }),
  );
});

test("times are reported by our clock, whatever PgBouncer's zone", async () => {
  const zone = process.env["TZ"];
  process.env["TZ"] = "WEIR-05:30";
  const starting = startBouncer();
  await starting.finally(() => {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });
  const bouncer = await starting;
  const beforeMs = Date.now();
  await client(bouncer);
  const pooler = only(await gather({ pgbouncers: [consoleUrl(bouncer, "eye")] }));

  const [{ connectedAtMs } = { connectedAtMs: 0 }] = last(pooler).clients;
  expect(connectedAtMs).toBeGreaterThan(beforeMs - 1100);
  expect(connectedAtMs).toBeLessThanOrEqual(Date.now());
});

describe("what can't be asked is reported with what to do", () => {
  test("a closed port", async () => {
    const bouncer = await startBouncer();
    await bouncer.stop();
    const live = await gather({ pgbouncers: [consoleUrl(bouncer, "eye")] });

    expect(unseenOf(live, `PgBouncer 127.0.0.1:${bouncer.port}`)).toEqual({
      what: `PgBouncer 127.0.0.1:${bouncer.port}`,
      why: "nothing listens there, or its queue is full (ECONNREFUSED)",
      next: "check host and port; in a cluster kubectl port-forward makes it reachable",
      failed: true,
    });
  });

  test("one that hangs, beside one that answers", async () => {
    const [hangs, answers] = [await startBouncer(), await startBouncer()];
    hangs.kill("SIGSTOP");
    const waits: string[] = [];
    const pgbouncers = [consoleUrl(hangs, "eye"), consoleUrl(answers, "eye")];
    const live = await gather({ pgbouncers }, {}, (what) => waits.push(what));

    expect(only(live).address).toBe(`127.0.0.1:${answers.port}`);
    expect(unseenOf(live, `PgBouncer 127.0.0.1:${hangs.port}`)?.why).toMatch(/does not answer/);
    // Also said where the other one is slow, on a busy machine.
    expect(waits).toContain(`PgBouncer 127.0.0.1:${hangs.port}`);
  });

  test("one that ends while it is watched, with what it said before", async () => {
    const bouncer = await startBouncer();
    const gathering = gather({
      pgbouncers: [consoleUrl(bouncer, "eye")],
      windowMs: 60_000,
      intervalMs: 50,
    });
    await expect.poll(() => bouncer.log()).toMatch(/login attempt: db=pgbouncer/);
    // Two samples take a tenth of a second; on a machine that is busy, longer.
    setTimeout(() => bouncer.kill("SIGKILL"), 5_000);
    const live = await gathering;

    expect(only(live).samples.length).toBeGreaterThanOrEqual(2);
    const what = `PgBouncer 127.0.0.1:${bouncer.port}, after its last sample`;
    expect(unseenOf(live, what)?.why).toBe("it closed the connection");
  });

  test("a Postgres, taken for a PgBouncer", async () => {
    const { user, password, port } = postgres;
    const url = `postgres://${user}:${password}@127.0.0.1:${port}/pgbouncer`;
    const live = await gather({ pgbouncers: [url] });

    expect(unseenOf(live, `PgBouncer 127.0.0.1:${port}`)?.next).toMatch(/and not a Postgres/);
  });

  test("TLS where there is none", async () => {
    const bouncer = await startBouncer();
    const live = await gather({ pgbouncers: [`${consoleUrl(bouncer, "eye")}?sslmode=require`] });

    expect(unseenOf(live, `PgBouncer 127.0.0.1:${bouncer.port}`)?.next).toMatch(/sslmode=disable/);
  });

  test("no TLS where there must be; with it, its CA is verified", async () => {
    const [ofBouncer, ofAnother] = [await selfSigned("bouncer"), await selfSigned("another")];
    const tier = await weirTier({ clientTls: ofBouncer });
    const [{ port }] = tier.bouncers;
    const url = `postgres://${STATS_LOGIN}:${tier.passwordOf(STATS_LOGIN)}@127.0.0.1:${port}`;
    const asked = async (query: string) => gather({ pgbouncers: [`${url}/pgbouncer${query}`] });
    const trusting = async ({ cert }: Certificate) => {
      const path = join(await scratchDir("ca"), "ca.crt");
      await writeFile(path, cert);
      return asked(`?sslmode=verify-full&sslrootcert=${path}`);
    };
    const what = `PgBouncer 127.0.0.1:${port}`;

    expect(unseenOf(await asked(""), what)).toMatchObject({
      why: "it admits no connection without TLS",
      next: expect.stringContaining("?sslmode=verify-full&sslrootcert=ca.crt"),
    });
    expect(unseenOf(await trusting(ofAnother), what)?.next).toMatch(
      /use the host name of the certificate/,
    );
    expect(only(await trusting(ofBouncer)).access).toMatch(/^as stats user weir_stats/);
    expect(only(await asked("?sslmode=require")).address).toBe(`127.0.0.1:${port}`);
  });
});
