import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);

/** Database and pool of each client of a container with this environment. */
function found(env: Readonly<Record<string, string>>, more = ""): unknown {
  return shapes(deploymentText({ POOL_MAX: "9", ...env }, more));
}

function shapes(text: string): unknown {
  const { clients } = systemIn(POOLER + text);
  return clients.map(({ target }) =>
    target.kind === "pooler" ? target.database : target.postgres,
  );
}

const LOGIN = "the login of Deployment db/app, container server";

describe("a variable whose value is the name of a pooler's Service", () => {
  it.each([
    ["HOST_DB", "pooler"],
    ["dbHostPrimary", "pooler"],
    ["PGBOUNCER", "pooler"],
    ["DB_PRIMARY", "pooler.db"],
    ["DB_SERVICE", "pooler"],
    ["SERVERS", "pooler"],
    ["BACKEND_URL", "pooler"],
    ["UPSTREAM", "$(POOLER_SERVICE_HOST)"],
    ["DATABASE_URL", "postgres://$(POOLER_SERVICE_HOST):$(POOLER_SERVICE_PORT)"],
  ])("is a target: %s=%s", (name, value) => {
    expect(found({ [name]: value })).toEqual([LOGIN]);
  });

  it.each([
    ["MODE", "pooler"],
    ["APP_NAME", "pooler"],
    ["OTEL_SERVICE_NAME", "pooler"],
    ["DB_NAME", "pooler"],
    ["POSTGRES_DB", "pooler"],
    ["DB_USER", "pooler"],
    ["DB_TYPE", "pooler"],
    ["REDIS_HOST", "redis"],
    ["HOST_DB", "other"],
    ["HOST_DB", "pooler.web"],
  ])("is none: %s=%s", (name, value) => {
    expect(found({ [name]: value, POOL_MAX: "" })).toEqual([]);
  });

  it.each([
    ["DATA_SOURCE_URI", "pooler:6432/app?sslmode=disable"],
    ["DB_URL", "me:x@pooler.db:6432/app"],
  ])("is a target as a URL without its scheme: %s=%s", (name, value) => {
    expect(found({ [name]: value })).toEqual(["app"]);
  });

  it("is none in a path: DATABASE_URL=data/app.db", () => {
    expect(found({ DATABASE_URL: "data/app.db", POOL_MAX: "" })).toEqual([]);
  });

  it.each([
    ["of a connection string", "CONFIG_B64", "DATABASE_URL=postgres://a@pooler:6432/app\n"],
    ["of settings", "SETTINGS", "db:\n  host: pooler\n  port: 6432\n  database: app\n"],
  ])("is a target in base64 %s", (_, name, text) => {
    expect(found({ [name]: btoa(text) })).toEqual(["app"]);
  });

  it.each(["pooler,pooler.db", "other pooler", "other; pooler"])("is one in a list: %s", (list) => {
    expect(found({ DB_HOSTS: list })).toEqual([LOGIN]);
  });

  it("is a target whose database nobody says: DB_HOST", () => {
    const database = "the database of Deployment db/app, container server";
    expect(found({ DB_HOST: "$(POOLER_PORT_6432_TCP_ADDR)" })).toEqual([database]);
  });

  it("has the database that another variable names", () => {
    expect(found({ HOST_DB: "pooler", NAME_DB: "app" })).toEqual(["app"]);
  });

  it("is a target in a script too", () => {
    const script = "\n          command: [sh, -c, 'exec app --db-host=$POOLER_SERVICE_HOST']";
    expect(found({}, script)).toEqual([LOGIN]);
  });
});

describe("a mounted file that names a pooler", () => {
  it.each([
    ["config.php", "$c = array('dbhost' => 'pooler', 'dbname' => 'app');"],
    ["wp-config.php", "define('DB_NAME', 'app');\ndefine( 'DB_HOST', 'pooler' );"],
    ["settings.py", "DATABASES = {'default': {'NAME': 'x', 'HOST': 'pooler', 'db': 'app'}}"],
    ["database.rb", ":adapter => 'postgresql', :host => 'pooler', :database => 'app'"],
    ["app.toml", '[db]\nserver = "pooler"\ndatabase = "app"'],
    ["app.properties", "db.host=pooler\ndb.database=app"],
    ["config.exs", 'config :app, hostname: "pooler", database: "app"'],
    ["app.xml", "<db><host>pooler</host><database>app</database></db>"],
    ["config.lua", 'db_addr = "pooler:6432"\ndatabase = "app"'],
  ])("%s", (file, text) => {
    expect(mounted(file, text)).toEqual(["app"]);
  });

  it.each([
    ["config.php", "'name' => 'pooler', 'host' => 'web'"],
    ["app.toml", 'mode = "pooler"'],
  ])("not in %s: %s", (file, text) => {
    expect(mounted(file, text)).toEqual([]);
  });
});

it("is what a file holds that a variable names", () => {
  expect(
    shapes(
      files({ host: "pooler\n", db: "app" }, { DB_HOST_FILE: "/c/host", DB_NAME_FILE: "/c/db" }),
    ),
  ).toEqual(["app"]);
  const url = "postgres://a@pooler/app";
  expect(shapes(files({ url }, { DATABASE_URL_FILE: "/c/url" }))).toEqual(["app"]);
});

function mounted(file: string, text: string): unknown {
  return shapes(files({ [file]: text }));
}

function files(
  data: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): string {
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "db" } };
  const config = JSON.stringify({ ...map, data });
  const mounts = `\n          volumeMounts: [{ name: c, mountPath: /c }]\n      volumes: [{ name: c, configMap: { name: c } }]`;
  return `${config}\n---\n${deploymentText(env, mounts)}`;
}

it.each([
  ["db-host.com", "db-host.com:5432"],
  ["DB.example", "db.example:5432"],
  ["pg.example.com", "pg.example.com:5432"],
  ["[2001:DB8:0::1]", "[2001:db8::1]:5432"],
])("calls the host %s outside of the cluster as it is", (host, address) => {
  expect(found({ DATABASE_URL: `postgres://a@${host}/app` })).toEqual([address]);
});
