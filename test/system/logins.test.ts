import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";

import {
  CONSOLE_ADMIN,
  CONSOLE_DATABASE,
  MAINTENANCE_LINE,
  STATS_LOGIN,
} from "../../src/api/names.ts";
import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { logIn, openConsole, type LoginWish } from "./logIn.ts";
import { startOrdered } from "./orderedProcess.ts";
import type { PoolOrder, PoolReport } from "./poolReport.ts";
import { serverEnvironment } from "./serverEnvironment.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

/** Everything that an ini, an hba file, SQL or a URL may take for something else. */
const ROLE = String.raw`it's "me" \ you=1 ;#%`;
const DATABASE = String.raw`o'neill's "data" \ base=1 ;#%`;

/** Of each login, and of the role in Postgres. */
const PASSWORDS: Readonly<Record<string, string>> = {
  author: String.raw`a@b/c:d%e'f"g h`,
  scene: String.raw` "" '' \\ %41 $HOME #;= `,
  [MAINTENANCE_LINE]: "пароль @/:%'\" ☃",
  [STATS_LOGIN]: String.raw`"`,
  [ROLE]: String.raw`@/:%'"  \ro"le`,
};

let postgres: Postgres;
let tier: StartedTier;

beforeAll(async () => {
  postgres = await startPostgres({ settings: { max_connections: 50 } });
  const { host, port } = postgres;
  tier = await startTier({
    postgres,
    passwords: PASSWORDS,
    fleet: {
      budgets: [
        budgetOf({
          postgres: { host, port, database: DATABASE, user: ROLE, maxConnections: 50 },
          pgbouncer: { replicas: 1 },
        }),
      ],
      servers: [serverOf("author"), serverOf("scene")],
    },
  });
});

afterAll(async () => {
  await tier.stop();
  await postgres.stop();
});

describe("passwords with @ / : % ' \" \\ and spaces, a role and a database with worse names", () => {
  test.each(["author", "scene", MAINTENANCE_LINE])("%s gets in, to its own line", async (user) => {
    const client = await logIn(tier, { user });
    const { rows } = await client.query(
      "SELECT current_user AS role, current_database() AS database",
    );
    await client.end();

    expect(rows).toEqual([{ role: ROLE, database: DATABASE }]);
  });

  test.each(["author", "scene", MAINTENANCE_LINE, STATS_LOGIN])(
    "%s does not get in with a password that is almost right",
    async (user) => {
      const database = user === STATS_LOGIN ? CONSOLE_DATABASE : user;
      const password = `${tier.passwordOf(user)} `;
      expect(await answerTo({ user, database, password })).toBe("SASL authentication failed");
    },
  );

  it.each(["author", "scene"])(
    "a process of %s gets in with its environment alone",
    async (name) => {
      const plan = tier.plan.servers.find((server) => server.name === name);
      if (plan === undefined) throw new Error(`no server ${name}`);
      const server = await startOrdered<PoolOrder, PoolReport>(
        "poolServer.ts",
        serverEnvironment(tier, serverOf(name), plan),
      );
      const { open, refusals } = await server.tell("fill");
      await server.kill();

      expect({ open, refusals }).toEqual({ open: plan.limit, refusals: {} });
    },
  );
});

describe("a line is for its own login alone", () => {
  test.each([
    ["another server", { user: "author", database: "scene" }],
    [
      "another server, with the password of the line's own",
      { user: "author", database: "scene", password: PASSWORDS["scene"] ?? "" },
    ],
    ["a server, on the maintenance line", { user: "author", database: MAINTENANCE_LINE }],
    ["maintenance, on a server's line", { user: MAINTENANCE_LINE, database: "author" }],
    ["the role of Postgres, on a line", { user: ROLE, database: "author" }],
    ["the role of Postgres, on its database", { user: ROLE, database: DATABASE }],
    ["the stats login, on a line", { user: STATS_LOGIN, database: "author" }],
    ["a login that is not there", { user: "nobody", database: "author", password: "x" }],
    ["a database that is not there", { user: "author", database: "postgres" }],
  ])("%s is refused", async (_, wish) => {
    expect(await answerTo(wish)).toBe("no authentication method is found");
  });
});

describe("the console", () => {
  it("shows the stats login everything, and lets it change nothing", async () => {
    const client = await logIn(tier, { user: STATS_LOGIN, database: CONSOLE_DATABASE });
    expect((await client.query("SHOW DATABASES")).rows).toHaveLength(4);
    expect((await client.query("SHOW CONFIG")).rows.length).toBeGreaterThan(50);
    await client.end();
    for (const change of [
      "RELOAD",
      "SET max_client_conn = 1000",
      "DISABLE author",
      "PAUSE",
      "KILL author",
      "SHUTDOWN",
    ]) {
      const stats = await logIn(tier, { user: STATS_LOGIN, database: CONSOLE_DATABASE });
      await expect(stats.query(change)).rejects.toThrow(/^admin access needed$/);
      await stats.end();
    }
  });

  it("has no admin over TCP, and no server gets into it", async () => {
    const admin = { user: CONSOLE_ADMIN, database: CONSOLE_DATABASE, password: "" };
    expect(await answerTo(admin)).toBe("no authentication method is found");
    for (const user of ["author", MAINTENANCE_LINE, ROLE]) {
      expect(await answerTo({ user, database: CONSOLE_DATABASE })).toBe("not allowed");
    }
  });

  it("has its admin on the unix socket, as PgBouncer's own user", async () => {
    const admin = await openConsole(tier.bouncers[0]);
    await expect(admin.query("RELOAD")).resolves.toMatchObject({ command: "RELOAD" });
    await admin.end();
  });

  it("has nobody else on the unix socket", async () => {
    const [{ place, port }] = tier.bouncers;
    const client = new Client({
      host: place.socketDir,
      port,
      user: "author",
      database: "author",
      password: tier.passwordOf("author"),
    });
    await expect(client.connect()).rejects.toThrow("no authentication method is found");
    await client.end();
  });
});

it("listens on the port that it was given, on its socket, and nowhere else", () => {
  const [{ port, place, log }] = tier.bouncers;
  expect([...log().matchAll(/listening on (.*)/g)].map(([, where]) => where)).toEqual([
    `127.0.0.1:${port}`,
    `unix:${place.socketDir}/.s.PGSQL.${port}`,
  ]);
});

/** What a login is answered: `in`, or the refusal. */
async function answerTo(wish: LoginWish): Promise<string> {
  try {
    const client = await logIn(tier, wish);
    await client.end();
    return "in";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
