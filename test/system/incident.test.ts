import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { MAINTENANCE_LINE, STATS_LOGIN } from "../../src/api/names.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { exampleFleet } from "./exampleFleet.ts";
import { lineStates } from "./lineState.ts";
import { logIn, openConsole } from "./logIn.ts";
import { startOrdered } from "./orderedProcess.ts";
import { fillAll, killAll, startPools, tellAll, type PoolServer } from "./poolFleet.ts";
import { WORK_LOCK, type PoolOrder, type PoolReport } from "./poolReport.ts";
import { complaints, REFUSAL } from "./refusals.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

describe("the incident: ten pools of 20 on a max_client_conn of 200", () => {
  let postgres: Postgres;
  let bouncer: PgBouncer;
  let servers: readonly PoolServer[];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { max_connections: 100 } });
    const place = await pgbouncerPlace();
    bouncer = await startPgBouncer({
      place,
      main: "pgbouncer.ini",
      files: {
        "pgbouncer.ini": `[databases]
writing = host=127.0.0.1 port=${postgres.port} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${place.port}
unix_socket_dir = ${place.socketDir}
auth_type = scram-sha-256
auth_file = ${place.userlistPath}
pool_mode = transaction
max_client_conn = 200
`,
        "userlist.txt": `"postgres" "${postgres.password}"\n`,
      },
      maxOpenFiles: 512,
    });
    servers = await Promise.all(
      exampleFleet(postgres).servers.map(async ({ metadata: { name } }) => ({
        ...(await startOrdered<PoolOrder, PoolReport>("poolServer.ts", {
          ...login(),
          DB_POOL_MAX_PER_SERVER: "20",
          DB_POOL_MIN: "5",
          DB_POOL_IDLE_TIMEOUT: "30000",
          DB_POOL_CONNECTION_TIMEOUT: "2000",
        })),
        name,
        limit: 20,
      })),
    );
  });

  afterAll(async () => {
    await killAll(servers);
    await bouncer.stop();
    await postgres.stop();
  });

  function login() {
    return {
      PGHOST: "127.0.0.1",
      PGPORT: String(bouncer.port),
      PGDATABASE: "writing",
      PGUSER: "postgres",
      PGPASSWORD: postgres.password,
    };
  }

  it("every pool gets what it wants, and the health check is refused", async () => {
    const reports = await fillAll(servers);
    expect(reports.map(({ open }) => open)).toEqual(Array.from({ length: 10 }, () => 20));

    const { PGHOST: host, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = login();
    const healthCheck = new Client({ host, port: bouncer.port, user, password, database });
    await expect(
      healthCheck.connect().catch((error: unknown) => {
        throw new Error("Database health check failed", { cause: error });
      }),
    ).rejects.toMatchObject({
      message: "Database health check failed",
      cause: { message: "no more connections allowed (max_client_conn)", code: "08P01" },
    });
    expect(await complaints(bouncer)).toContainEqual(expect.stringContaining(REFUSAL.all));
  });
});

describe("the same ten servers with weir's ini, environment and guard", () => {
  let postgres: Postgres;
  let tier: StartedTier;
  let bouncer: PgBouncer;
  let servers: readonly PoolServer[];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { max_connections: 100 } });
    const fleet = exampleFleet(postgres);
    tier = await startTier({ fleet, postgres });
    [bouncer] = tier.bouncers;
    servers = await startPools(tier, fleet);
  });

  afterAll(async () => {
    await killAll(servers);
    await tier.stop();
    await postgres.stop();
  });

  it("all pools are full at once, at the peak of all rollouts", async () => {
    expect(servers).toHaveLength(20);
    const reports = await fillAll(servers);

    expect(reports.map(({ open }) => open)).toEqual(servers.map(({ limit }) => limit));
    const states = await lineStates(bouncer);
    expect(states).toMatchObject(
      Object.fromEntries(
        tier.plan.servers.map(({ name, grant }) => [name, { clients: grant, clientsMax: grant }]),
      ),
    );
  });

  it("while all work and every slot is taken, health check, migration and console get in", async () => {
    const lock = new Client({
      host: postgres.socketDir,
      port: postgres.port,
      user: postgres.user,
      database: tier.budget.spec.postgres.database,
    });
    await lock.connect();
    await lock.query(`SELECT pg_advisory_lock(${WORK_LOCK})`);
    const worked = tellAll(servers, "work");
    await expect
      .poll(() => lineStates(bouncer))
      .toMatchObject(
        Object.fromEntries(
          tier.plan.servers.map(({ name, slots, grant }) => [
            name,
            { busySlots: slots, waiting: grant - slots },
          ]),
        ),
      );

    const healthCheck = await logIn(tier, { user: MAINTENANCE_LINE });
    expect((await healthCheck.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);

    const migration = await logIn(tier, { user: MAINTENANCE_LINE });
    await migration.query("BEGIN");
    await migration.query("SELECT pg_advisory_xact_lock(20260101)");
    await migration.query("CREATE TABLE book (id bigint PRIMARY KEY)");
    await migration.query("COMMIT");

    const admin = await openConsole(bouncer);
    expect((await admin.query("SHOW VERSION")).rows).toHaveLength(1);
    const stats = await logIn(tier, { user: STATS_LOGIN, database: "pgbouncer" });
    expect((await stats.query("SHOW LISTS")).rows).toContainEqual({
      list: "used_clients",
      // Of two agents' and people's consoles both are open, and two of maintenance's four.
      items: tier.plan.clients.granted + 2 + 2,
    });

    const [backends] = await postgres.query(
      "SELECT count(*)::int AS open FROM pg_stat_activity WHERE usename = 'writing'",
    );
    expect(backends?.["open"]).toBeGreaterThan(tier.plan.slots.granted);
    expect(backends?.["open"]).toBeLessThanOrEqual(tier.plan.slots.perProcess);

    await lock.end();
    const reports = await worked;
    expect(reports.map(({ queries }) => queries)).toEqual(servers.map(({ limit }) => limit));
    await Promise.all([healthCheck, migration, admin, stats].map((client) => client.end()));
  });

  it("every pool was at its maximum, nobody was refused, and PgBouncer complained of nothing", async () => {
    const reports = await tellAll(servers, "report");
    expect(reports).toEqual(
      servers.map(({ limit }) => ({
        open: limit,
        highWater: limit,
        logins: limit,
        late: expect.any(Number),
        refusals: {},
        queries: limit,
        losses: [],
      })),
    );
    expect(await complaints(bouncer)).toEqual([]);
  });
});
