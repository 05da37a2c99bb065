import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = "postgres://app@pooler:6432/app";

/** The pools of the clients of this container, or what is missing to know them. */
function found(env: Readonly<Record<string, string>>, more = ""): unknown {
  return seen(deploymentText({ POOL_MAX: "9", ...env }, more));
}

function seen(text: string): unknown {
  const { clients, missing } = systemIn(POOLER + text);
  const pools = clients.map(({ pool }) => (pool.known ? pool.value : pool.what));
  const asked = missing.filter(({ assumed }) => assumed === undefined);
  return [...pools, ...asked.map(({ what }) => what)];
}

const NO_POOL = { POOL_MAX: "" };

const command = (text: string): string => `\n          command: [sh, -c, ${JSON.stringify(text)}]`;

const mounted = (source: string): string =>
  `\n          volumeMounts: [{ name: c, mountPath: /conf }]\n      volumes: [{ name: c, ${source} }]`;
const whether = (name: string): string =>
  `whether container server of Deployment db/app connects to a pooler: ${name} db/app, which its files are from, is not among the objects`;

const behind = (image: string, port: number, url: string): string => `
apiVersion: v1
kind: Service
metadata: { name: other, namespace: db }
spec: { selector: { app: other }, ports: [{ port: ${port} }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: other, namespace: db }
spec:
  template:
    metadata: { labels: { app: other } }
    spec: { containers: [{ name: other, image: "${image}" }] }
---
${deploymentText({ POOL_MAX: "9", [url]: url === "DB_HOST" ? "other" : `postgres://app@other:${port}/app` })}`;
const of = (text: string): unknown => systemIn(POOLER + text).missing.map(({ what }) => what);

const limited = (limit: number): string => `${URL}?connection_limit=${limit}`;

describe("a pooler that is named where no connection is told", () => {
  it.each([
    ["a host and port under any name", { CONN: "pooler:6432" }, ""],
    ["a Service's full name", { POOLER: "pooler.db.svc.cluster.local" }, ""],
    ["JSON", { CONFIG: '{"db":{"host":"pooler","port":6432}}' }, ""],
    ["a flag of its own", {}, command("exec proxy --to tcp:pooler:6432")],
  ])("has a client: %s", (_, env, more) => {
    expect(found(env, more)).toEqual([9]);
  });

  it.each([
    ["told a second time", { DATABASE_URL: URL, CONN: "pooler:6432" }, "", [9]],
    [
      "only waited for, and told elsewhere",
      { DATABASE_URL: URL },
      command("wait-for-it pooler:6432 -- exec app"),
      [9],
    ],
    ["a word", { ...NO_POOL, MODE: "pooler" }, "", []],
    ["another port", { ...NO_POOL, CONN: "pooler:9127" }, "", []],
  ])("has none more: %s", (_, env, more, expected) => {
    expect(found(env, more)).toEqual(expected);
  });

  it.each([
    ["grafana.ini", "[database]\nhost = pooler:6432\n", [9]],
    ["application.conf", 'url = "jdbc:postgresql://pooler:6432/app?user=app"', [9]],
    ["pgbouncer.ini", "[databases]\napp = host=pooler\n[pgbouncer]\n", []],
  ])("has a client by a file: %s", (file, text, expected) => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "db" } };
    const config = JSON.stringify({ ...map, data: { [file]: text } });
    const mounts = `\n          volumeMounts: [{ name: c, mountPath: /c }]\n      volumes: [{ name: c, configMap: { name: c } }]`;
    const env = expected.length === 0 ? {} : { POOL_MAX: "9" };
    expect(seen(`${config}\n---\n${deploymentText(env, mounts)}`)).toEqual(expected);
  });
});

describe("the database of a host in a mounted file", () => {
  it.each([
    ["db:\n  host: pooler\n  name: x\n  database: app\n", "app"],
    ["redis: { db: 0 }\npg: { host: pooler }\n", undefined],
    ["mongo: { database: events }\npg: { host: pooler }\n", undefined],
    ["$conf['db'] = array('host' => 'pooler');", undefined],
    ["DATABASES = { 'default': dict(host='pooler', db=getenv('DB')) }", undefined],
  ])("is the one of a line, or nobody knows: %s", (text, database) => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "db" } };
    const config = JSON.stringify({ ...map, data: { "settings.php": text } });
    const mounts = `\n          volumeMounts: [{ name: c, mountPath: /c }]\n      volumes: [{ name: c, configMap: { name: c } }]`;
    const { clients } = systemIn(
      `${POOLER}${config}\n---\n${deploymentText({ POOL_MAX: "9" }, mounts)}`,
    );
    const known = clients.map(({ target }) =>
      target.kind === "pooler" && target.unknown?.includes("database") !== true
        ? target.database
        : undefined,
    );
    expect(known).toEqual([database]);
  });
});

