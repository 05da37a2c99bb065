import { describe, expect, it } from "vitest";
import {
  APP_INI,
  figure,
  poolerShape,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const PG = "pg.db.svc.cluster.local:5432";

function groupsOf(text: string): unknown {
  const { poolers } = systemIn(text);
  return poolers.map(poolerShape);
}

function imageText(image: string, env: Readonly<Record<string, string>>): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: pooler, namespace: db }
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: p
          image: ${image}
          env:
${Object.entries(env)
  .map(([name, value]) => `            - { name: ${name}, value: ${JSON.stringify(value)} }`)
  .join("\n")}
`;
}

describe("an image's environment", () => {
  it.each([
    [
      "edoburu/pgbouncer:1.24.1",
      { DB_HOST: "pg", DB_USER: "app", MAX_CLIENT_CONN: "70", DEFAULT_POOL_SIZE: "6" },
      70,
      [["*", PG, 6, 0, { authUser: "app" }]],
    ],
    [
      "edoburu/pgbouncer:1.24.1",
      { DATABASE_URLS: "postgres://a:x@pg/one,postgres://b:y@pg2:5433/two" },
      100,
      [
        ["one", PG, 20, 0, { authUser: "a" }],
        ["two", "pg2.db.svc.cluster.local:5433", 20, 0, { authUser: "b" }],
      ],
    ],
    [
      "bitnamilegacy/pgbouncer:1.24",
      {
        POSTGRESQL_HOST: "pg",
        PGBOUNCER_DATABASE: "*",
        PGBOUNCER_MAX_CLIENT_CONN: "80",
        PGBOUNCER_DSN_0: "side=host=pg port=5432 pool_size=3",
      },
      80,
      [
        ["*", PG, 20, 0],
        ["side", PG, 3, 0],
      ],
    ],
    ["bitnami/pgbouncer", {}, 100, [["postgres", "postgresql.db.svc.cluster.local:5432", 20, 0]]],
    [
      "pgbouncer/pgbouncer:latest",
      { DATABASES_HOST: "pg", DATABASES_DBNAME: "main", PGBOUNCER_DEFAULT_POOL_SIZE: "9" },
      100,
      [["*", PG, 9, 0, { database: "main" }]],
    ],
    // What an image doesn't read bounds nothing.
    [
      "edoburu/pgbouncer",
      { DB_HOST: "pg", DB_NAME: "app", MAX_DB_CLIENT_CONNECTIONS: "5" },
      100,
      [["app", PG, 20, 0, { authUser: "postgres" }]],
    ],
    [
      "pgbouncer/pgbouncer",
      { DATABASES_HOST: "pg", DATABASES_MAX_DB_CLIENT_CONNECTIONS: "5" },
      100,
      [["*", PG, 20, 0]],
    ],
    // An image of one's own may have defaults of its own.
    [
      "acme/pgbouncer",
      { DB_HOST: "pg", DB_NAME: "app", DEFAULT_POOL_SIZE: "7" },
      "max_client_conn and reserve_pool_size of this image",
      [
        [
          "app",
          PG,
          7,
          "max_client_conn and reserve_pool_size of this image",
          { authUser: "postgres" },
        ],
      ],
    ],
    [
      "bitnami/pgbouncer",
      { POSTGRESQL_DATABASE: "app", PGBOUNCER_MAX_CLIENT_CONN: "80" },
      80,
      [["postgres", "postgresql.db.svc.cluster.local:5432", 20, 0, { database: "app" }]],
    ],
    [
      "pachyderm/pgbouncer:1.16.2",
      { POSTGRESQL_HOST: "pg", PGBOUNCER_DATABASE: "*", PGBOUNCER_DEFAULT_POOL_SIZE: "80" },
      100,
      [["*", PG, 80, 0]],
    ],
    [
      "registry.example/infra/pgbouncer:3",
      {
        POSTGRESQL_HOST: "pg",
        PGBOUNCER_DATABASE: "shop",
        PGBOUNCER_MAX_CLIENT_CONN: "80",
        PGBOUNCER_DEFAULT_POOL_SIZE: "8",
        PGBOUNCER_RESERVE_POOL_SIZE: "1",
      },
      80,
      [["shop", PG, 8, 1]],
    ],
    [
      "registry.example/infra/pgbouncer:3",
      {
        DATABASES_HOST: "pg",
        DATABASES_POOL_SIZE: "4",
        PGBOUNCER_MAX_CLIENT_CONN: "80",
        PGBOUNCER_RESERVE_POOL_SIZE: "0",
      },
      80,
      [["*", PG, 4, 0]],
    ],
    // Its own variables are no sign of a known image's.
    [
      "registry.example/infra/pgbouncer:3",
      { PGBOUNCER_MAX_CLIENT_CONN: "80", POSTGRES_HOST: "pg" },
      expect.stringMatching(/^the configuration of PgBouncer/),
      [],
    ],
    [
      "bitnami/pgbouncer",
      { PGBOUNCER_DSN_0_FILE: "/dsn", PGBOUNCER_MAX_CLIENT_CONN: "80" },
      "what the file says that PGBOUNCER_DSN_0_FILE names",
      [],
    ],
    [
      "bitnami/pgbouncer",
      { POSTGRESQL_PASSWORD_FILE: "/pw", PGBOUNCER_MAX_CLIENT_CONN: "80" },
      80,
      [["postgres", "postgresql.db.svc.cluster.local:5432", 20, 0]],
    ],
  ])("%s %j", (image, env, capacity, lines) => {
    expect(groupsOf(imageText(image, env))).toEqual([
      {
        name: "Deployment db/pooler",
        scope: "service",
        groups: [{ processes: 4, capacity, lines }],
      },
    ]);
  });

  it("has a line for any database where its name is not known", () => {
    const named = imageText("bitnami/pgbouncer", {
      PGBOUNCER_DATABASE: "NAME",
      PGBOUNCER_MAX_CLIENT_CONN: "80",
    });
    const hidden = named.replace(
      'value: "NAME"',
      "valueFrom: { secretKeyRef: { name: s, key: db } }",
    );
    const { poolers, missing } = systemIn(hidden);
    expect(poolers.map(poolerShape)).toMatchObject([
      { groups: [{ capacity: 80, lines: [["*", expect.anything(), 20, 0]] }] },
    ]);
    expect(missing).toEqual([]);
  });

  it.each([
    ["registry.example/pgbouncer:1", { POSTGRESQL_HOST: "pg" }, "PGBOUNCER_", true],
    ["registry.example/pgbouncer:1", { DATABASES_HOST: "pg" }, "PGBOUNCER_", true],
    ["registry.example/pgbouncer:1", { DB_HOST: "pg" }, "", true],
    ["pachyderm/pgbouncer:1.16.2", { POSTGRESQL_HOST: "pg" }, "PGBOUNCER_", false],
    ["bitnami/pgbouncer", { POSTGRESQL_HOST: "pg" }, "PGBOUNCER_", false],
  ])("of %s with %j is assumed to be of that kind: %s %s", (image, env, prefix, isAssumed) => {
    const numbers = { [`${prefix}MAX_CLIENT_CONN`]: "80", [`${prefix}DEFAULT_POOL_SIZE`]: "8" };
    const [pooler] = systemIn(imageText(image, { ...env, ...numbers })).poolers;
    const [group] = pooler?.groups ?? [];
    const [capacity, size] = [group?.capacity, group?.lines[0]?.poolSize];
    expect([figure(capacity), figure(size)]).toEqual([80, 8]);
    const isSaid = [capacity, size].map((one) => one?.known === true && one.assuming !== undefined);
    expect(isSaid).toEqual([isAssumed, isAssumed]);
  });

  it("is not known where a part of it comes from an object that is not there", () => {
    const text = imageText("edoburu/pgbouncer", { DB_HOST: "pg" });
    const hidden = text.replace("env:", "envFrom: [{ secretRef: { name: s } }]\n          env:");
    expect(groupsOf(hidden)).toMatchObject([
      { groups: [{ capacity: expect.stringMatching(/some come from Secret db\/s$/), lines: [] }] },
    ]);
  });

  it.each([
    ["bitnami/pgbouncer", "/etc/pgbouncer", 100],
    ["bitnami/pgbouncer", "/bitnami/pgbouncer/conf", 50],
    ["edoburu/pgbouncer", "/etc/pgbouncer", 50],
    ["edoburu/pgbouncer", "/opt/pgbouncer", 100],
    ["pgbouncer/pgbouncer", "/bitnami/pgbouncer/conf", 100],
    // An image that weir doesn't know may read it anywhere.
    ["acme/pgbouncer", "/opt/pgbouncer", 50],
  ])("%s reads the ini that is mounted at %s, or makes its own", (image, path, capacity) => {
    const pooler = poolerText(APP_INI)
      .replace("registry.example/pgbouncer:1.26.1", image)
      .replace("/etc/pgbouncer", path)
      .replace("volumeMounts:", "env: [{ name: DB_HOST, value: pg }]\n          volumeMounts:");
    expect(groupsOf(pooler)).toMatchObject([{ groups: [{ capacity }] }]);
  });

  it.each([
    ["bitnami/pgbouncer", "MAX_CLIENT_CONN", ["it reads PGBOUNCER_MAX_CLIENT_CONN"]],
    ["edoburu/pgbouncer", "PGBOUNCER_DEFAULT_POOL_SIZE", ["it reads DEFAULT_POOL_SIZE"]],
    ["edoburu/pgbouncer", "MAX_CLIENT_CONN", []],
    ["acme/pgbouncer", "PGBOUNCER_DEFAULT_POOL_SIZE", []],
  ])("of %s with %s: what it does not read is said", (image, name, said) => {
    const { notes } = systemIn(imageText(image, { DB_HOST: "pg", [name]: "5" }));
    expect(notes.map((note) => note.replace(/.*; /, ""))).toEqual(said);
  });

  it("limits no role by a variable that the image doesn't read", () => {
    const env = { PGBOUNCER_SET_DATABASE_USER: "yes", PGBOUNCER_MAX_USER_CONNECTIONS: "3" };
    const [pooler] = systemIn(imageText("bitnami/pgbouncer", env)).poolers;
    expect(pooler?.groups[0]?.userLimits.size).toBe(0);
  });

  it("of an image that nobody knows is missing", () => {
    const [pooler] = systemIn(imageText("acme/pgbouncer-special", {})).poolers;
    expect(pooler?.groups[0]?.capacity.known).toBe(false);
  });

  it("of an exporter is no pooler", () => {
    expect(systemIn(imageText("prometheuscommunity/pgbouncer-exporter", {})).poolers).toEqual([]);
  });

  it("of an image that is called so but starts PgBouncer is one", () => {
    const text = imageText("acme/pgbouncer-with-reload", {});
    const command = text.replace(/( *)(- )?image: .*/, "$&\n$1command: [pgbouncer, /etc/p.ini]");
    expect(systemIn(text).poolers).toEqual([]);
    expect(systemIn(command).poolers).toHaveLength(1);
  });
});
