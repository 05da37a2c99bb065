import { readFile, stat } from "node:fs/promises";

import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import {
  consoleQuery,
  type PgBouncer,
  type PgBouncerPlace,
  pgbouncerPlace,
  startPgBouncer,
} from "./pgbouncer.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { isAtLeast } from "../../tools/debian/programs.ts";

const MAX_CLIENTS = 3;

let postgres: Postgres;
let place: PgBouncerPlace;
let bouncer: PgBouncer;
let clients: Client[];

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(async () => {
  await postgres.stop();
});

beforeEach(async () => {
  clients = [];
  place = await pgbouncerPlace();
  bouncer = await startPgBouncer({
    place,
    main: "pgbouncer.ini",
    files: {
      "pgbouncer.ini": ini(MAX_CLIENTS),
      // Without the line of the owner, peer refuses him.
      "userlist.txt": `"${postgres.user}" "${postgres.password}"
"${place.owner.name}" ""
`,
      "hba.conf": `host writing ${postgres.user} 127.0.0.1/32 scram-sha-256
local pgbouncer ${place.owner.name} peer
`,
    },
    maxOpenFiles: 512,
  });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await bouncer.stop();
});

test("it admits up to max_client_conn and refuses the next, in its own words", async () => {
  for (let index = 0; index < MAX_CLIENTS; index++) {
    const client = await connect();
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  }

  await expect(connect()).rejects.toThrow(/^no more connections allowed \(max_client_conn\)$/);
});

test("its console answers its own user", async () => {
  const [row] = await consoleQuery(place, "SHOW VERSION");

  expect(row).toEqual({ version: `PgBouncer ${bouncer.version}` });
  expect(isAtLeast(bouncer.version, "1.24")).toBe(true);
});

test("its console refuses root, but not through consoleDir", async () => {
  const answers: string[] = [];
  for (const host of new Set([place.socketDir, place.consoleDir])) {
    const { port, owner } = place;
    const client = new Client({ host, port, user: owner.name, database: "pgbouncer" });
    answers.push(
      await client.connect().then(
        () => "in",
        (error: unknown) => String(error),
      ),
    );
    await client.end();
  }

  const isRoot = process.getuid?.() === 0;
  expect(answers).toEqual(isRoot ? ["error: unix socket login rejected", "in"] : ["in"]);
});

test("a reload applies what was written", async () => {
  await bouncer.write({ "pgbouncer.ini": ini(7) });
  await bouncer.reload();

  const config = await consoleQuery(place, "SHOW CONFIG");
  const limit = config.find(({ key }) => key === "max_client_conn");
  expect(limit).toMatchObject({ value: "7" });
});

test("the limit of open files is its own", () => {
  expect(bouncer.log()).toContain("kernel file descriptor limit: 512 (hard: 512)");
});

test("it runs as its owner, under the pid that is reported", async () => {
  expect(bouncer.log()).toContain(`[${bouncer.pid}]`);
  const status = await readFile(`/proc/${bouncer.pid}/status`, "utf8");
  expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe(`${place.owner.uid}`);
});

test("SIGTERM waits for its clients and ends it when they are gone", async () => {
  const client = await connect();
  bouncer.kill("SIGTERM");
  await expect.poll(() => bouncer.log()).toContain("waiting for all clients disconnect");
  expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);

  await client.end();

  expect(await bouncer.exited).toEqual({ code: 0, signal: null });
});

test("stop leaves no folder behind", async () => {
  await bouncer.stop();

  await expect(stat(place.dir)).rejects.toThrow("ENOENT");
  await expect(stat(place.consoleDir)).rejects.toThrow("ENOENT");
});

test("a file that PgBouncer cannot read is reported in its own words", async () => {
  const other = await pgbouncerPlace();
  const start = startPgBouncer({ place: other, main: "absent.ini", files: {} });

  await expect(start).rejects.toThrow("cannot load config file");
  await expect(stat(other.dir)).rejects.toThrow("ENOENT");
});

function ini(maxClients: number): string {
  return `[databases]
writing = host=${postgres.host} port=${postgres.port} dbname=${postgres.database} pool_size=1

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${place.port}
unix_socket_dir = ${place.socketDir}
auth_type = hba
auth_hba_file = ${place.hbaPath}
auth_file = ${place.userlistPath}
admin_users = ${place.owner.name}
pool_mode = transaction
max_client_conn = ${maxClients}
`;
}

async function connect(): Promise<Client> {
  const client = new Client({
    host: "127.0.0.1",
    port: place.port,
    user: postgres.user,
    password: postgres.password,
    database: "writing",
  });
  await client.connect();
  clients.push(client);
  return client;
}
