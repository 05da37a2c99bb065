import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  figure,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = { DATABASE_URL: "postgres://app@pooler:6432/app" };
const NO_POOL = "how many connections a process of container server opens";

function pool(
  env: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): number | string | undefined {
  const text = POOLER + deploymentText({ ...URL, ...env });
  const { clients } = systemIn(text, { "Deployment db/app": annotations });
  expect(clients).toHaveLength(1);
  return figure(clients[0]?.pool);
}

describe("the pool of a process", () => {
  it.each([
    [{ DB_POOL_MAX_PER_SERVER: "5" }, 5],
    [{ SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: "12" }, 12],
    [{ ORDERS_DB_POOL_SIZE: "6" }, 6],
    [{ SQLALCHEMY_POOL_SIZE: "5", SQLALCHEMY_MAX_OVERFLOW: "10" }, 15],
    [{ RAILS_MAX_THREADS: "5" }, 5],
    [{ RAILS_MAX_THREADS: "5", DB_POOL: "7" }, 7],
    [{ DB_POOL_MAX: "5", DB_MAX_CONNECTIONS: "5" }, 5],
    [{ DB_MAX_CONNECTION: "60" }, 60],
    [{ ORDERS_DB_MAX_CONN: "7" }, 7],
    [{ DB_MAX_OPEN_CONN: "8" }, 8],
    [{ DB_MIN_CONNECTION: "5" }, NO_POOL],
    [{ REDIS_MAX_CONNECTION: "5" }, NO_POOL],
    [{}, NO_POOL],
    [
      { DB_POOL_MAX: "5", DB_MAX_CONNECTIONS: "6" },
      `${NO_POOL}: DB_POOL_MAX and DB_MAX_CONNECTIONS disagree`,
    ],
    [{ DB_POOL_MAX: "0" }, `${NO_POOL}: DB_POOL_MAX is 0, which often means unlimited`],
    [{ DB_POOL_MAX: "lots" }, `${NO_POOL}: DB_POOL_MAX is no positive whole number`],
    [
      { SQLALCHEMY_POOL_SIZE: "5" },
      `${NO_POOL}: SQLALCHEMY_POOL_SIZE is without SQLAlchemy's max_overflow`,
    ],
    // What SQLAlchemy opens beyond its pool, by whatever name.
    [{ DB_POOL_SIZE: "5", DB_MAX_OVERFLOW: "10" }, 15],
    [{ DB_POOL_SIZE: "5", DB_POOL_MAX_OVERFLOW: "0" }, 5],
    [{ POOL_SIZE: "5", MAX_OVERFLOW: "30" }, 35],
    [{ DB_POOL_SIZE: "5", MAX_OVERFLOW: "3" }, 8],
    [{ ORDERS_DB_POOL_SIZE: "5", ORDERS_DB_MAX_OVERFLOW: "4", MAX_OVERFLOW: "9" }, 9],
    [{ DATABASE_URL: "postgres://app@pooler/app?pool_size=5&max_overflow=10" }, 15],
    [{ DATABASE_URL: "postgres://app@pooler/app?max_overflow=2", DB_POOL_SIZE: "5" }, 7],
    [{ DATABASE_URL: "postgres://app@pooler/app?pool_size=5", MAX_OVERFLOW: "2" }, 7],
    [
      { DB_POOL_SIZE: "5", DB_MAX_OVERFLOW: "-1" },
      `${NO_POOL}: DB_MAX_OVERFLOW is no whole number`,
    ],
    [
      { DB_POOL_SIZE: "5", MAX_OVERFLOW: "1", SQLALCHEMY_MAX_OVERFLOW: "2" },
      `${NO_POOL}: MAX_OVERFLOW and SQLALCHEMY_MAX_OVERFLOW disagree`,
    ],
    [
      { DB_POOL_SIZE: "5", ORDERS_DB_MAX_OVERFLOW: "4" },
      `${NO_POOL}: DB_POOL_SIZE is without SQLAlchemy's max_overflow`,
    ],
    ...["asyncpg", "psycopg", "psycopg2"].map(
      (driver): [Readonly<Record<string, string>>, string] => [
        { DATABASE_URL: `postgresql+${driver}://app@pooler/app`, DB_POOL_SIZE: "5" },
        `${NO_POOL}: DB_POOL_SIZE is without SQLAlchemy's max_overflow`,
      ],
    ),
    [
      { DATABASE_URL: "postgresql+asyncpg://app@pooler/app?pool_size=5" },
      `${NO_POOL}: pool_size is without SQLAlchemy's max_overflow`,
    ],
    [
      { SQLALCHEMY_DATABASE_URI: "postgresql://app@pooler/app", DB_POOL_SIZE: "5" },
      `${NO_POOL}: DB_POOL_SIZE is without SQLAlchemy's max_overflow`,
    ],
    // Airflow's own names; an overflow that is not written is what its documentation says.
    [
      {
        DATABASE_URL: "",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: "postgresql+psycopg2://app@pooler/app",
        AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE: "30",
        AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW: "10",
      },
      40,
    ],
    [
      {
        DATABASE_URL: "",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: "postgresql+psycopg2://app@pooler/app",
        AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE: "30",
      },
      40,
    ],
    [
      {
        DATABASE_URL: "",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: "postgresql+psycopg2://app@pooler/app",
      },
      15,
    ],
    // The defaults of programs that are surely there.
    [{ DATABASE_URL: "", PGRST_DB_URI: "postgres://app@pooler/app" }, 11],
    [{ DATABASE_URL: "", PGRST_DB_URI: "postgres://app@pooler/app", PGRST_DB_POOL: "4" }, 5],
    [{ DATABASE_URL: "", KC_DB_URL: "jdbc:postgresql://pooler/app", KC_DB_USERNAME: "app" }, 100],
    [{ DATABASE_URL: "", DB_POSTGRESDB_HOST: "pooler", DB_POSTGRESDB_USER: "app" }, 2],
    [{ DATABASE_URL: "", ConnectionStrings__Shop: "Host=pooler;Database=app;Username=app" }, 100],
    [
      {
        DATABASE_URL: "",
        ConnectionStrings__Shop: "Host=pooler;Database=app;Username=app;Maximum Pool Size=7",
      },
      7,
    ],
    // Another program's variable says nothing of this connection.
    [{ KC_HOSTNAME: "id.example.com" }, NO_POOL],
    // A size with words of its own belongs to the connection with these words, or to all.
    [{ ORDERS_DB_POOL_SIZE: "20", ORDERS_DATABASE_URL: "", DB_POOL_SIZE: "4" }, 4],
    [{ ORDERS_DB_POOL_SIZE: "20", ORDERS_DATABASE_URL: "" }, NO_POOL],
    [
      { ORDERS_DB_POOL_SIZE: "20", DB_POOL_SIZE: "4" },
      `${NO_POOL}: ORDERS_DB_POOL_SIZE and DB_POOL_SIZE disagree`,
    ],
    [{ DB_READ_POOL_SIZE: "20", DB_READ_HOST: "", DB_POOL_SIZE: "4" }, 4],
    // The same names, written in other ways.
    [{ Database__MaxPoolSize: "6" }, 6],
    [{ GITEA__database__MAX_OPEN_CONNS: "6" }, 6],
    [{ "spring.datasource.hikari.maximum-pool-size": "6" }, 6],
    [{ JAVA_OPTS: "-Xmx1g -Dspring.datasource.hikari.maximum-pool-size=6" }, 6],
    [
      { JAVA_OPTS: "-Dspring.datasource.hikari.maximumPoolSize=6", DB_POOL_SIZE: "4" },
      `${NO_POOL}: DB_POOL_SIZE and spring.datasource.hikari.maximumPoolSize disagree`,
    ],
    [{ JAVA_OPTS: "-Dredis.pool.max-size=6 -Dserver.max-connections=6" }, NO_POOL],
    // Names of other things.
    [{ REDIS_POOL_SIZE: "20" }, NO_POOL],
    [{ MAX_THREADS: "20" }, NO_POOL],
    // Who says the most says all.
    [{ DATABASE_URL: "postgresql+asyncpg://app@pooler/app", DB_POOL_MAX: "5" }, 5],
    // The connection string goes before the variables.
    [{ DATABASE_URL: "postgres://app@pooler/app?connection_limit=2", DB_POOL_MAX: "9" }, 2],
    [
      { DATABASE_URL: "postgres://app@pooler/app?connection_limit=2&pool_size=3" },
      `${NO_POOL}: connection_limit and pool_size disagree`,
    ],
  ])("%j", (env, expected) => {
    expect(pool(env)).toBe(expected);
  });

  it.each([
    ["command: [kc.sh, start, --db-pool-max-size=7]", 7],
    [`command: [app, --db-pool-size, "7"]`, 7],
    ["command: [app, --pool-size=7]", NO_POOL],
  ])("by %s", (command, expected) => {
    const { clients } = systemIn(POOLER + deploymentText(URL, `\n          ${command}`));
    expect(clients.map((client) => figure(client.pool))).toEqual([expected]);
  });

  it("assumes no default where a part of the environment is not there", () => {
    const env = { PGRST_DB_URI: "postgres://app@pooler/app" };
    const more = "\n          envFrom: [{ configMapRef: { name: settings } }]";
    const { clients } = systemIn(POOLER + deploymentText(env, more));
    const why = "ConfigMap db/settings may say it, and is not among the objects";
    expect(clients.map((client) => figure(client.pool))).toEqual([`${NO_POOL}: ${why}`]);
  });

  it.each([
    ["weir.dev/pool-max", "4", 4],
    ["weir.dev/pool-max", "server=4,other=9", 4],
    ["weir.dev/pool-max", "other=9", 5],
    [
      "weir.dev/pool-max",
      "4.5",
      `${NO_POOL}: the annotation weir.dev/pool-max is no positive whole number`,
    ],
    // weir's own: a process starts with one and may follow the other.
    ["weir.dev/pool-limit", "4", 5],
    ["weir.dev/pool-limit", "9", 9],
  ])("with %s: %s", (name, value, expected) => {
    expect(pool({ DB_POOL_MAX: "5" }, { [name]: value })).toBe(expected);
  });

  it("names both sources where weir's annotation and the environment differ", () => {
    const text = POOLER + deploymentText({ ...URL, DB_POOL_MAX: "5" });
    const annotations = { "Deployment db/app": { "weir.dev/pool-limit": "9" } };
    const figureOfPool = systemIn(text, annotations).clients[0]?.pool;
    expect(figureOfPool).toMatchObject({
      why: "the larger of weir.dev/pool-limit 9 and DB_POOL_MAX 5",
    });
  });

  it("takes each database's own variable where there are several", () => {
    const env = {
      READ_DB_HOST: "pooler",
      READ_DB_NAME: "a",
      READ_DB_USER: "u",
      READ_DB_POOL_SIZE: "2",
      WRITE_DB_HOST: "pooler",
      WRITE_DB_NAME: "b",
      WRITE_DB_USER: "u",
      WRITE_DB_POOL_SIZE: "3",
    };
    const { clients } = systemIn(POOLER + deploymentText(env));
    expect(clients.map((client) => figure(client.pool))).toEqual([2, 3]);
  });

  it.each([
    // Meant for worker, which says nothing: it makes web's no smaller.
    ["2", [9, 2]],
    ["20", [20, 20]],
    ["web=2", [2, undefined]],
  ])("with weir.dev/pool-max %s said of a pod of several containers", (value, expected) => {
    const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  template:
    spec:
      containers:
        - name: web
          env: [{ name: DATABASE_URL, value: "postgres://web@pooler/app?connection_limit=9" }]
        - name: worker
          env: [{ name: DATABASE_URL, value: "postgres://worker@pooler/app" }]
`;
    const { clients } = systemIn(POOLER + deployment, {
      "Deployment db/app": { "weir.dev/pool-max": value },
    });
    const sizes = clients.map((client) => (client.pool.known ? client.pool.value : undefined));
    expect(sizes).toEqual(expected);
    const tells = systemIn(POOLER + deployment).clients.flatMap(({ pool: size }) =>
      size.known ? [] : [size.remedy],
    );
    expect(tells).toEqual(['annotate its pod template with weir.dev/pool-max: "worker=N"']);
  });
});
