import { describe, expect, it, test } from "vitest";
import { composedOf } from "../../../test/verify/composeFiles.ts";
import { groupedQuestions } from "../../report/questions.ts";
import { unlistedClients } from "../proof/prove.ts";

const INI = `[databases]
app = host=db user=app pool_size=5
[pgbouncer]
listen_port = 7000
max_client_conn = 50`;

function systemWith(services: string) {
  const compose = `services:
  pooler:
    image: example/pgbouncer
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
    depends_on: [ db ]
  db: { image: postgres:17, command: postgres -c max_connections=40 }
${services}`;
  return composedOf({ "compose.yaml": compose, "pgbouncer.ini": INI }).system;
}

describe("a service that depends on a PgBouncer and names no database", () => {
  it.each([
    ["depends_on", "depends_on: [ pooler ]"],
    ["depends_on with a condition", "depends_on: { pooler: { condition: service_healthy } }"],
    ["links", `links: [ "pooler:db" ]`],
  ])("may be a client: %s", (_, field) => {
    const system = systemWith(`  web: { image: example/web, ${field} }`);
    expect(system.missing).toMatchObject([
      {
        what: expect.stringMatching(/^whether service web connects to service pooler, /),
        remedy: expect.stringMatching(/^label the service with weir.dev\/connects-to: /),
        answer: { object: "service web", value: "pooler:7000/database?user=login" },
      },
    ]);
    expect(unlistedClients(system)).toEqual([]);
  });

  it.each([
    ["it depends on another", "depends_on: [ db ]"],
    ["it does not run", "depends_on: [ pooler ], scale: 0"],
    ["a label says so", "depends_on: [ pooler ], labels: { weir.dev/connects-to: none }"],
    [
      "it connects past it",
      "depends_on: [ pooler ], environment: { DB_POOL_MAX: 2, DATABASE_URL: postgres://a@db/app }",
    ],
  ])("is none: %s", (_, fields) => {
    expect(systemWith(`  web: { image: example/web, ${fields} }`).missing).toEqual([]);
  });

  it("is a client where it says so, and not asked about", () => {
    const url = "DATABASE_URL: postgres://app@pooler:7000/app";
    const { clients, missing } = systemWith(
      `  web: { image: example/web, depends_on: [ pooler ], environment: { ${url} } }`,
    );
    expect(clients.map(({ name }) => name)).toEqual(["service web, container web"]);
    expect(missing).toEqual([]);
  });
});

test.each([
  ["who depends on the pooler", "depends_on: [ pooler ]", "whether its service connects to "],
  [
    "a file of variables that is not there",
    "env_file: gone.env",
    "whether its container of its service connects to a pooler: file gone.env, ",
  ],
])("twins are asked about once: %s", (_, field, what) => {
  const twin = `{ image: example/web, ${field} }`;
  const { missing } = systemWith(`  web: ${twin}\n  worker: ${twin}\n  web-2: ${twin}`);
  const questions = groupedQuestions(missing);
  expect(questions.map((one) => one.what)).toEqual([expect.stringContaining(what)]);
  expect(questions[0]?.places).toHaveLength(3);
  expect(questions[0]?.remedy).toContain("label the service with weir.dev/connects-to");
});

test("a remedy in a compose file is a label of the service", () => {
  const url = "DATABASE_URL: postgres://app@pooler:7000/app";
  const { clients } = systemWith(`  web: { image: example/web, environment: { ${url} } }`);
  expect(clients.map(({ pool }) => pool)).toMatchObject([
    { remedy: `label the service with weir.dev/pool-max: "N"` },
  ]);
});
