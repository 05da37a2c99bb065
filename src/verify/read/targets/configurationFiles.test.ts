import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

interface Found {
  readonly clients: readonly unknown[];
  readonly missing: readonly string[];
}

/** The clients of a container into which this file is mounted. */
function found(text: string, env: Readonly<Record<string, string>> = {}): Found {
  const config = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "db" },
    data: { "d.yml": text },
  };
  const mounts = `
          volumeMounts: [{ name: c, mountPath: /etc/grafana/provisioning/datasources }]
      volumes: [{ name: c, configMap: { name: c } }]`;
  const pod = deploymentText(env, mounts).replace("registry.example/app:1", "grafana/grafana:11");
  const { clients, missing } = systemIn(
    `${poolerText(APP_INI)}${JSON.stringify(config)}\n---\n${pod}`,
  );
  const shapes = clients.map((one) => {
    const [, , pool, ...to] = clientShape(one);
    return [pool, one.pool.known && one.pool.least, ...to];
  });
  return { clients: shapes, missing: missing.map(({ what }) => what) };
}

const source = (fields: string, type = "postgres"): string =>
  `  - { name: a, type: ${type}, ${fields} }\n`;
const sources = (...all: readonly string[]): string =>
  `apiVersion: 1\ndatasources:\n${all.join("")}`;
const POOLER = "Deployment db/pooler";
const OWN = "url: 'pooler:6432', database: app, user: g";

describe("a data source of Grafana", () => {
  it.each([
    [
      "with a size",
      sources(source(`${OWN}, jsonData: { maxOpenConns: 95 }`)),
      [[95, undefined, POOLER, "app", "g"]],
    ],
    ["without a size", sources(source(OWN)), [[100, 1, POOLER, "app", "g"]]],
    [
      "with its database in jsonData",
      sources(source("url: 'pooler:6432', user: g, jsonData: { database: app, maxOpenConns: 4 }")),
      [[4, undefined, POOLER, "app", "g"]],
    ],
    [
      "that is one of two to the same place",
      sources(
        source(`${OWN}, jsonData: { maxOpenConns: 4 }`),
        source(`${OWN}, jsonData: { maxOpenConns: 4 }`),
      ),
      [
        [4, undefined, POOLER, "app", "g"],
        [4, undefined, POOLER, "app", "g"],
      ],
    ],
    [
      "by its newer type",
      sources(source(OWN, "grafana-postgresql-datasource")),
      [[100, 1, POOLER, "app", "g"]],
    ],
    [
      "past the pooler",
      sources(source("url: 'pg:5432', database: app, user: g, jsonData: { maxOpenConns: 9 }")),
      [[9, undefined, "pg.db.svc.cluster.local:5432"]],
    ],
    ["of another kind", sources(source("url: 'http://loki:3100'", "loki")), []],
    ["of none", "apiVersion: 1\ndatasources: []\n", []],
    ["in another file", "apiVersion: 1\nproviders: []\n", []],
  ])("%s", (_, text, clients) => {
    expect(found(text)).toEqual({ clients, missing: [] });
  });

  it.each([
    ["${WHERE}", { WHERE: "pooler:6432" }],
    ["$WHERE", { WHERE: "pooler:6432" }],
    ["$__env{WHERE}:6432", { WHERE: "pooler" }],
  ])("has its address from a variable: %s", (url, env) => {
    const text = sources(source(`url: '${url}', database: app, user: g`));
    expect(found(text, env).clients).toContainEqual([100, 1, POOLER, "app", "g"]);
  });

  it("whose address is hidden is asked about", () => {
    const { missing } = found(sources(source("url: '${WHERE}', database: app")));
    expect(missing).toEqual([expect.stringMatching(/leads: \$WHERE is not among the objects/)]);
  });

  it("that may open any number is asked about", () => {
    const { clients } = found(sources(source(`${OWN}, jsonData: { maxOpenConns: 0 }`)));
    expect(clients).toEqual([
      [expect.stringMatching(/0, which often means unlimited/), false, POOLER, "app", "g"],
    ]);
  });

  it("has what a variable sets for all of them", () => {
    const env = { GF_SQL_DATASOURCES_MAX_OPEN_CONNS_DEFAULT: "7" };
    expect(found(sources(source(OWN)), env).clients).toEqual([[7, undefined, POOLER, "app", "g"]]);
  });
});
