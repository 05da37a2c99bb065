import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  poolerShape,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const NAME = "Deployment db/app, container server";
const TO = "Deployment db/pooler";
const CONSOLE = "postgres://stats@pooler:6432/pgbouncer?sslmode=disable";
const NO_POOL = "how many connections a process of container server opens";

/** The clients of one container with this environment, in a namespace with a pooler. */
function clients(env: Readonly<Record<string, string>>, more = ""): unknown {
  const { clients: found, missing } = systemIn(POOLER + deploymentText(env, more));
  return [...found.map(clientShape), ...missing.map(({ what }) => what)];
}

const configMap = (text: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: db }
data: { app.yaml: ${JSON.stringify(text)} }
---
`;

const away = (host: string): unknown => {
  const text = deploymentText({ DB_HOST: host, DB_NAME: "app", DB_USER: "u", POOL_MAX: "1" });
  const system = systemIn(POOLER + text.replace("namespace: db", "namespace: web"));
  return [...system.clients.map(clientShape), ...system.missing.map(({ what }) => what)];
};

const secret = (name: string): string =>
  deploymentText({}).replace(
    "env: []",
    `env: [{ name: ${name}, valueFrom: { secretKeyRef: { name: s, key: k } } }]`,
  );

const missingIn = (text: string): unknown => systemIn(text).missing.map(({ what }) => what);

const sidecar = (service: boolean): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: side, namespace: db }
data: { pgbouncer.ini: "[databases]\\napp = host=pg pool_size=3\\n[pgbouncer]\\nmax_client_conn = 30\\n" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  replicas: 3
  template:
    metadata: { labels: { app: app } }
    spec:
      containers:
        - name: server
          image: app
          env:
            - { name: DATABASE_URL, value: "postgres://app@localhost:6432/app" }
            - { name: DB_POOL_MAX, value: "4" }
        - name: pgbouncer
          image: pgbouncer
          volumeMounts: [{ name: c, mountPath: /etc/pgbouncer }]
      volumes: [{ name: c, configMap: { name: side } }]
---
${
  service
    ? `
apiVersion: v1
kind: Service
metadata: { name: side, namespace: db }
spec: { selector: { app: app }, ports: [{ port: 6432 }] }
`
    : ""
}`;

const init = (pool: number, database = "app"): string => `
      initContainers:
        - name: migrate
          image: app
          env:
            - { name: DATABASE_URL, value: "postgres://app@pooler/${database}?connection_limit=${pool}" }`;

function targets(env: Readonly<Record<string, string>>): unknown {
  return systemIn(POOLER + deploymentText(env)).clients.map(({ target }) => target);
}

const limited = (limit: number): string => `postgres://app@pooler/app?connection_limit=${limit}`;
const poolsIn = (env: Readonly<Record<string, string>>, more = ""): unknown =>
  systemIn(POOLER + deploymentText(env, more)).clients.map((one) => clientShape(one)[2]);

