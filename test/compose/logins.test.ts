import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";

import { readFleet } from "../../src/fleet/readFleet.ts";
import { guardSql } from "../../src/budget/guard.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import { nastyPassword } from "../credentials/nastyPassword.ts";
import { weir } from "../fleets/fakeShell.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { startScript } from "../parts/script.ts";
import { readCompose, type ComposeFile } from "./written.ts";

/**
 * The example's folder, run: its ini and userlist by a real PgBouncer before a real Postgres, its
 * services' environment and secrets by node-postgres. Paths, addresses and ports are those of this
 * machine; all else is as it was written.
 */

let postgres: Postgres;
let dir: string;
let file: ComposeFile;
const bouncers: PgBouncer[] = [];

const BROUGHT = ["author", "book-planning", "chapter-planning", "review", "scene"];

beforeAll(async () => {
  postgres = await startPostgres();
  dir = join(await scratchDir("compose"), "out");
  const example = readFileSync("examples/writing-servers/fleet.yaml", "utf8").replace(
    "host: writing-postgres",
    `host: 127.0.0.1\n    port: ${postgres.port}`,
  );
  bringPasswords();
  const written = await weir(["compose", "fleet.yaml", "--out", dir], {
    files: { "fleet.yaml": example },
  });
  if (written.exitCode !== 0) throw new Error(written.err);
  file = readCompose(read("compose.yaml"));
  await prepare(example);
  const [config = ""] = readdirSync(join(dir, "config"));
  for (const ordinal of [0, 1]) bouncers.push(await startFrom(`config/${config}`, ordinal));
});

afterAll(async () => {
  await Promise.all(bouncers.map((bouncer) => bouncer.stop()));
  await postgres.stop();
});

function read(path: string): string {
  return readFileSync(join(dir, path), "utf8");
}

/** Passwords that people have for half of the servers; the others get what weir makes. */
function bringPasswords(): void {
  const passwords = fc.sample(nastyPassword, { numRuns: BROUGHT.length, seed: 7 });
  for (const [index, name] of BROUGHT.entries()) {
    const folder = join(dir, `secrets/writing/${name}-db`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "password"), passwords[index] ?? "", { mode: 0o600 });
  }
}

/** What a database administrator does, with the password that the folder has for the role. */
async function prepare(example: string): Promise<void> {
  const fleet = readFleet([{ name: "fleet.yaml", text: example }]);
  if (!fleet.ok) throw new Error("the example is no fleet");
  const [budget] = fleet.fleet.budgets;
  const [plan] = planFleet(fleet.fleet).budgets;
  if (budget === undefined || plan === undefined) throw new Error("the example has no budget");
  await postgres.query(guardSql(budget, plan.slots.postgres));
  const password = read("secrets/writing/writing-postgres/password");
  await postgres.query(`ALTER ROLE writing PASSWORD '${password}'`);
  await postgres.query("CREATE DATABASE writing OWNER writing");
}

async function startFrom(config: string, ordinal: number): Promise<PgBouncer> {
  const place = await pgbouncerPlace();
  const own = `writing-pgbouncer-${ordinal}.ini`;
  const here = (ini: string) =>
    ini
      .replaceAll("/etc/pgbouncer-auth/", `${place.dir}/`)
      .replaceAll("/etc/pgbouncer/", `${place.dir}/`)
      .replace("unix_socket_dir = /var/run/pgbouncer", `unix_socket_dir = ${place.socketDir}`)
      .replace("listen_addr = *", "listen_addr = 127.0.0.1")
      .replace("listen_port = 6432", `listen_port = ${place.port}`);
  const common = here(read(`${config}/common.ini`));
  return startPgBouncer({
    place,
    main: own,
    files: {
      [own]: here(read(`${config}/${own}`)),
      "common.ini": common,
      "hba.conf": read(`${config}/hba.conf`),
      "userlist.txt": read("secrets/writing/writing-pgbouncer-auth/userlist.txt"),
    },
  });
}

type ServiceVariables = Readonly<Record<string, string>>;

/**
 * What node-postgres gets, in a process with this environment, from a PgBouncer that stands for
 * the one alias of all.
 */
