import { describe, expect, it, test } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { composedOf } from "../../../../test/verify/composeFiles.ts";
import { groupedQuestions } from "../../../report/questions.ts";
import { unlistedClients } from "../../proof/prove.ts";

const INI = `[databases]
app = host=db user=app pool_size=5
[pgbouncer]
listen_port = 7000
max_client_conn = 50`;

function systemWith(services: string, files: Readonly<Record<string, string>> = {}) {
  const compose = `services:
  pooler:
    image: example/pgbouncer
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
    depends_on: [ db ]
  db: { image: postgres:17, command: postgres -c max_connections=40 }
${services}`;
  return composedOf({ "compose.yaml": compose, "pgbouncer.ini": INI, ...files }).system;
}

const of = ({ missing }: { missing: readonly { what: string }[] }) =>
  missing.map(({ what }) => what);

describe("a service that needs a PgBouncer and names no database", () => {
  it.each([
    ["depends_on", "depends_on: [ pooler ]"],
    ["depends_on with a condition", "depends_on: { pooler: { condition: service_healthy } }"],
    ["links", `links: [ "pooler:db" ]`],
    ["a link to another project's", `external_links: [ "pooler:db" ]`],
    ["its network", `network_mode: "service:pooler"`],
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
    ["it depends on another", "depends_on: [ cache ]"],
    ["it depends on one that depends on it", "depends_on: [ api ]"],
    ["it does not run", "depends_on: [ pooler ], scale: 0"],
    ["a label says so", "depends_on: [ pooler ], labels: { weir.dev/connects-to: none }"],
    [
      "it connects past it",
      "depends_on: [ pooler ], environment: { DB_POOL_MAX: 2, DATABASE_URL: postgres://a@db/app }",
    ],
  ])("is none: %s", (_, fields) => {
    const others = `
  cache: { image: redis }
  api: { image: example/api, depends_on: [ pooler ], labels: { weir.dev/connects-to: none } }`;
    expect(systemWith(`  web: { image: example/web, ${fields} }${others}`).missing).toEqual([]);
  });

  it.each([
    ["pgAdmin", "dpage/pgadmin4:8"],
    ["Adminer", "adminer"],
    ["Grafana", "grafana/grafana:11.0.0"],
    ["nginx", "nginx:1.27"],
    ["Traefik", "traefik:v3"],
    ["Redis", "redis:7"],
    ["another Postgres", "postgres:17"],
  ])("is none where it connects only as it is told: %s", (_, image) => {
    expect(systemWith(`  web: { image: "${image}", depends_on: [ pooler ] }`).missing).toEqual([]);
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

const POSTGRES = /^whether service web connects to Postgres db, /;

describe("a service that needs the Postgres behind a PgBouncer", () => {
  it.each([
    ["depends_on", "depends_on: [ db ]"],
    ["links", `links: [ "db:database" ]`],
    ["wait-for-it", `command: [ ./wait-for-it.sh, "db:5432", --, node, server.js ]`],
    ["a script called so", "command: ./wait-for-postgres.sh db npm start"],
    ["nc", `command: sh -c "while ! nc -z db 5432; do sleep 1; done; npm start"`],
    ["Bash", `command: bash -c "until (echo > /dev/tcp/db/5432); do sleep 1; done; npm start"`],
    ["pg_isready", `command: sh -c "until pg_isready -h db; do sleep 1; done; npm start"`],
    ["a variable of it", `environment: { WAIT_HOSTS: "cache:6379,db:5432" }`],
    ["a host by a name of its own", "environment: { HOST_DB: db }"],
    ["a check of its health", `healthcheck: { test: [ CMD-SHELL, "pg_isready -h db || exit 1" ] }`],
    ["an argument of its build", "build: { context: ., args: { URL: postgres://a@db/app } }"],
    ["a store beside it", "depends_on: [ db ], environment: { MONGO_URL: mongodb://m/app }"],
  ])("may be a client of it: %s", (_, field) => {
    expect(of(systemWith(`  web: { image: example/web, ${field} }`))).toEqual([
      expect.stringMatching(POSTGRES),
    ]);
  });

  it.each([
    ["its variables", "p/.env", "DATABASE_URL=postgres://app@db/app"],
    ["an example of them", "p/.env.example", "DB_HOST=db"],
    ["its code", "p/settings.py", `DATABASES = {"default": {"HOST": "db"}}`],
  ])("may be a client by what it mounts of the project: %s", (_, file, text) => {
    const compose = `services:
  pooler:
    image: example/pgbouncer
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
  db: { image: postgres:17, command: postgres -c max_connections=40 }
  web: { image: example/web, volumes: [ ".:/app" ] }`;
    const files = { "p/compose.yaml": compose, "p/pgbouncer.ini": INI, [file]: text };
    expect(of(composedOf(files).system)).toEqual([expect.stringMatching(POSTGRES)]);
  });
});

const shell = (script: string): readonly string[] => ["sh", "-c", script];

it("is asked about a pod whose probe waits for a PgBouncer", () => {
  const probe = `
          readinessProbe: { exec: { command: [sh, -c, "nc -z pooler 6432"] } }`;
  expect(of(systemIn(poolerText(APP_INI) + deploymentText({}, probe)))).toEqual([
    expect.stringMatching(
      /^whether Deployment db\/app connects to Deployment db\/pooler, for which/,
    ),
  ]);
});

/** A pod with an init container before one that says nothing. */
function afterInit(image: string, command: readonly string[], more = ""): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  template:
    metadata: { labels: { app: app } }
    spec:
      initContainers: [{ name: wait, image: "${image}", command: ${JSON.stringify(command)} }]
      containers: [{ name: server, image: registry.example/app:1${more} }]
`;
}

describe("a pod whose init container waits for a PgBouncer, or for a Postgres behind one", () => {
  it.each([
    ["nc", "busybox", shell("until nc -z pooler 6432; do sleep 1; done")],
    ["pg_isready", "postgres:17", ["pg_isready", "-h", "pooler", "-p", "6432"]],
    ["psql", "postgres:17", shell("until psql -h pg -c 'select 1'; do sleep 1; done")],
    ["nslookup", "busybox", shell("until nslookup pg.$(cat /ns).svc; do sleep 1; done")],
    ["kubectl", "bitnami/kubectl", ["kubectl", "wait", "pod/pg", "--for=condition=Ready"]],
  ])("may be a client: %s", (_, image, command) => {
    const found = of(systemIn(poolerText(APP_INI) + afterInit(image, command)));
    const server = found.filter((what) => what.includes("container server"));
    expect(server).toEqual([
      expect.stringMatching(/^whether container server of Deployment db\/app connects to /),
    ]);
    expect(found.filter((what) => what.includes("whether container wait"))).toEqual([]);
  });

  it.each([
    ["it waits for another store", shell("until nc -z redis 6379; do sleep 1; done"), ""],
    [
      "it says where it connects",
      shell("until nc -z pooler 6432; do sleep 1; done"),
      `, env: [{ name: MYSQL_URL, value: "mysql://a@b/c" }]`,
    ],
  ])("is none: %s", (_, command, more) => {
    const found = of(systemIn(poolerText(APP_INI) + afterInit("busybox", command, more)));
    expect(found).toEqual([]);
  });
});

it("is asked about a file that names the Postgres behind a PgBouncer by a setting", () => {
  const data = { "app.yaml": "database:\n  host: pg\n  pool: 50\n" };
  const map = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "db" },
    data,
  };
  const mounts = `
          volumeMounts: [{ name: c, mountPath: /c }]
      volumes: [{ name: c, configMap: { name: c } }]`;
  const text = `${poolerText(APP_INI)}${JSON.stringify(map)}\n---\n${deploymentText({}, mounts)}`;
  expect(of(systemIn(text))).toEqual([
    expect.stringMatching(/connects to Postgres pg, which ConfigMap db\/c app.yaml names, /),
  ]);
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