describe("where it connects", () => {
  it.each([
    ["postgres://app:geheim@pooler:6432/app?connection_limit=3", 3],
    ["postgresql+asyncpg://app@pooler.db:6432/app?pool_size=3&max_overflow=0", 3],
    ["postgresql://app@POOLER.db.svc:6432/app?maxPoolSize=3", 3],
    ["postgresql://app@pooler.db.svc.cluster.local.:6432/app?pool_max_conns=3", 3],
    ["jdbc:postgresql://pooler:6432/app?user=app&maximumPoolSize=3", 3],
    ["host=pooler port=6432 dbname=app user=app", NO_POOL],
    ["Host=pooler;Port=6432;Database=app;Username=app;Maximum Pool Size=3", 3],
    // The port is the Service's only one.
    ["postgres://app@pooler/app?connection_limit=3", 3],
  ])("%s", (url, pool) => {
    expect(clients({ SOME_SETTING: url })).toEqual([[NAME, 1, pool, TO, "app", "app"]]);
  });

  it.each([
    [{ PGHOST: "pooler", PGPORT: "6432", PGDATABASE: "app", PGUSER: "me" }, "me"],
    [{ DB_HOST: "pooler", DB_PORT: "6432", DB_NAME: "app", DB_USER: "me" }, "me"],
    [{ DATABASE_HOST: "pooler:6432", DATABASE_NAME: "app", DATABASE_USERNAME: "me" }, "me"],
    [{ POSTGRES_HOST: "pooler", POSTGRES_DB: "app", POSTGRES_USER: "me" }, "me"],
    [{ ORDERS_DB_HOST: "pooler", ORDERS_DB_NAME: "app", ORDERS_DB_USER: "me" }, "me"],
    [{ KC_DB_URL_HOST: "pooler", KC_DB_URL_DATABASE: "app", KC_DB_USERNAME: "me" }, "me"],
    [
      { DB_POSTGRESDB_HOST: "pooler", DB_POSTGRESDB_DATABASE: "app", DB_POSTGRESDB_USER: "me" },
      "me",
    ],
    [
      {
        SPRING_DATASOURCE_URL: "jdbc:postgresql://pooler:6432/app",
        SPRING_DATASOURCE_USERNAME: "me",
      },
      "me",
    ],
    // Not said: somebody of its own.
    [
      { UPSTREAM_HOST: "pooler", UPSTREAM_DB: "app" },
      "the login of Deployment db/app, container server",
    ],
  ])("%j", (env, user) => {
    expect(clients({ ...env, DB_POOL_MAX: "4" })).toEqual([[NAME, 1, 4, TO, "app", user]]);
  });

  it("expands variables, and names what a Secret hides by the Secret", () => {
    const env = `
            - { name: DB_USER, valueFrom: { secretKeyRef: { name: login, key: user } } }
            - { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: login, key: password } } }
            - { name: DATABASE_URL, value: "postgres://$(DB_USER):$(DB_PASSWORD)@pooler:6432/app" }
            - { name: DB_POOL_MAX, value: "4" }`;
    const text = deploymentText({}).replace("env: []", `env:${env}`);
    const { clients: found, missing } = systemIn(POOLER + text);
    expect(missing).toEqual([]);
    expect(found.map(clientShape)).toEqual([[NAME, 1, 4, TO, "app", "Secret db/login user"]]);
  });

  it("reads Secrets and ConfigMaps that are there, and never says a password", () => {
    const url = Buffer.from("postgres://me:geheim@pooler:6432/app").toString("base64");
    const text = `
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: db }
data: { URL: ${url} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: db }
data: { POOL_MAX: "6" }
---
`;
    const from = `
          envFrom: [{ prefix: DATABASE_, secretRef: { name: s } }, { configMapRef: { name: c } }]`;
    const system = systemIn(POOLER + text + deploymentText({}, from));
    expect(system.clients.map(clientShape)).toEqual([[NAME, 1, 6, TO, "app", "me"]]);
    const said = JSON.stringify({ ...system, objects: undefined }, (key, value: unknown) =>
      key === "object" ? undefined : value,
    );
    expect(said).not.toContain("geheim");
  });

  it("one target named twice is one client; two logins are two", () => {
    const env = {
      PGHOST: "pooler",
      PGPORT: "6432",
      PGDATABASE: "app",
      PGUSER: "app",
      POOL_MAX: "2",
    };
    expect(clients({ ...env, DATABASE_URL: "postgres://app@pooler:6432/app" })).toHaveLength(1);
    expect(clients({ ...env, DATABASE_URL: "postgres://pooler:6432" })).toHaveLength(1);
    expect(clients({ ...env, DATABASE_URL: "postgres://you@pooler:6432/app" })).toHaveLength(2);
  });

  it("two URLs with different limits are two pools, in an init container too", () => {
    expect(poolsIn({ DATABASE_URL: limited(5), SHADOW_DATABASE_URL: limited(30) })).toEqual([
      5, 30,
    ]);
    expect(poolsIn({ DATABASE_URL: limited(30), DATABASE_REPLICA_URL: limited(5) })).toEqual([
      30, 5,
    ]);
    expect(
      poolsIn({ DATABASE_URL: limited(5), POSTGRES_URL: limited(5), PGHOST: "pooler" }),
    ).toEqual([5]);
    const shadow = `${init(5)}
            - { name: SHADOW_DATABASE_URL, value: "${limited(30)}" }`;
    expect(poolsIn({}, shadow)).toEqual([5, 30]);
    expect(poolsIn({ DATABASE_URL: limited(20) }, shadow)).toEqual([20, 15]);
  });

  it("past the pooler, to a Postgres that only the pooler's ini names", () => {
    const env = { DATABASE_URL: "postgres://a@pooler/app", DIRECT_URL: "postgres://a@pg/app" };
    expect(clients({ ...env, POOL_MAX: "2" })).toEqual([
      [NAME, 1, 2, TO, "app", "a"],
      [NAME, 1, 2, "pg.db.svc.cluster.local:5432"],
    ]);
    const other = { DIRECT_URL: "postgres://a@pg:5433/app", POOL_MAX: "2" };
    expect(clients(other)).toEqual([
      "where DIRECT_URL of Deployment db/app leads: no Service pg is among the objects",
    ]);
  });

  it("over its command, and by several hosts once", () => {
    const more = `
          args: ["--dsn=postgres://app@pooler:6432,pooler.db:6432/app?pool_size=2"]`;
    expect(clients({}, more)).toEqual([[NAME, 1, 2, TO, "app", "app"]]);
  });

  it("by a file that a ConfigMap mounts", () => {
    const more = `
          volumeMounts: [{ name: c, mountPath: /conf }]
      volumes: [{ name: c, configMap: { name: conf } }]`;
    const found = (text: string): unknown =>
      systemIn(POOLER + configMap(text) + deploymentText({}, more)).clients.map(clientShape);
    expect(found("db:\n  host: pooler\n  port: 6432\n  database: app\n  user: me\n")).toEqual([
      [NAME, 1, NO_POOL, TO, "app", "me"],
    ]);
    expect(found("url = postgres://me@pooler:6432/app?pool_size=9")).toEqual([
      [NAME, 1, 9, TO, "app", "me"],
    ]);
    expect(found("host: somewhere")).toEqual([]);
  });

  it("past the pooler: to a Postgres outside", () => {
    expect(clients({ DATABASE_URL: "postgres://a@pg.example.com/x", POOL_MAX: "2" })).toEqual([
      [NAME, 1, 2, "pg.example.com:5432"],
    ]);
  });

  it("from another namespace only by the full name", () => {
    const client = ["Deployment web/app, container server", 1, 1, TO, "app", "u"];
    expect(away("pooler.db")).toEqual([client]);
    expect(away("pooler.db.svc.cluster.local")).toEqual([client]);
    expect(away("pooler")).toEqual([
      "where DB_HOST of Deployment web/app leads: no Service pooler is among the objects",
    ]);
  });

  it("through an ExternalName", () => {
    const alias = `
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: db }
spec: { type: ExternalName, externalName: pooler.db.svc.cluster.local }
---
`;
    const text = deploymentText({ DATABASE_URL: "postgres://a@alias:6432/app", POOL_MAX: "2" });
    expect(systemIn(POOLER + alias + text).clients.map(clientShape)).toEqual([
      [NAME, 1, 2, TO, "app", "a"],
    ]);
  });

  it("the console too, of which an exporter takes one", () => {
    const text = deploymentText({ PGBOUNCER_EXPORTER_CONNECTION_STRING: CONSOLE });
    const image = "prometheuscommunity/pgbouncer-exporter:v0.10";
    const system = systemIn(POOLER + text.replace("registry.example/app:1", image));
    expect(system.clients.map(clientShape)).toEqual([[NAME, 1, 1, TO, "pgbouncer", "stats"]]);
  });

  it("the console of an exporter that names no database", () => {
    const text = deploymentText({ PGHOST: "pooler", PGUSER: "stats" });
    const image = "prometheuscommunity/pgbouncer-exporter:v0.10";
    expect(databaseIn(text.replace("registry.example/app:1", image))).toEqual(["pgbouncer"]);
    const other = "prometheuscommunity/postgres-exporter:v0.16";
    expect(databaseIn(text.replace("registry.example/app:1", other))).toEqual(["stats"]);
  });

  it("says which of database and login nobody knows", () => {
    expect(targets({ PGHOST: "pooler", PGUSER: "me" })).toMatchObject([
      { database: "me", user: "me" },
    ]);
    expect(targets({ PGHOST: "pooler", PGDATABASE: "app" })).toMatchObject([
      { database: "app", unknown: ["user"] },
    ]);
    expect(targets({ PGHOST: "pooler" })).toMatchObject([{ unknown: ["database", "user"] }]);
  });
});