async function ask(
  environment: ServiceVariables,
  sql: string,
  bouncer: PgBouncer,
): Promise<string> {
  const script = startScript(
    `
    import { Socket } from "node:net";
    import pg from "pg";
    // In place of Docker's DNS.
    const connect = Socket.prototype.connect;
    Socket.prototype.connect = function (port, host) {
      if (\`\${host}:\${port}\` !== "writing-pgbouncer.writing.svc:6432") throw new Error(host);
      return connect.call(this, ${bouncer.port}, "127.0.0.1");
    };
    const client = new pg.Client();
    try {
      await client.connect();
      const { rows } = await client.query(${JSON.stringify(sql)});
      console.log(JSON.stringify(rows[0]));
      await client.end();
    } catch (error) {
      console.log(error.message);
    }
    `,
    { ...environment, NODE_NO_WARNINGS: "1" },
  );
  const [said] = await Promise.all([text(script.stdout), once(script, "exit")]);
  return said.trim();
}

/** A service's environment, with its secret where it lies on this machine. */
function environmentOf(name: string): ServiceVariables {
  const service = file.services[name];
  const passFile = service?.environment?.["PGPASSFILE"];
  const secret = service?.secrets?.find(({ target }) => `/run/secrets/${target}` === passFile);
  const path = file.secrets[secret?.source ?? ""]?.file;
  if (path === undefined) throw new Error(`${name} has no pgpass file`);
  return { ...service?.environment, PGPASSFILE: join(dir, path) };
}

const WHO = "SELECT current_user AS role, current_database() AS database";

it("every server logs in with its secret, to any PgBouncer", async () => {
  const servers = Object.keys(file.services).filter((name) => !name.startsWith("writing-pgb"));
  expect(servers).toHaveLength(10);
  for (const [index, name] of servers.entries()) {
    const bouncer = bouncers[index % bouncers.length];
    if (bouncer === undefined) throw new Error("no PgBouncer runs");
    expect([name, await ask(environmentOf(name), WHO, bouncer)]).toEqual([
      name,
      '{"role":"writing","database":"writing"}',
    ]);
  }
});

it("none gets to another's line, nor with another's name", async () => {
  const [bouncer] = bouncers;
  if (bouncer === undefined) throw new Error("no PgBouncer runs");
  const scene = environmentOf("scene");
  // Its pgpass file names its own line alone: so the password is handed over.
  const password = read("secrets/writing/scene-db/password");
  const others = { ...scene, PGDATABASE: "review", PGPASSWORD: password };
  expect(await ask(others, WHO, bouncer)).toMatch(/no authentication method is found/);
  const asReview = { ...others, PGUSER: "review" };
  expect(await ask(asReview, WHO, bouncer)).toMatch(/SASL authentication failed/);
});

it.each([
  ["maintenance", WHO, '{"role":"writing","database":"writing"}'],
  ["stats", "SHOW VERSION", '{"version":"PgBouncer '],
])("people log in with the pgpass file for %s", async (name, sql, answer) => {
  const [bouncer] = bouncers;
  if (bouncer === undefined) throw new Error("no PgBouncer runs");
  const PGPASSFILE = join(dir, `secrets/writing/writing-${name}/pgpass`);
  const [host = "", port = "", database = "", user = ""] = readFileSync(PGPASSFILE, "utf8").split(
    ":",
  );
  const environment = {
    PGHOST: host,
    PGPORT: port,
    PGDATABASE: database,
    PGUSER: user,
    PGPASSFILE,
  };
  expect(await ask(environment, sql, bouncer)).toContain(answer);
});

it("a PgBouncer that listens is healthy, and one that does not is not", async () => {
  const bouncer = await startFrom(`config/${readdirSync(join(dir, "config"))[0]}`, 0);
  const { test: probe } = Object(file.services["writing-pgbouncer-0"]?.["healthcheck"]);
  const [, ...words]: string[] = probe;
  const port = bouncer.port.toString(16).toUpperCase();
  const here = words.map((word) => word.replaceAll("$$", "$").replace(":1920", `:${port}`));
  const healthy = async () => {
    const [command = "", ...args] = here;
    const [code] = await once(spawn(command, args, { stdio: "ignore" }), "exit");
    return code;
  };
  expect(here.at(-1)).toContain(`:${port}`);
  expect(await healthy()).toBe(0);
  await bouncer.stop();
  expect(await healthy()).toBe(1);
});
