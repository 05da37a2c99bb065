import { afterAll, beforeAll, expect, test } from "vitest";
import { askPostgres } from "../../src/postgres/ask.ts";
import { UnavailableError } from "../../src/model/observation.ts";
import type { PostgresSnapshot } from "../../src/model/postgres.ts";
import { pollPostgres } from "../../src/observe/postgresPoller.ts";
import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import { budgetOf } from "../fleets/fleetOf.ts";
import { fastRuntime } from "../runtime/fastRuntime.ts";
import { Client } from "pg";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { podIp } from "./objects.ts";
import { makeRole, PASSWORDS, startPooler } from "./pooler.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { systemNetwork } from "../../src/observe/network.ts";

let postgres: Postgres;
let pooler: PgBouncer;
const ip = podIp();

beforeAll(async () => {
  postgres = await startPostgres({ settings: { max_connections: 60 } });
  await makeRole(postgres, 40);
  pooler = await startPooler(postgres, { ip });
});

afterAll(async () => {
  await pooler.stop();
  await postgres.stop();
});

function straight(role = "app"): Promise<PostgresSnapshot> {
  return askPostgres(
    {
      host: postgres.host,
      port: postgres.port,
      database: "app",
      login: { user: "app", password: PASSWORDS.app, ssl: false },
      role,
      direct: true,
      address: "pg:5432",
    },
    systemRuntime,
    new AbortController().signal,
  );
}

function throughPgBouncer(): Promise<PostgresSnapshot> {
  return askPostgres(
    {
      host: ip,
      port: 6432,
      database: "maintenance",
      login: { user: "maintenance", password: PASSWORDS.maintenance, ssl: false },
      role: "app",
      direct: false,
      address: "pg:5432",
    },
    systemRuntime,
    new AbortController().signal,
  );
}

test("says what Postgres allows, and of the role what is set", async () => {
  expect(await straight()).toEqual({
    address: "pg:5432",
    version: expect.stringMatching(/^1\d/),
    maxConnections: 60,
    superuserReservedConnections: 3,
    reservedConnections: 0,
    role: {
      name: "app",
      exists: true,
      superuser: false,
      connectionLimit: 40,
      clientConnectionCheckIntervalMs: 0,
      keepaliveS: 0,
    },
    backends: 0,
  });
  expect((await straight("nobody")).role).toMatchObject({ exists: false, connectionLimit: -1 });
  expect((await straight("postgres")).role.superuser).toBe(true);
});

test("a setting is that of a new session: of role and database, else of the role, else the server's", async () => {
  // The backend connection that PgBouncer keeps has what was set when it was opened.
  await postgres.query("ALTER ROLE app SET client_connection_check_interval = '2s'");
  await postgres.query("ALTER ROLE app SET tcp_keepalives_idle = '1min'");
  await postgres.query("ALTER ROLE app SET tcp_keepalives_interval = 10");
  await postgres.query("ALTER ROLE app SET tcp_keepalives_count = 3");
  expect((await throughPgBouncer()).role).toMatchObject({
    clientConnectionCheckIntervalMs: 2000,
    keepaliveS: 90,
  });
  await postgres.query("ALTER ROLE app IN DATABASE app SET client_connection_check_interval = 250");
  expect((await throughPgBouncer()).role.clientConnectionCheckIntervalMs).toBe(250);
  await postgres.query("ALTER ROLE app IN DATABASE app RESET ALL");
  await postgres.query("ALTER ROLE app RESET ALL");
  expect((await throughPgBouncer()).role).toMatchObject({
    clientConnectionCheckIntervalMs: 0,
    keepaliveS: 0,
  });
  await postgres.query("ALTER SYSTEM SET client_connection_check_interval = 700");
  await postgres.query("SELECT pg_reload_conf()");
  await expect.poll(async () => (await straight()).role.clientConnectionCheckIntervalMs).toBe(700);
});

test("the backends of the role are counted, the question itself only where a pool has it", async () => {
  const client = new Client({
    host: postgres.host,
    port: postgres.port,
    user: "app",
    password: PASSWORDS.app,
    database: "app",
  });
  await client.connect();
  // Those of earlier questions may take a moment to end.
  await expect.poll(async () => (await throughPgBouncer()).backends).toBe(2);
  await expect.poll(async () => (await straight()).backends).toBe(2);
  await client.end();
});

test("an API server that does not give the Secret hides no Postgres that lets the login in", async () => {
  const { host, port } = postgres;
  const given = budgetOf();
  const existing = { host: "old", port: 6432, processes: 1, statsSecretRef: { name: "old" } };
  const budget: ConnectionBudget = {
    ...given,
    spec: {
      ...given.spec,
      postgres: { ...given.spec.postgres, host, port, database: "app", user: "app" },
      pgbouncer: { ...given.spec.pgbouncer, existing },
    },
  };
  const login = { user: "app", password: PASSWORDS.app, secret: "Secret a/b", ssl: false as const };
  let asked = 0;
  const role = async () => {
    asked += 1;
    if (asked === 1) return login;
    throw new UnavailableError("Unreachable", "the API server does not give it");
  };
  const runtime = fastRuntime(60);
  const surroundings = { runtime, network: systemNetwork(systemRuntime), onSample: () => {} };
  const logins = { role, maintenance: role };
  const watching = pollPostgres(
    budget,
    logins,
    () => [],
    surroundings,
    () => {},
  );
  try {
    await expect.poll(() => asked).toBeGreaterThan(30);
    expect(watching.observation().state).toBe("available");
  } finally {
    await watching.stop();
  }
});
