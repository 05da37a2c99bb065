import { describe, expect, it } from "vitest";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { Template } from "../../template.ts";
import { isLocation, Stores } from "./stores.ts";

const STORES = new Stores(PRODUCTS.knowledge);

describe("which store a name is of", () => {
  it.each([
    "DATABASE_URL",
    "ORDERS_DB_HOST",
    "PGHOST",
    "POSTGRES_HOST",
    "RDS_HOSTNAME",
    "AURORA_ENDPOINT",
    "SQLALCHEMY_DATABASE_URI",
    "PRISMA_URL",
    "PGBOUNCER_HOST",
    "ConnectionString",
    "STORAGE_DATABASE_URL",
    "AUTHELIA_STORAGE_POSTGRES_ADDRESS",
    "DATA_SOURCE_NAME",
    "OPENFGA_DATASTORE_URI",
  ])("%s is about a Postgres", (name) => {
    expect(STORES.isDatabaseName(name)).toBe(true);
  });

  it.each([
    "MYSQL_DATABASE",
    "REDIS_DB",
    "MONGO_DB_HOST",
    "KAFKA_DSN",
    "SENTRY_DSN",
    "SERVICEBUS_CONNECTION_STRING",
    "SERVICE_BUS_CONNECTION_STRING",
    "AZURE_STORAGE_CONNECTION_STRING",
    "StorageAccountConnectionString",
    "ConnectionStrings__Storage",
    "CLICKHOUSE_DB",
    "PRISMATIC_URL",
    "APP_HOST",
  ])("%s is not", (name) => {
    expect(STORES.isDatabaseName(name)).toBe(false);
  });

  it.each([
    ["MYSQL_HOST", "db", true],
    ["MYSQL_HOST", "", false],
    ["MYSQL_PASSWORD", "x", false],
    ["REDIS_HOST", "r", false],
    ["APP_URL", "mysql2://db/app", true],
    ["APP_URL", "mysql+pymysql://db/app", true],
    ["APP_URL", "jdbc:oracle:thin:@db", true],
    ["APP_URL", "file:./dev.db", true],
    ["APP_URL", "redis://r", false],
    ["APP_URL", "mysteries: all", false],
    ["APP_URL", "postgres://db/app", false],
  ])("%s of %s", (name, text, isOther) => {
    expect(STORES.isOfAnother({ name, value: Template.of(text) })).toBe(isOther);
  });
});

it.each([
  ["PBW_POSTGRES_CONN_STRING", true],
  ["DB_HOSTS", true],
  ["MM_SQLSETTINGS_DATASOURCE", true],
  ["my-postgresql-link", true],
  ["DB_PASSWORD", false],
  ["DB_POOL_MAX_PER_SERVER", false],
  ["POSTGRES_SSL_SERVER", false],
])("%s says where to connect: %s", (name, isIt) => {
  expect(isLocation(name)).toBe(isIt);
});

it("a row adds a store, and a word of a Postgres' service", () => {
  const source = "https://example.org";
  const stores = new Stores({
    stores: [
      { name: "Other", words: ["OTHER"], schemes: ["other"], pooled: true, source },
      { name: "Service", postgres: ["NEON"], source },
    ],
  });
  expect(["OTHER_DB", "NEON_URL", "MYSQL_DB"].map((name) => stores.isDatabaseName(name))).toEqual([
    false,
    true,
    true,
  ]);
  expect(stores.isOfAnother({ name: "X", value: Template.of("other+x://a") })).toBe(true);
});

it.each([
  ["PGPASSWORD", "secret", true],
  ["DB_USER", "app", true],
  ["KONG_DATABASE", "off", false],
  ["DB_POOL_MAX", "5", false],
])("%s=%s is a part of a login: %s", (name, value, isIt) => {
  expect(STORES.isLogin({ name, value: Template.of(value) })).toBe(isIt);
});
