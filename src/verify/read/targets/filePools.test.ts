import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = "postgres://a@pooler:6432/app";
const ENV = { DATABASE_URL: URL, DB_POOL_MAX: "10" };

/** The pool of a container that has this file mounted, or what is missing. */
function poolWith(
  file: string,
  text: string,
  env: Readonly<Record<string, string>> = ENV,
  more: Readonly<Record<string, string>> = {},
): unknown {
  const config = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "db" },
    data: { [file]: text, ...more },
  };
  const mounts = `\n          volumeMounts: [{ name: c, mountPath: /c }]\n      volumes: [{ name: c, configMap: { name: c } }]`;
  const { clients } = systemIn(
    `${POOLER}${JSON.stringify(config)}\n---\n${deploymentText(env, mounts)}`,
  );
  return clients.map(({ pool }) => {
    if (!pool.known) return pool.what;
    return pool.assuming?.some(({ what }) => what.includes("not known to read"))
      ? `assumed ${pool.value}`
      : pool.value;
  });
}

describe("a file that says a larger pool than the variables is asked about", () => {
  it.each([
    [
      "application.yml",
      "spring:\n  datasource:\n    hikari:\n      maximum-pool-size: 50",
      "spring.datasource.hikari.maximum-pool-size",
    ],
    [
      "application.yaml",
      "spring.datasource.hikari.maximumPoolSize: 50",
      "spring.datasource.hikari.maximumPoolSize",
    ],
    [
      "application.properties",
      "spring.datasource.hikari.maximum-pool-size=50",
      "spring.datasource.hikari.maximum-pool-size",
    ],
    ["database.yml", "production:\n  adapter: postgresql\n  pool: 50", "production.pool"],
    [
      "appsettings.json",
      '{"ConnectionStrings":{"Main":"Host=pooler;Database=app;Username=a;Maximum Pool Size=50"}}',
      "ConnectionStrings.Main",
    ],
    ["config.toml", "[database]\npool_size = 50 # many\n", "database.pool_size"],
    ["config.json", '{"db": {"maxPoolSize": 50}}', "db.maxPoolSize"],
  ])("%s: %s", (file, text, setting) => {
    expect(poolWith(file, text)).toContainEqual(
      `how many connections a process of container server opens: ${setting} of ConfigMap db/c ${file} is 50, and DB_POOL_MAX 10`,
    );
  });

  it.each([
    ["database.yml", "production:\n  pool: 5"],
    ["config.yml", "redis:\n  pool: 50"],
    ["config.yml", "db:\n  timeout: 50"],
    ["config.yml", "mysql:\n  database:\n    pool_size: 50"],
    ["config.yml", "threads: { pool: 50 }"],
    ["pgbouncer.ini", "[databases]\napp = host=pg pool_size=50\n[pgbouncer]\n"],
    ["broken.yml", "a: [b\n"],
  ])("not by %s: %j", (file, text) => {
    expect(poolWith(file, text)).toEqual(["assumed 10"]);
  });
});

describe("the only size that files say is assumed where no variable says one", () => {
  const ASKED = "how many connections a process of container server opens";

  it.each([
    ["app.yml", `database:\n  url: ${URL}\n  pool: 95`, ["assumed 95"]],
    ["config.toml", `[database]\nurl = "${URL}"\npool_size = 7\n`, ["assumed 7"]],
    ["config.json", `{"db": {"url": "${URL}", "maxPoolSize": 50}}`, ["assumed 50"]],
    ["app.yml", `database:\n  url: ${URL}`, [ASKED]],
    ["app.yml", `redis:\n  pool: 95\ndatabase:\n  url: ${URL}`, [ASKED]],
    ["app.yml", `database:\n  url: ${URL}\n  pool_size: 9\n  max_overflow: 20`, [ASKED]],
    ["app.yml", `database:\n  url: ${URL}\n  pool: 9\nother_database:\n  pool: 9`, [ASKED]],
    ["app.yml", `database:\n  url: ${URL}\n  replica_url: ${URL}\n  pool: 9`, [ASKED]],
    ["app.yml", `database:\n  url: ${URL}\n  pool: 0`, [ASKED]],
  ])("%s: %j", (file, text, expected) => {
    expect(poolWith(file, text, {})).toEqual(expected);
  });

  it("not where another file says another", () => {
    const text = `database:\n  url: ${URL}\n  pool: 95`;
    expect(poolWith("app.yml", text, {}, { "b.yml": "database: { pool: 9 }" })).toEqual([ASKED]);
  });

  it("not where a variable says another", () => {
    const text = `database:\n  url: ${URL}\n  pool: 9`;
    expect(poolWith("app.yml", text, { DB_POOL_MAX: "10" })).toEqual(["assumed 10"]);
  });
});
