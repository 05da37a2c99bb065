import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineNumber, readConnectionString, readIni } from "./readIni.ts";

function read(text: string, files: Readonly<Record<string, string>> = {}) {
  const ini = readIni(text, "main.ini", (path) => files[path]);
  return {
    settings: Object.fromEntries([...ini.settings].map(([key, { value }]) => [key, value])),
    databases: Object.fromEntries(
      [...ini.databases].map(([name, { keys }]) => [name, Object.fromEntries(keys)]),
    ),
    users: Object.fromEntries(
      [...ini.users].map(([name, { keys }]) => [name, Object.fromEntries(keys)]),
    ),
    problems: ini.problems.map(({ file, line, text: problem }) => `${file}:${line}: ${problem}`),
  };
}

describe("an ini", () => {
  it("has sections, comments of whole lines, and names in quotes", () => {
    const text = `; comment
# comment
[databases]
app = host=pg port=6000
"my ""db""" = host='my host' password='it''s' pool_size = 5
* = host=pg
[users]
reader = pool_size=3
[peers]
1 = host=a
[pgbouncer]
max_client_conn = 70
listen_addr = * ; no comment
MAX_DB_CONNECTIONS=5
`;
    expect(read(text)).toEqual({
      settings: {
        max_client_conn: "70",
        listen_addr: "* ; no comment",
        max_db_connections: "5",
      },
      databases: {
        app: { host: "pg", port: "6000" },
        'my "db"': { host: "my host", password: "it's", pool_size: "5" },
        "*": { host: "pg" },
      },
      users: { reader: { pool_size: "3" } },
      problems: [],
    });
  });

  it("goes on in the section that an included file ends with", () => {
    const files = { "/common.ini": "[pgbouncer]\nmax_client_conn = 5\n" };
    const ini = readIni("%include /common.ini\npeer_id = 2\n", "0.ini", (path) =>
      path === "/common.ini" ? files[path] : undefined,
    );
    expect([...ini.settings]).toEqual([
      ["max_client_conn", { value: "5", file: "/common.ini" }],
      ["peer_id", { value: "2", file: "0.ini" }],
    ]);
  });

  it("sets [pgbouncer] back when it begins again, and no other section", () => {
    const text =
      "[pgbouncer]\nmax_client_conn = 5\n[databases]\na = host=x\n[pgbouncer]\nlisten_port = 1\n[databases]\nb = host=y\n";
    expect(read(text)).toMatchObject({
      settings: { listen_port: "1" },
      databases: { a: {}, b: {} },
    });
    expect(read(text).settings).not.toHaveProperty("max_client_conn");
  });

  it.each([
    ["[pgbouncer]\nnonsense", "main.ini:2: is no section, key, comment or %include"],
    ["a = 1", "main.ini:1: a key stands before the first section"],
    ["[databases]\na = host='x", "main.ini:2: [databases] a: is no list of key=value"],
    ["%include /no.ini", "main.ini:1: %include /no.ini: the file is not known"],
    ["%include /loop.ini", "/loop.ini:1: %include nests more than 10 deep"],
  ])("%j", (text, problem) => {
    expect(read(text, { "/loop.ini": "%include /loop.ini" }).problems).toEqual([problem]);
  });
});

describe("a connection string", () => {
  it("gives back any value that is quoted as PgBouncer quotes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), fc.stringMatching(/^[\w./:-]+$/), (any, plain) => {
        const text = `host='${any.replaceAll("'", "''")}' port=${plain} pool_size= 5`;
        expect(Object.fromEntries(readConnectionString(text) ?? [])).toEqual({
          host: any,
          port: plain,
          pool_size: "5",
        });
      }),
    );
  });

  it.each(["host", "host='a", "=x", "host=a b"])("is not: %j", (text) => {
    expect(readConnectionString(text)).toBeUndefined();
  });
});

it.each([
  ["5", 5],
  [" 7x", 7],
  ["abc", 0],
  ["", 0],
  ["-1", -1],
])("atoi of %j is %j", (text, expected) => {
  expect(lineNumber(text)).toBe(expected);
});
