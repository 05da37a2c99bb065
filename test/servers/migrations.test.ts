import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations, readMigrations } from "../../examples/writing-servers/migrations.ts";
import { MAINTENANCE_LINE } from "../../src/api/names.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { startProxy } from "../pool/proxy.ts";
import { exampleFleet } from "../system/exampleFleet.ts";
import { logIn } from "../system/logIn.ts";
import { startTier, type StartedTier } from "../system/weirTier.ts";
import { migrate } from "./studio.ts";

let postgres: Postgres;
let tier: StartedTier;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
  tier = await startTier({ fleet: exampleFleet(postgres), postgres });
  folder = await mkdtemp(join(tmpdir(), "weir-migrations-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await tier.stop();
  await postgres.stop();
});

/** Works with a client of the maintenance line. */
async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await logIn(tier, { user: MAINTENANCE_LINE });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function apply(): Promise<readonly string[]> {
  return withClient(async (client) => applyMigrations(client, await readMigrations(folder)));
}

async function tables(): Promise<string[]> {
  return withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname LIKE 'made_%' ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  });
}

describe("the migrations of the example", () => {
  it("are applied once, by any number of Jobs at the same time, and again", async () => {
    // As many as the maintenance line lets in.
    const runs = await Promise.all(Array.from({ length: 4 }, () => migrate(tier)));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const applied = runs.flatMap(({ log }) => [...log.matchAll(/"applied":\["/g)]);
    expect(applied).toHaveLength(1);
    const again = await migrate(tier);
    expect(again).toMatchObject({ code: 0, log: expect.stringContaining('"applied":[]') });
  });

  it("belong to the role that the servers have", async () => {
    expect(
      await withClient(async (client) => {
        const { rows } = await client.query(
          "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'public'",
        );
        return rows;
      }),
    ).toEqual([{ owner: "writing" }]);
  });

  it("hold no lock when they are done", async () => {
    expect(await postgres.query("SELECT * FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
  });
});

describe("a run whose connection is lost", () => {
  it("says so in its log, and fails", async () => {
    const { socketDir: host, port, user } = postgres;
    const database = tier.budget.spec.postgres.database;
    const lock = new Client({ host, port, user, database });
    await lock.connect();
    await lock.query("BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE");
    const proxy = await startProxy(tier.bouncers[0].port);
    const run = migrate(tier, proxy.port);
    await expect
      .poll(() => lock.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
      .toMatchObject({ rows: [{}] });
    await proxy.stop();
    const { code, log } = await run;
    await lock.end();
    expect(code).toBe(1);
    expect(log).toContain("The migrations failed: Connection terminated unexpectedly");
    expect(log.trim().split("\n")).toHaveLength(1);
  });
});

describe("a migration", () => {
  it("is applied after those before it, all or none", async () => {
    await writeFile(join(folder, "101-a.sql"), "CREATE TABLE made_a (id int);");
    await writeFile(join(folder, "102-b.sql"), "CREATE TABLE made_b (id int); SELECT 1 / 0;");
    await expect(apply()).rejects.toThrow("migrations/102-b.sql: division by zero");
    expect(await tables()).toEqual([]);

    await writeFile(join(folder, "102-b.sql"), "ALTER TABLE made_a ADD name text;");
    expect(await apply()).toEqual(["101-a.sql", "102-b.sql"]);
    await writeFile(join(folder, "103-c.sql"), "CREATE TABLE made_c (id int);");
    expect(await apply()).toEqual(["103-c.sql"]);
    expect(await tables()).toEqual(["made_a", "made_c"]);
  });

  it("that was changed after it was applied is refused by name", async () => {
    await writeFile(join(folder, "101-a.sql"), "CREATE TABLE made_a (id bigint);");
    await expect(apply()).rejects.toThrow(
      "migrations/101-a.sql: was changed after it was applied; add a new file instead",
    );
  });
});
