import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { budgetOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { guardSql } from "../../src/budget/guard.ts";

let postgres: Postgres;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(async () => {
  await postgres.stop();
});

function guard(role: string, connections: number): string {
  return guardSql(budgetOf({ postgres: { user: role } }), connections);
}

async function roleNamed(name: string): Promise<Record<string, unknown> | undefined> {
  const roles = await postgres.query(
    "SELECT rolname, rolcanlogin, rolconnlimit, rolconfig FROM pg_roles",
  );
  return roles.find(({ rolname }) => rolname === name);
}

const SETTINGS = [
  "client_connection_check_interval=500ms",
  "tcp_keepalives_idle=30",
  "tcp_keepalives_interval=10",
  "tcp_keepalives_count=3",
];

describe("in a real Postgres", () => {
  test.each([
    "writing",
    "Upper Case",
    'a"quote',
    "it's",
    String.raw`back\slash\'`,
    "; DROP TABLE secrets; --",
    "50%",
    "$weir$",
    "$$",
    "$1",
    "-- comment",
    "/* open",
    "select",
    "größe",
  ])("role %j is made with its limit and settings", async (role) => {
    await postgres.query(guard(role, 97));

    expect(await roleNamed(role)).toEqual({
      rolname: role,
      rolcanlogin: true,
      rolconnlimit: 97,
      rolconfig: SETTINGS,
    });
  });

  test("it runs again, with another limit", async () => {
    await postgres.query(guard("again", 97));
    await postgres.query(guard("again", 97));
    await postgres.query(guard("again", 48));

    expect(await roleNamed("again")).toMatchObject({ rolconnlimit: 48, rolconfig: SETTINGS });
  });

  test("it keeps the password of a role that is there", async () => {
    await postgres.query("CREATE ROLE older LOGIN PASSWORD 'kept'");
    await postgres.query(guard("older", 3));

    const client = clientOf("older", "kept");
    await expect(client.connect()).resolves.toBe(client);
    await client.end();
  });

  test("Postgres refuses the connection after the last, and ends what nobody waits for", async () => {
    await postgres.query(`${guard("held", 2)}ALTER ROLE held PASSWORD 'pw'`);
    const clients = [clientOf("held", "pw"), clientOf("held", "pw")];
    for (const client of clients) await client.connect();

    const third = clientOf("held", "pw");
    await expect(third.connect()).rejects.toThrow('too many connections for role "held"');
    await third.end();
    const settings = await clients[0]?.query(
      "SELECT current_setting('client_connection_check_interval') AS interval",
    );
    expect(settings?.rows).toEqual([{ interval: "500ms" }]);

    for (const client of clients) await client.end();
  });

  test("a superuser, whom no limit holds, is refused and left alone", async () => {
    await postgres.query('CREATE ROLE "Su%per" SUPERUSER');

    await expect(postgres.query(guard("Su%per", 97))).rejects.toThrow(
      "role Su%per is a superuser, which no CONNECTION LIMIT holds: give the budget a role of its own",
    );
    expect(await roleNamed("Su%per")).toMatchObject({ rolconnlimit: -1, rolconfig: null });
  });

  test("a client that goes on after an error, as psql does, changes nothing of a superuser", async () => {
    await postgres.query("CREATE ROLE boss SUPERUSER");
    const client = clientOf(postgres.user, postgres.password);
    await client.connect();
    const errors: string[] = [];
    for (const statement of statementsOf(guard("boss", 97))) {
      await client.query(statement).catch((error: unknown) => errors.push(String(error)));
    }
    await client.end();

    expect(errors[0]).toContain("boss is a superuser");
    expect(errors.length).toBeGreaterThan(1);
    expect(await roleNamed("boss")).toMatchObject({ rolconnlimit: -1, rolconfig: null });
  });
});

test("it says what it is for, and holds no password", () => {
  const sql = guard("writing", 97);

  expect(sql).toMatch(
    /^-- ConnectionBudget writing\/writing: at most 97 connections in Postgres\.$/m,
  );
  expect(sql).not.toMatch(/password/i);
});

function clientOf(user: string, password: string): Client {
  const { host, port } = postgres;
  return new Client({ host, port, database: "postgres", user, password });
}

/** The statements one by one; only that of DO has semicolons in it. */
function statementsOf(sql: string): string[] {
  return sql.replaceAll(/^--.*\n/gm, "").match(/\s*DO \$weir\$[\s\S]*?\n\$weir\$;|[^;]+;/g) ?? [];
}