describe("a command that names a host called pgbouncer", () => {
  it.each([
    ["until nc -z pgbouncer 6432; do sleep 1; done; exec app", []],
    ["psql -h pgbouncer -c 'select 1'", []],
    ["cat /etc/pgbouncer", []],
    ["exec pgbouncer /etc/pgbouncer/pgbouncer.ini", ["Deployment db/app"]],
    ["mkdir -p x && /usr/bin/pgbouncer -q x.ini", ["Deployment db/app"]],
    ["su-exec postgres pgbouncer x.ini", ["Deployment db/app"]],
  ])("is a PgBouncer only where it starts one: %s", (text, expected) => {
    const { poolers } = systemIn(deploymentText({}, command(text)));
    expect(poolers.map(({ name }) => name)).toEqual(expected);
  });

  it("runs something besides it where it is a daemon there", () => {
    const env = { DATABASE_URL: "postgres://app@localhost:6432/app" };
    const what = "what container server opens besides the PgBouncer that its command starts";
    const started = (text: string): unknown =>
      systemIn(deploymentText(env, command(text))).missing.map((one) => one.what);
    expect(started("pgbouncer -d x.ini && exec app")).toEqual([what]);
    expect(started("pgbouncer x.ini & exec app")).toEqual([what]);
    expect(started("exec pgbouncer x.ini")).toEqual([]);
  });
});

describe("two connection strings to one database", () => {
  it("are one pool where they tell the same", () => {
    expect(found({ DATABASE_URL: limited(5), POSTGRES_URL: limited(5) })).toEqual([5]);
    expect(found({ DATABASE_URL: URL, POSTGRES_URL: URL })).toEqual([9]);
  });

  it("are two where they differ", () => {
    expect(found({ DATABASE_URL: limited(5), WORKER_DATABASE_URL: limited(30) })).toEqual([5, 30]);
    expect(found({ DATABASE_URL: limited(5), WORKER_DATABASE_URL: URL })).toEqual([5, 9]);
  });
});

describe("what is not there to be read", () => {
  it.each([
    ["configMap: { name: app }", [whether("ConfigMap")]],
    ["secret: { secretName: app }", [whether("Secret")]],
    ["secret: { secretName: app-tls }", []],
    ["emptyDir: {}", []],
  ])("may name a pooler: %s", (source, expected) => {
    expect(found(NO_POOL, mounted(source))).toEqual(expected);
  });

  it("may name one besides a Postgres that is told", () => {
    const env = { REPORTS_DB_HOST: "reports.example.com" };
    const from = "\n          envFrom: [{ secretRef: { name: app } }]";
    expect(found(env, from)).toEqual([9, expect.stringContaining("Secret db/app")]);
    expect(found({ DATABASE_URL: URL }, from)).toEqual([9]);
  });

  it.each([
    ["ConnectionStrings__Default", 1],
    ["SPRING_R2DBC_URL", 1],
    ["ConnectionStrings__Redis", 0],
    ["AZURE_STORAGE_CONNECTION_STRING", 0],
  ])("is a whole connection string: %s", (name, count) => {
    const env = `env: [{ name: ${name}, valueFrom: { secretKeyRef: { name: s, key: k } } }]`;
    const { missing } = systemIn(POOLER + deploymentText({}).replace("env: []", env));
    expect(missing).toHaveLength(count);
  });
});

function opens(product: string): string {
  return `what StatefulSet db/other opens, and where: its container other runs ${product}, a pooler that weir can't read yet`;
}

describe("another pooler", () => {
  const LEADS = "leads: to pods that are no PgBouncer and no Postgres that weir knows";
  it.each([
    ["ghcr.io/postgresml/pgcat:1", "DATABASE_URL", [opens("PgCat")]],
    ["bitnami/pgpool:4", "DATABASE_URL", [opens("Pgpool-II")]],
    ["haproxy:3", "DATABASE_URL", [`where DATABASE_URL of Deployment db/app ${LEADS}`]],
    // Other stores have DB_HOST too.
    ["mysql:8", "DB_HOST", []],
    ["pgpool2_exporter", "DB_HOST", []],
  ])("is missing, once for all who go through it: %s", (image, url, expected) => {
    expect(of(behind(image, 5432, url))).toEqual(expect.arrayContaining(expected));
    expect(of(behind(image, 5432, url))).toHaveLength(expected.length);
  });

  it("can be told of", () => {
    const annotations = {
      "StatefulSet db/other": {
        "weir.dev/connects-to": "pg.example.com:5432/app?user=x",
        "weir.dev/pool-max": "20",
      },
    };
    const system = systemIn(POOLER + behind("pgcat", 5432, "DB_HOST"), annotations);
    expect(system.missing).toEqual([]);
    expect(system.clients.map(clientShape)).toContainEqual([
      "StatefulSet db/other, container other",
      1,
      20,
      "pg.example.com:5432",
    ]);
  });

  it("is perhaps a proxy beside the program, by localhost", () => {
    const env = { POOL_MAX: "2", DATABASE_URL: "postgres://app@localhost:5432/app" };
    const proxy = "\n        - { name: p, image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2 }";
    expect(of(deploymentText(env, proxy))).toEqual([
      "where DATABASE_URL of Deployment db/app leads: to a port of its own pod, which another container there passes on",
    ]);
    expect(of(deploymentText(env))).toEqual([]);
  });
});
