import { afterEach, beforeEach, expect, test } from "vitest";
import { BadUrl, parseLoginUrl } from "./loginUrl.ts";

const NAMES = ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE"];
let saved: NodeJS.ProcessEnv;

beforeEach(() => {
  saved = { ...process.env };
  for (const name of NAMES) delete process.env[name];
});

afterEach(() => {
  process.env = saved;
});

test.each([
  [
    "postgres://weir_stats:hush@10.0.0.7:6432/pgbouncer",
    { host: "10.0.0.7", port: 6432, user: "weir_stats", address: "10.0.0.7:6432" },
  ],
  ["postgresql://eye@pg", { host: "pg", port: 7777, user: "eye", address: "pg:7777" }],
  ["postgres://eye@[::1]:5/x", { host: "::1", port: 5, user: "eye", address: "[::1]:5" }],
  [
    "postgres://eye@/pgbouncer?host=/run/pgbouncer&port=6433",
    { host: "/run/pgbouncer", port: 6433, user: "eye", address: "/run/pgbouncer/.s.PGSQL.6433" },
  ],
  ["postgres://a%40b:h%2Fu@pg/x", { host: "pg", user: "a@b", password: "h/u" }],
])("%s", (url, login) => {
  expect(parseLoginUrl(url, 7777, {})).toMatchObject(login);
});

test("what the URL leaves out comes from the environment", () => {
  Object.assign(process.env, { PGHOST: "elsewhere", PGUSER: "me", PGPASSWORD: "hush" });

  expect(parseLoginUrl("postgres:///pgbouncer", 7777, { PGPORT: "6000" })).toMatchObject({
    host: "elsewhere",
    port: 6000,
    user: "me",
    // So that it is shown to nobody.
    password: "hush",
    database: "pgbouncer",
  });
  expect(parseLoginUrl("postgres://pg:5", 7777, { PGPORT: "6000" }).port).toBe(5);
  expect(parseLoginUrl("postgres://pg?port=6", 7777, { PGPORT: "6000" }).port).toBe(6);
});

test.each([
  "",
  "pgbouncer:6432",
  "http://pg/x",
  "postgres://u:hush%zz@pg:99999/x",
  "postgres://u:hu#sh@pg/x",
  // The host would be hush, a part of the password.
  "postgres://u:p@hush:/w@pg:6432/x",
  "postgres://u:p@hush/w@pg/x",
  "postgres://u:p@hush?w@pg/x",
  "postgres://u:p@hush#w@pg/x",
  "postgres://u@pg/hu%ZZsh",
])("%j is refused without being shown", (url) => {
  let message = "taken";
  try {
    parseLoginUrl(url, 1, {});
  } catch (error) {
    message = error instanceof BadUrl ? error.message : "no BadUrl";
  }
  expect(message).toMatch(/postgres:\/\/LOGIN:PASSWORD@HOST:PORT\/DATABASE/);
  expect(message).not.toMatch(/hush|hu#/);
});

test.each([
  ["postgres://u@pg:0/x", {}, /port, of the URL or PGPORT, must be from 1 to 65535/],
  ["postgres://u@pg/x", { PGPORT: "hush" }, /port, of the URL or PGPORT/],
  ["postgres://u@pg/x?sslmode=hush", {}, /sslmode must be one of disable, prefer/],
  ["postgres://u@pg/x?sslmode=verify-ca", {}, /needs sslrootcert=FILE/],
])("%s with %j is refused, and why", (url, env, message) => {
  expect(() => parseLoginUrl(url, 1, env)).toThrow(BadUrl);
  expect(() => parseLoginUrl(url, 1, env)).toThrow(message);
});

test("sslmode of the URL is taken before PGSSLMODE, and that where it has none", () => {
  process.env["PGSSLMODE"] = "require";
  expect(parseLoginUrl("postgres://u@pg/x?sslmode=disable", 1, {}).ssl).toBe(false);
  expect(parseLoginUrl("postgres://u@pg/x", 1, {}).ssl).toBeTruthy();
});

test("a CA that can't be read is named", () => {
  expect(() =>
    parseLoginUrl("postgres://u:hush@pg/x?sslmode=verify-full&sslrootcert=/absent", 1, {}),
  ).toThrow("can't read /absent (ENOENT)");
});