describe("what hides where it connects", () => {
  it.each(["DATABASE_URL", "ORDERS_DSN", "PGHOST", "DB_HOST", "POSTGRES_CONNECTION_STRING"])(
    "%s in a Secret that is not there is missing",
    (name) => {
      expect(missingIn(POOLER + secret(name))).toEqual([
        `where ${name} of Deployment db/app leads: Secret db/s k is not among the objects`,
      ]);
    },
  );

  it.each(["API_PASSWORD", "API_URL", "REDIS_URL", "MYSQL_HOST"])(
    "%s is none of a Postgres",
    (name) => {
      expect(missingIn(POOLER + secret(name))).toEqual([]);
    },
  );

  it("is nobody's business without a pooler", () => {
    expect(missingIn(secret("DATABASE_URL"))).toEqual([]);
    expect(missingIn(secret("DB_POOL_MAX"))).toEqual([]);
  });

  it("an environment that is not there, unless the target is known anyway", () => {
    const from = `
          envFrom: [{ secretRef: { name: s } }]`;
    expect(missingIn(POOLER + deploymentText({}, from))).toEqual([
      "whether container server of Deployment db/app connects to a pooler: Secret db/s, which its environment is from, is not among the objects",
    ]);
    expect(missingIn(POOLER + deploymentText({ REDIS_HOST: "redis" }, from))).toHaveLength(1);
    const url = { DATABASE_URL: "postgres://a@pooler/app", POOL_MAX: "1" };
    expect(missingIn(POOLER + deploymentText(url, from))).toEqual([]);
    const optional = from.replace("name: s", "name: s, optional: true");
    expect(missingIn(POOLER + deploymentText({}, optional))).toHaveLength(1);
  });

  it("a Service that is there, with its pods not", () => {
    const service = `
apiVersion: v1
kind: Service
metadata: { name: other, namespace: db }
spec: { selector: { app: other }, ports: [{ port: 5432 }] }
---
`;
    const text = deploymentText({ DB_HOST: "other", POOL_MAX: "1" });
    expect(missingIn(POOLER + service + text)).toEqual([
      "where DB_HOST of Deployment db/app leads: no pods that Service db/other selects are among the objects",
    ]);
    // Its pods are there: neither a pooler nor a Postgres.
    expect(missingIn(POOLER + service.replace("{ app: other }", "{ app: app }") + text)).toEqual(
      [],
    );
  });

  it("a port that the pooler's Service has not", () => {
    expect(clients({ DATABASE_URL: "postgres://a@pooler:5432/app", POOL_MAX: "1" })).toEqual([
      "where DATABASE_URL of Deployment db/app leads: Service db/pooler leads from another port than 5432",
    ]);
  });
});

