import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { weir as weirHere } from "../fleets/fakeShell.ts";
import { consoleQuery, type PgBouncer } from "../parts/pgbouncer.ts";
import { oldPgBouncer } from "../parts/pgbouncer118.ts";
import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { runToEnd, type EndedProcess } from "../../tools/processes/runToEnd.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { appClient, consoleUrl, PASSWORDS, startForeignPgBouncer } from "./foreignPgBouncer.ts";

const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
const MAX_CLIENTS = 12;

let postgres: Postgres;
let bouncer: PgBouncer;
let clients: Client[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ superuserPassword: "hush-super" });
  await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
  bouncer = await startForeignPgBouncer({ postgres, settings: { max_client_conn: MAX_CLIENTS } });
});

afterAll(async () => {
  await bouncer.stop();
  await postgres.stop();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  clients = [];
});

async function connect(count: number, to = bouncer): Promise<void> {
  for (let index = 0; index < count; index++) {
    const client = await appClient(to, "planner");
    await client.query("SELECT 1");
    clients.push(client);
  }
}

/** weir as users run it, without what this machine's user has configured. */
async function weir(
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<EndedProcess> {
  const { code, stdout, stderr } = await runToEnd(
    process.execPath,
    [WEIR, "diagnose", "--for", "1", ...words],
    { env: { PATH: process.env["PATH"], HOME: "/absent", ...env } },
  );
  // What is asked with a password never prints one, whatever happens.
  expect(stdout + stderr).not.toContain("hush");
  // A busy machine may be slow to answer, and weir says so.
  return { code, stdout, stderr: stderr.replaceAll(/^weir diagnose: waits for .*\n/gm, "") };
}

function postgresUrl(): string {
  return `postgres://${postgres.user}:hush-super@127.0.0.1:${postgres.port}/postgres`;
}

test("nothing wrong is 0: who holds what, and what could not be seen", async () => {
  await connect(3);
  const words = ["--pgbouncer", consoleUrl(bouncer, "eye"), "--postgres", postgresUrl()];
  const { code, stdout, stderr } = await weir(words);

  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^✓ Nothing is wrong as far as weir could see/);
  expect(stdout).toContain(`PgBouncer 127.0.0.1:${bouncer.port} (${bouncer.version})`);
  expect(stdout).toContain("Who holds its client connections: 4 of 12 are used");
  expect(stdout).toMatch(/^ {2}app +3 +0 +0 {2}application planner, 127\.0\.0\.1$/m);
  expect(stdout).toContain(`Postgres 127.0.0.1:${postgres.port} (${postgres.version})`);
  expect(stdout).toMatch(/^Not available$/m);
});

describe.each([
  ["the newest", undefined],
  ["1.18", oldPgBouncer],
])("a full PgBouncer, %s,", (_, program) => {
  test("is 3, with the cause first, and how it got in", async () => {
    const full =
      program === undefined
        ? bouncer
        : await startForeignPgBouncer({
            postgres,
            program: await program(),
            settings: { max_client_conn: MAX_CLIENTS },
          });
    await connect(MAX_CLIENTS, full);
    const { code, stdout, stderr } = await weir(["--pgbouncer", consoleUrl(full, "eye")]);
    if (full !== bouncer) await full.stop();

    expect([code, stderr]).toEqual([3, "weir diagnose: found SaturatedWhileIdle\n"]);
    expect(stdout).toMatch(/^✗ SaturatedWhileIdle: /);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "PgBouncer is full; a console is let in all the same, and takes 1 of 12",
    );
  });
});

test("JSON is the diagnosis", async () => {
  await connect(2);
  const words = ["--pgbouncer", consoleUrl(bouncer, "boss"), "--output", "json"];
  const { code, stdout } = await weir(words);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    causes: [],
    poolers: [
      {
        address: `127.0.0.1:${bouncer.port}`,
        maxClientConn: MAX_CLIENTS,
        used: 3,
        holders: [{ line: "app", user: "app", application: "planner", clients: 2 }],
      },
    ],
  });
});

