import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { budgetOf } from "../fleets/fleetOf.ts";
import { hba } from "../../src/pgbouncer/hba.ts";
import { commonIni } from "../../src/pgbouncer/ini.ts";
import {
  type UserlistEntry,
  nameProblem,
  passwordProblem,
  userlist,
} from "../../src/credentials/userlist.ts";

const GOOD = [
  String.raw`a"b""c'd\e`,
  "  leading and trailing  ",
  "@/:%?#&$`;",
  ";no comment",
  "a\tb",
  "pässwörd€😀",
  "x".repeat(2047),
  `${'"'.repeat(1023)}x`,
];

const HASHES = [
  `md5${"0a".repeat(16)}`,
  `SCRAM-SHA-256$4096:${base64(16)}$${base64(32)}:${base64(32)}`,
];

/** Longer than any PgBouncer reads; those before 1.26 read no more than 2,047 bytes. */
const ENDLESS = "x".repeat(65_535);

const ROLE = String.raw`od"d r\ol'e`;

let postgres: Postgres;
let bouncer: PgBouncer | undefined;

beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.query(`CREATE ROLE "od""d r\\ol'e" LOGIN PASSWORD '${GOOD[2]}'`);
});

afterAll(async () => {
  await postgres.stop();
});

describe("in a PgBouncer that is started with what weir writes", () => {
  test("every password that is allowed lets its login in, as the role", async () => {
    const logins = GOOD.map((password, index) => ({ name: `good-${index}`, password }));

    expect(GOOD.map(passwordProblem)).toEqual(GOOD.map(() => undefined));
    expect(await answersTo(logins)).toEqual(logins.map(() => ROLE));
  });

  test("hashes, which are refused, let nobody in who sends them", async () => {
    const logins = HASHES.map((password, index) => ({ name: `hash-${index}`, password }));

    expect(HASHES.map(passwordProblem)).not.toContain(undefined);
    expect(await answersTo(logins)).toEqual(HASHES.map(() => "SASL authentication failed"));
  });

  test("one that is too long, which is refused, locks out whoever comes after it", async () => {
    const logins = ["before", "long", "then"].map((name) => ({ name, password: "secret" }));
    const withLong = logins.map((login) =>
      login.name === "long" ? { ...login, password: ENDLESS } : login,
    );

    expect(passwordProblem(ENDLESS)).toContain("more than 2047 bytes");
    expect(await answersTo(logins)).toEqual([ROLE, ROLE, ROLE]);
    expect(await answersTo(withLong)).not.toContain(ROLE);
  });
});

test.each([
  ["", "has an empty password"],
  ["abc\n", "ends with a line break"],
  ["a\nbc", "a line break or a zero byte"],
  ["a\0bc", "a line break or a zero byte"],
  ["x".repeat(2048), "more than 2047 bytes"],
  ['"'.repeat(1024), "more than 2047 bytes"],
  ["é".repeat(1024), "more than 2047 bytes"],
])("password %j is refused", (password, reason) => {
  expect(passwordProblem(password)).toContain(reason);
});

test("a name may be as long as Postgres lets it be, in bytes", () => {
  expect(nameProblem("x".repeat(63))).toBeUndefined();
  expect(nameProblem("ä".repeat(31))).toBeUndefined();
  expect(nameProblem("x".repeat(64))).toContain("more than 63 bytes");
  expect(nameProblem("ä".repeat(32))).toContain("more than 63 bytes");
});

function base64(bytes: number): string {
  return Buffer.alloc(bytes, 7).toString("base64");
}

/** What each login gets to know from its own line: who it is in Postgres, or why it is not in. */
async function answersTo(logins: readonly UserlistEntry[]): Promise<string[]> {
  const place = await pgbouncerPlace();
  const budget = budgetOf({
    postgres: { host: postgres.host, port: postgres.port, database: "postgres", user: ROLE },
  });
  const lines = logins.map(({ name }) => ({ name, clients: 2, slots: 1 }));
  try {
    bouncer = await startPgBouncer({
      place,
      main: "pgbouncer.ini",
      files: {
        "pgbouncer.ini": commonIni(budget, lines, {
          listenAddress: "127.0.0.1",
          listenPort: place.port,
          socketDir: place.socketDir,
          authFile: place.userlistPath,
          hbaFile: place.hbaPath,
          peers: [],
        }),
        "hba.conf": hba(lines, false),
        "userlist.txt": userlist([...logins, { name: ROLE, password: GOOD[2] ?? "" }]),
      },
    });
    const answers: string[] = [];
    for (const { name, password } of logins)
      answers.push(await answerTo(place.port, name, password));
    return answers;
  } finally {
    await bouncer?.stop();
  }
}

async function answerTo(port: number, name: string, password: string): Promise<string> {
  const client = new Client({ host: "127.0.0.1", port, user: name, database: name, password });
  try {
    await client.connect();
    const { rows } = await client.query<{ role: string }>("SELECT current_user AS role");
    return rows[0]?.role ?? "nobody";
  } catch (error) {
    return error instanceof Error ? error.message : "no answer";
  } finally {
    await client.end();
  }
}
