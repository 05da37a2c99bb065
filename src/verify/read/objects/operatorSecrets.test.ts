import { describe, expect, it } from "vitest";
import { APP_INI, clientShape, poolerText, systemIn } from "../../../../test/verify/systemText.ts";

/** What a container connects to whose only variables are these. */
function targets(objects: string, env: string): readonly unknown[] {
  const { clients, missing } = systemIn(`${poolerText(APP_INI)}${objects}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  template:
    spec:
      containers:
        - name: server
          image: registry.example/app:1
          env: [${env}, { name: DB_POOL_MAX, value: "1" }]
`);
  return [
    ...clients.map((client) => clientShape(client).slice(3).join(" ")),
    ...missing.filter(({ what }) => /Deployment db.app/.test(what)).map(({ what }) => what),
  ];
}

function from(name: string, secret: string, key: string): string {
  return `{ name: ${name}, valueFrom: { secretKeyRef: { name: ${secret}, key: ${key} } } }`;
}

const CNPG = `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: main, namespace: db }
`;
const CRUNCHY = `
apiVersion: postgres-operator.crunchydata.com/v1beta1
kind: PostgresCluster
metadata: { name: hippo, namespace: db }
`;
const ZALANDO = `
apiVersion: acid.zalan.do/v1
kind: postgresql
metadata: { name: team-pg, namespace: db }
`;
const LOGIN = "{ name: DB_HOST, value: pooler }, { name: DB_NAME, value: app }";

describe("a Secret that an operator makes", () => {
  it.each([
    [
      "CNPG's uri",
      `${CNPG}spec: {}`,
      from("DATABASE_URL", "main-app", "uri"),
      ["main-rw.db.svc.cluster.local:5432"],
    ],
    [
      "CNPG's login",
      `${CNPG}spec: { bootstrap: { initdb: { database: shop, owner: clerk } } }`,
      `${LOGIN}, ${from("DB_USER", "main-app", "username")}`,
      ["Deployment db/pooler app clerk"],
    ],
    [
      "CNPG's database, its owner by default",
      `${CNPG}spec: { bootstrap: { recovery: { database: shop } } }`,
      `{ name: DB_HOST, value: pooler }, ${from("DB_NAME", "main-app", "dbname")}, ${from("DB_USER", "main-app", "user")}`,
      ["Deployment db/pooler shop shop"],
    ],
    [
      "Crunchy's way to the primary",
      `${CRUNCHY}spec: { users: [{ name: rhino, databases: [zoo] }] }`,
      from("DATABASE_URL", "hippo-pguser-rhino", "uri"),
      ["hippo-primary.db.svc.cluster.local:5432"],
    ],
    [
      "Crunchy's way to its PgBouncer, without users",
      `${CRUNCHY}spec: { proxy: { pgBouncer: {} } }`,
      from("DATABASE_URL", "hippo-pguser-hippo", "pgbouncer-uri"),
      ["PostgresCluster db/hippo, pgBouncer hippo hippo"],
    ],
    [
      "Zalando's login, with an underscore",
      `${ZALANDO}spec: { users: { shop_owner: [] } }`,
      `${LOGIN}, ${from("DB_USER", "shop-owner.team-pg.credentials.postgresql.acid.zalan.do", "username")}`,
      ["Deployment db/pooler app shop_owner"],
    ],
  ])("%s", (_, objects, env, expected) => {
    expect(targets(objects, env)).toEqual(expected);
  });

  it.each([
    [
      "the application brings its own",
      `${CNPG}spec: { bootstrap: { initdb: { secret: { name: own } } } }`,
      from("DATABASE_URL", "main-app", "uri"),
    ],
    ["the superuser has none", `${CNPG}spec: {}`, from("DATABASE_URL", "main-superuser", "uri")],
    ["it is another cluster's", `${CNPG}spec: {}`, from("DATABASE_URL", "other-app", "uri")],
    ["it has no such key", `${CNPG}spec: {}`, from("DATABASE_URL", "main-app", "url")],
    [
      "it is in another namespace",
      `${CNPG.replace("namespace: db", "namespace: other")}spec: {}`,
      from("DATABASE_URL", "main-app", "uri"),
    ],
    [
      "the user has no database",
      `${CRUNCHY}spec: { users: [{ name: rhino }] }`,
      from("DATABASE_URL", "hippo-pguser-rhino", "uri"),
    ],
  ])("is asked for where %s", (_, objects, env) => {
    expect(targets(objects, env)).toEqual([
      expect.stringMatching(/^where DATABASE_URL .* is not among the objects$/),
    ]);
  });

  it("is what its own object says, where that is given", () => {
    const secret = `${CNPG}spec: {}
---
apiVersion: v1
kind: Secret
metadata: { name: main-app, namespace: db }
stringData: { uri: "postgres://me@pooler:6432/app" }
`;
    expect(targets(secret, from("DATABASE_URL", "main-app", "uri"))).toEqual([
      "Deployment db/pooler app me",
    ]);
  });
});