test("a line that is paused is 4: something is wrong, and it is no cause that weir proves", async () => {
  await consoleQuery(bouncer.place, "PAUSE app");
  const { code, stdout, stderr } = await weir(["--pgbouncer", consoleUrl(bouncer, "eye")]);
  await consoleQuery(bouncer.place, "RESUME app");

  expect([code, stderr]).toEqual([
    4,
    "weir diagnose: No cause is proved, but it can't be said that all is well\n",
  ]);
  expect(stdout).toMatch(/^! Not well: line app of PgBouncer .* is paused/m);
  expect(stdout).toMatch(/^ {2}app .* paused$/m);
});

function urlOfEye(): string {
  return `postgres://eye@127.0.0.1:${bouncer.port}/pgbouncer`;
}

describe("a password that is not in the URL", () => {
  test("is that of PGPASSWORD", async () => {
    const { code } = await weir(["--pgbouncer", urlOfEye()], { PGPASSWORD: PASSWORDS.eye });
    expect(code).toBe(0);
  });

  test("else that of .pgpass", async () => {
    const path = join(await scratchDir("pgpass"), "pgpass");
    await writeFile(path, `127.0.0.1:${bouncer.port}:pgbouncer:eye:${PASSWORDS.eye}\n`);
    await chmod(path, 0o600);

    const { code, stderr } = await weir(["--pgbouncer", urlOfEye()], { PGPASSFILE: path });
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("else it is asked for, and there is none", async () => {
    const { code, stdout, stderr } = await weir(["--pgbouncer", urlOfEye()]);

    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/put it into PGPASSWORD or \.pgpass/);
  });
});

test("no PgBouncer that could be asked is 1, and says why and what to do", async () => {
  const words = ["--pgbouncer", consoleUrl(bouncer, "eye", "hush-wrong")];
  const table = await weir([...words, "--postgres", postgresUrl()]);
  const json = await weir([...words, "--output", "json"]);

  expect([table.code, table.stdout]).toEqual([1, ""]);
  expect(table.stderr).toMatch(/^weir diagnose: no PgBouncer could be asked\n\? PgBouncer 127/);
  expect(table.stderr).toContain("authentication failed");
  expect([json.code, json.stderr]).toEqual([1, "weir diagnose: no PgBouncer could be asked\n"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    poolers: [],
    unavailable: [{}, { what: "Postgres" }],
  });
});

test("one of two that could be asked is reported, and that nothing can be said of the other is 4", async () => {
  const words = [consoleUrl(bouncer, "eye"), "postgres://eye:hush@127.0.0.1:1/pgbouncer"];
  const { code, stdout, stderr } = await weir(words.flatMap((url) => ["--pgbouncer", url]));

  expect(code).toBe(4);
  expect(stderr).toContain("it could not ask PgBouncer 127.0.0.1:1");
  expect(stdout).toMatch(/^\? weir can't know whether something is wrong/);
  expect(stdout).toContain("? PgBouncer 127.0.0.1:1: nothing listens there");
});

test.each([
  [[], "no PgBouncer: give --pgbouncer postgres://LOGIN@HOST:6432/pgbouncer"],
  [["--pgbouncer", "10.0.0.7:6432"], "--pgbouncer: must be a URL"],
  [["--pgbouncer", "postgres://eye:hush@pg/app"], "the database must be pgbouncer"],
  [["--pgbouncer", "postgres://eye@pg", "--postgres", "hush"], "--postgres: must be a URL"],
  [["--for", "0"], "must be seconds, from 1 to 300"],
  [["--namespace", "a", "--all-namespaces"], "cannot be used with"],
  [["--pgbouncer", "postgres://e@127.0.0.1:1", "--compose", "absent.yaml"], "no such file"],
])("%j is 2", async (words, message) => {
  const { exitCode, out, err } = await weirHere(["diagnose", ...words]);

  expect([exitCode, out]).toEqual([2, ""]);
  expect(err).toContain(message);
  expect(err).not.toContain("hush");
});
