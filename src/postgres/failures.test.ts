import { expect, test } from "vitest";
import { ShowError } from "../pgbouncer/show.ts";
import { failureOf, unavailableBecause } from "./failures.ts";

const ASKED = {
  server: "PgBouncer" as const,
  what: "PgBouncer old:6432",
  user: "eye",
  password: "hush-eye",
  secret: "Secret writing/old-stats",
};

test.each([
  ["connect ECONNREFUSED 10.0.0.1:6432", "Unreachable"],
  ["getaddrinfo ENOTFOUND old", "HostNotFound"],
  ["password authentication failed", "LoginRefused"],
  ["SASL authentication failed", "LoginRefused"],
  ["no such user", "LoginRefused"],
  ["timeout expired", "Unreachable"],
  ["Connection terminated unexpectedly", "Unreachable"],
  ["SSL required", "Unreachable"],
  ["self-signed certificate in certificate chain", "Unreachable"],
  ['too many connections for role "app"', "Unreachable"],
  ["no more connections allowed (max_client_conn)", "Unreachable"],
  ['database "pgbouncer" does not exist', "NotUnderstood"],
  ["something unheard of", "Unreachable"],
])("%s is %s", (said, reason) => {
  expect(unavailableBecause(ASKED, new Error(said))).toMatchObject({
    reason,
    message: expect.stringMatching(/^can't ask PgBouncer old:6432: /),
  });
});

test("of what others say one line is reported, without the password", () => {
  const { message } = unavailableBecause(
    ASKED,
    new Error(`odd hush-eye ${"x".repeat(500)}\nsecond`),
  );
  expect(message).toMatch(/^can't ask PgBouncer old:6432: odd \*\*\* x+…$/);
  expect(message.length).toBeLessThan(250);
});

test("a login that is refused comes with what to do, where that is known", () => {
  const refusal = new Error("SASL authentication failed");
  const told = "it refuses the login eye with the password of Secret writing/old-stats";
  expect(unavailableBecause(ASKED, refusal).message).toBe(
    `can't ask PgBouncer old:6432: ${told}: SASL authentication failed`,
  );
  expect(unavailableBecause({ ...ASKED, ifRefused: "restart it" }, refusal).message).toBe(
    `can't ask PgBouncer old:6432: ${told}: SASL authentication failed; restart it`,
  );
});

test("rows that can't be read are not understood", () => {
  expect(unavailableBecause(ASKED, new ShowError("SHOW has no value")).reason).toBe(
    "NotUnderstood",
  );
});

test("what is said loses its further lines, and the password wherever it stands", () => {
  const error = new Error("no hush-eye here, nor hush-eye\nmore");
  expect(failureOf(ASKED, error).why).toBe("no *** here, nor ***");
});

test.each([
  ["PgBouncer", "no such user: eye", "check the login, and its password in auth_file"],
  ["Postgres", "password authentication failed", "check the login and its password"],
  ["PgBouncer", "login rejected", "its hba file has no line for this login"],
  ["Postgres", "no pg_hba.conf entry for host", "its pg_hba.conf has no line"],
  ["PgBouncer", "timeout expired", "it is stopped, overloaded, or out of file descriptors"],
  ["Postgres", "timeout expired", "check the address, and whether a NetworkPolicy"],
  ["Postgres", "sorry, too many clients already", "it is full: log in as a superuser"],
  ["Postgres", 'role "eye" does not exist', "use a login and a database that exist"],
  ["Postgres", "something unheard of", "look at Postgres' log"],
  ["PgBouncer", "something unheard of", "look at PgBouncer's log"],
] as const)("%s that says %s: %s", (server, said, next) => {
  const url = { server, what: `${server} old:6432`, user: "eye" };
  expect(failureOf(url, new Error(said)).next).toContain(next);
});
