import { expect, test } from "vitest";
import { consolesOf, versionOf } from "./show.ts";

test.each([
  ["PgBouncer 1.26.1", "1.26.1"],
  ["PgBouncer 1.18.0 on x86_64-pc-linux-gnu", "1.18.0"],
  ["PgBouncer version 1.7.2 (debian)", "1.7.2"],
  ["PgBouncer 1.25.0rc1", "1.25.0rc1"],
])("%s is version %s", (text, version) => {
  expect(versionOf([{ version: text }])).toBe(version);
});

test("what is no PgBouncer has no version", () => {
  expect(() => versionOf([{ version: "PostgreSQL 17.1" }])).toThrow("names no PgBouncer");
});

function row(database: string, application_name: string | null) {
  return { database, application_name };
}

test("consoles are reported from other clients, also with what application_name_add_host adds", () => {
  expect(
    consolesOf([
      row("pgbouncer", "weir-222222222222"),
      row("pgbouncer", "weir-111111111111 - 10.0.0.1:5000"),
      row("pgbouncer", "psql"),
      row("pgbouncer", null),
      row("author", "weir-333333333333"),
    ]),
  ).toEqual(["weir-111111111111", "weir-222222222222"]);
});
