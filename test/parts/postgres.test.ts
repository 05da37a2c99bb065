import { readFile, stat } from "node:fs/promises";

import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Postgres, startPostgres } from "./postgres.ts";

let first: Postgres;
let second: Postgres;

beforeAll(async () => {
  [first, second] = await Promise.all([
    startPostgres({ settings: { max_connections: 17 } }),
    startPostgres({ superuserPassword: "it's secret" }),
  ]);
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
});

test("two that start at the same time do not share anything", async () => {
  await first.query("CREATE TABLE only_here (id int)");

  const sql = "SELECT to_regclass('only_here') IS NOT NULL AS here";
  expect(await first.query(sql)).toEqual([{ here: true }]);
  expect(await second.query(sql)).toEqual([{ here: false }]);
});

test("settings are those that were asked for", async () => {
  expect(await first.query("SHOW max_connections")).toEqual([{ max_connections: "17" }]);
  expect(await first.query("SHOW fsync")).toEqual([{ fsync: "off" }]);
});

test("the superuser logs in over TCP with the password, and with no other", async () => {
  const { host, port, user, database } = second;
  const right = new Client({ host, port, user, database, password: second.password });
  await right.connect();
  const secret = "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AS scram FROM pg_authid WHERE oid = 10";
  expect((await right.query(secret)).rows).toEqual([{ scram: true }]);
  await right.end();

  const wrong = new Client({ host, port, user, database, password: "postgres" });
  await expect(wrong.connect()).rejects.toThrow("password authentication failed");
});

test("pid is the postmaster's", async () => {
  const pidFile = await readFile(`${first.socketDir}/data/postmaster.pid`, "utf8");
  expect(pidFile.split("\n")[0]).toBe(`${first.pid}`);
});

test("stop ends it with a connection open, and leaves no folder and no shared memory", async () => {
  const third = await startPostgres();
  const { host, port, user, database, password } = third;
  const client = new Client({ host, port, user, database, password });
  const cut = new Promise((resolve) => {
    client.once("error", resolve);
  });
  await client.connect();
  expect(await sharedMemoryCreators()).toContain(third.pid);

  await third.stop();

  await cut;
  await expect(stat(third.socketDir)).rejects.toThrow("ENOENT");
  expect(await sharedMemoryCreators()).not.toContain(third.pid);
});

test("a setting that Postgres refuses is reported in its own words", async () => {
  await expect(startPostgres({ settings: { max_connections: "many" } })).rejects.toThrow(
    'invalid value for parameter "max_connections": "many"',
  );
});

/** The pids that made the System V shared memory segments which exist. */
async function sharedMemoryCreators(): Promise<number[]> {
  const [, ...lines] = (await readFile("/proc/sysvipc/shm", "utf8")).trim().split("\n");
  return lines.map((line) => Number(line.trim().split(/\s+/)[4]));
}
