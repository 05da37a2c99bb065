import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { gather, unseenOf } from "./foreignPgBouncer.ts";

let postgres: Postgres;
let app: Client;

beforeAll(async () => {
  postgres = await startPostgres({
    settings: { max_connections: 12, superuser_reserved_connections: 2 },
  });
  await postgres.query(`
    CREATE ROLE app LOGIN PASSWORD 'hush-app' CONNECTION LIMIT 8;
    CREATE ROLE sees LOGIN PASSWORD 'hush-sees'; GRANT pg_monitor TO sees;
    CREATE ROLE blind LOGIN PASSWORD 'hush-blind'`);
  app = clientOf("app", "the app");
  await app.connect();
});

afterAll(async () => {
  await app.end();
  await postgres.stop();
});

function clientOf(user: string, applicationName: string): Client {
  const { host, port, database } = postgres;
  const client = new Client({
    host,
    port,
    database,
    user,
    password: `hush-${user}`,
    application_name: applicationName,
  });
  client.on("error", () => {});
  return client;
}

function urlOf(user: string, database = "/postgres"): string {
  return `postgres://${user}:hush-${user}@127.0.0.1:${postgres.port}${database}`;
}

test("with pg_monitor: limits, and what each session does, our own left out", async () => {
  const beforeMs = Date.now();
  await app.query("BEGIN");
  await app.query("SELECT 'somebody''s data'");
  const live = await gather({ pgbouncers: [], postgres: urlOf("sees") });
  await app.query("COMMIT");

  expect(live.unavailable).toEqual([]);
  expect(live.postgres).toMatchObject({
    address: `127.0.0.1:${postgres.port}`,
    maxConnections: 12,
    superuserReservedConnections: 2,
    reservedConnections: 0,
    roleLimits: new Map([
      ["app", 8],
      ["blind", -1],
      ["postgres", -1],
      ["sees", -1],
    ]),
  });
  expect(live.postgres?.version).toContain(postgres.version);
  expect(live.postgres?.samples.map(({ backends }) => backends.length)).toEqual([1, 1]);
  const backend = live.postgres?.samples.at(-1)?.backends[0];
  expect(backend).toMatchObject({
    user: "app",
    database: "postgres",
    applicationName: "the app",
    clientAddress: "127.0.0.1",
    state: "idle in transaction",
    command: "SELECT",
  });
  const times = [
    // Ages are taken off a clock that shows whole milliseconds: what is reckoned may be one early.
    beforeMs - 1,
    backend?.queryStartedAtMs,
    backend?.stateChangedAtMs,
    Date.now(),
  ].map((time) => time ?? Number.NaN);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(JSON.stringify(live)).not.toContain("somebody");
});

test("without: that sessions are there, and which right is missing", async () => {
  const live = await gather({ pgbouncers: [], postgres: urlOf("blind") });

  expect(live.postgres?.samples.at(-1)?.backends).toEqual([
    {
      pid: expect.any(Number),
      user: "app",
      database: "postgres",
      applicationName: "the app",
      state: "hidden",
      command: "",
    },
  ]);
  expect(live.unavailable).toEqual([
    {
      what: `other users' sessions in Postgres 127.0.0.1:${postgres.port}`,
      why: "blind may not see what they do: only that they are there, parallel workers among them",
      next: 'as a superuser: GRANT pg_monitor TO "blind"',
    },
  ]);
});

test("a URL without a database is asked in postgres", async () => {
  expect((await gather({ pgbouncers: [], postgres: urlOf("sees", "") })).postgres).toBeDefined();
});

/** How many have a place; one that said goodbye has it until its process is gone. */
async function sessions(): Promise<number> {
  const rows = await postgres.query(
    "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  return rows.length;
}

test("a full one is distinguished from one that is not there", async () => {
  // The app alone.
  await expect.poll(sessions).toBe(1);
  const others = Array.from({ length: 9 }, () => clientOf("sees", ""));
  for (const other of others) await other.connect();
  const what = `Postgres 127.0.0.1:${postgres.port}`;
  const full = await gather({ pgbouncers: [], postgres: urlOf("sees") });
  await Promise.all(others.map((other) => other.end()));

  expect(full.postgres).toBeUndefined();
  expect(unseenOf(full, what)?.next).toMatch(/it is full: log in as a superuser/);
});

test.each([
  ["a wrong password", "app:nope-hush", "check the login and its password"],
  ["a database that is not there", "app:hush-app", "use a login and a database that exist"],
])("%s is told, and never a password", async (_, login, next) => {
  const database = next.includes("database") ? "absent" : "postgres";
  const url = `postgres://${login}@127.0.0.1:${postgres.port}/${database}`;
  const live = await gather({ pgbouncers: [], postgres: url });

  expect(unseenOf(live, `Postgres 127.0.0.1:${postgres.port}`)?.next).toBe(next);
  expect(JSON.stringify(live)).not.toContain("hush");
});

test("none given is no zero: it is said how to give one", async () => {
  const live = await gather({ pgbouncers: [] });

  expect(live).not.toHaveProperty("postgres");
  expect(unseenOf(live, "Postgres")?.next).toMatch(/^--postgres postgres:/);
});
