import { expect, test } from "vitest";
import { ShowError } from "../pgbouncer/showRows.ts";
import { unavailableBecause } from "./failures.ts";

const ASKED = {
  what: "PgBouncer old:6432",
  login: "eye",
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
  ["Query read timeout", "Unreachable"],
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

test("of what others say one line is told, without the password", () => {
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
