import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { Client } from "pg";

import { oldPgBouncer } from "../parts/pgbouncer118.ts";
import { consoleQuery, findPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { lineStates } from "../system/lineState.ts";
import { appClient, consoleUrl, PASSWORDS, startForeignPgBouncer } from "./foreignPgBouncer.ts";
import { kindsOf, lookAt, symptomsSaidIn } from "./looking.ts";

/** A system that fails for a reason which is none of the causes: it is not called well. */
let postgres: Postgres;
let bouncer: PgBouncer;
let clients: Client[] = [];

/** Two of six clients can be at work. */
const SLOTS = 2;
const CLIENTS = 6;
/** What Postgres lets in, and what it keeps for superusers. */
const POSTGRES_CLIENTS = 9;
const RESERVED = 3;
/** PgBouncer tells times in seconds. */
const SECOND_MS = 1_100;
/** Whoever waits at every moment does so for long. */
const thresholds = { waitedMs: 1 };

beforeAll(async () => {
  postgres = await startPostgres({ settings: { max_connections: POSTGRES_CLIENTS + RESERVED } });
  await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
});

afterAll(async () => {
  await postgres.stop();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  clients = [];
  await bouncer.stop();
});

async function startBouncer(program = findPgBouncer): Promise<void> {
  bouncer = await startForeignPgBouncer({ postgres, poolSize: SLOTS, program: await program() });
  for (let index = 0; index < CLIENTS; index++) clients.push(await appClient(bouncer));
  // Each has been served once.
  for (const client of clients) await client.query("SELECT 1");
}

function ask(sql: string): void {
  for (const client of clients) void client.query(sql).catch(() => {});
}

async function untilWaiting(waiting: number): Promise<void> {
  await expect.poll(() => lineStates(bouncer)).toMatchObject({ app: { waiting } });
}

it("a queue before backend connections that all work is no cause, but not well", async () => {
  await startBouncer();
  expect(symptomsSaidIn(await look())).toEqual([]);
  ask("SELECT pg_sleep(60)");
  await untilWaiting(CLIENTS - SLOTS);
  const diagnosis = await look();

  expect(kindsOf(diagnosis)).toEqual([]);
  expect(symptomsSaidIn(diagnosis)).toEqual([
    expect.stringMatching(/^4 clients wait .* all its 2 are taken all the time/),
  ]);
});

it.each([
  ["the newest", findPgBouncer],
  ["1.18", oldPgBouncer],
])("nor is a PgBouncer, %s, whose Postgres does not answer", async (_, program) => {
  await startBouncer(program);
  await postgres.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'",
  );
  await expect.poll(() => consoleQuery(bouncer.place, "SHOW SERVERS")).toEqual([]);
  postgres.kill("SIGSTOP");
  try {
    ask("SELECT 1");
    await untilWaiting(CLIENTS);
    const pgbouncer = consoleUrl(bouncer, "eye");
    const diagnosis = await lookAt({ pgbouncer, windowMs: 700, thresholds });

    expect(kindsOf(diagnosis)).toEqual([]);
    expect(symptomsSaidIn(diagnosis)).toEqual([
      expect.stringMatching(/^6 clients wait .* it has none: Postgres at .* does not answer$/),
    ]);
  } finally {
    postgres.kill("SIGCONT");
  }
});

it.each([
  ["the newest", findPgBouncer],
  ["1.18", oldPgBouncer],
])("nor is a PgBouncer, %s, that has never reached its Postgres", async (_, program) => {
  postgres.kill("SIGSTOP");
  bouncer = await startForeignPgBouncer({ postgres, program: await program() });
  try {
    const login = appClient(bouncer).then(
      (client) => clients.push(client),
      () => {},
    );
    await untilWaiting(1);
    await sleep(SECOND_MS);
    const pgbouncer = consoleUrl(bouncer, "eye");
    const diagnosis = await lookAt({ pgbouncer, windowMs: 700, thresholds });
    postgres.kill("SIGCONT");
    await login;

    expect(kindsOf(diagnosis)).toEqual([]);
    expect(symptomsSaidIn(diagnosis)).toEqual([
      expect.stringMatching(/^1 client waits .*has none/),
    ]);
  } finally {
    postgres.kill("SIGCONT");
  }
});

it("nor is a Postgres that others fill", async () => {
  await startBouncer();
  // None of an earlier PgBouncer, which would be gone in a moment.
  const own = (await consoleQuery(bouncer.place, "SHOW SERVERS")).length;
  await expect.poll(sessionsOfApp).toBe(own);
  const free = POSTGRES_CLIENTS - own;
  for (let other = 0; other < free; other++) {
    clients.push(await appClient(postgres, "", "postgres"));
  }
  const diagnosis = await look();

  expect(kindsOf(diagnosis)).toEqual([]);
  expect(symptomsSaidIn(diagnosis)).toEqual([
    expect.stringMatching(/^Postgres .* is full \(9 of 9 connections/),
  ]);
});

async function sessionsOfApp(): Promise<number> {
  return (await postgres.query("SELECT 1 FROM pg_stat_activity WHERE usename = 'app'")).length;
}

function look() {
  return lookAt({ pgbouncer: consoleUrl(bouncer, "eye"), postgres, windowMs: 700, thresholds });
}