describe("pods of several containers", () => {
  it("a sidecar has the clients of its own pod", () => {
    const system = systemIn(sidecar(false));
    expect(system.clients.map(clientShape)).toEqual([
      [NAME, 6, 4, "Deployment db/app", "app", "app"],
    ]);
    expect(system.poolers.map(poolerShape)).toEqual([
      {
        name: "Deployment db/app",
        scope: "pod",
        groups: [
          {
            processes: 6,
            capacity: 30,
            lines: [["app", "pg.db.svc.cluster.local:5432", 3, 0]],
          },
        ],
      },
    ]);
  });

  it("and everybody's as soon as a Service leads to it", () => {
    expect(systemIn(sidecar(true)).poolers.map(({ scope }) => scope)).toEqual(["service"]);
  });

  it.each([
    // It would be more if its program, which nobody knows, were more than one process.
    ["as many as the others: counted with them", init(3), [3, 0]],
    ["more than the others: as far as it goes beyond", init(5), [3, 2]],
    ["on another line: by itself", init(2, "maintenance"), [3, 2]],
  ])("an init container that opens %s", (_, text, pools) => {
    const env = { DATABASE_URL: "postgres://app@pooler/app?connection_limit=3" };
    const system = systemIn(POOLER + deploymentText(env, text));
    expect(system.clients.map((client) => clientShape(client)[2])).toEqual(pools);
  });

  it("a sleeping workload has none", () => {
    const text = deploymentText({ DATABASE_URL: "postgres://app@pooler/app" });
    const system = systemIn(POOLER + text.replace("spec:", "spec:\n  replicas: 0"));
    expect(system.clients).toEqual([]);
    expect(system.notes).toEqual(["Deployment db/app has no pods: 0 replicas"]);
  });
});

function databaseIn(manifests: string): unknown {
  return systemIn(POOLER + manifests).clients.map(({ target }) =>
    target.kind === "pooler" ? target.database : target.postgres,
  );
}
