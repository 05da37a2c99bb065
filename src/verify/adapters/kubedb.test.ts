import { describe, expect, it } from "vitest";
import { figure, poolerShape, systemIn } from "../../../test/verify/systemText.ts";

function pgbouncer(fields: string, version = "v1"): string {
  return `
apiVersion: kubedb.com/${version}
kind: PgBouncer
metadata: { name: pooler, namespace: db }
spec: { version: "1.24.0", replicas: 2, ${fields} }
---
`;
}

const DATABASE = "database: { databaseName: app, databaseRef: { name: pg, namespace: data } }";
const PG = "pg.data.svc.cluster.local:5432";
const UNDECIDED =
  "max_db_connections of PgBouncer db/pooler: versions of KubeDB have different defaults";

function groupOf(text: string): unknown {
  const [pooler] = systemIn(text).poolers;
  return pooler && poolerShape(pooler);
}

function shapeOf(capacity: unknown, lines: readonly unknown[]): unknown {
  return {
    name: "PgBouncer db/pooler",
    scope: "service",
    groups: [{ processes: 2, capacity, lines }],
  };
}

describe("KubeDB's PgBouncer", () => {
  it.each([
    [
      "with nothing said",
      pgbouncer(DATABASE),
      shapeOf(100, [["app", PG, 20, 1, { servers: UNDECIDED }, { database: "app" }]]),
    ],
    [
      "with a connectionPool, its numbers as texts too",
      pgbouncer(
        `${DATABASE}, connectionPool: { maxClientConnections: "87", defaultPoolSize: 2, reservePoolSize: 0, maxDBConnections: 0 }`,
      ),
      shapeOf(87, [["app", PG, 2, 0, { database: "app" }]]),
    ],
    [
      "of an older version, with aliases",
      pgbouncer(
        "databases: [{ alias: shop, databaseName: app, databaseRef: { name: pg } }], connectionPool: { reservePoolSize: 5, maxDBConnections: 9 }",
        "v1alpha2",
      ),
      shapeOf(100, [
        ["shop", "pg.db.svc.cluster.local:5432", 20, 5, { servers: 9 }, { database: "app" }],
      ]),
    ],
    [
      "before a Postgres elsewhere, by an AppBinding",
      `${pgbouncer(`${DATABASE}, connectionPool: { maxDBConnections: 9 }`)}
apiVersion: appcatalog.appscode.com/v1alpha1
kind: AppBinding
metadata: { name: pg, namespace: data }
spec: { clientConfig: { url: "postgresql://pg.example.com:6000/" } }`,
      shapeOf(100, [["app", "pg.example.com:6000", 20, 1, { servers: 9 }, { database: "app" }]]),
    ],
    [
      "with a file in a Secret",
      `${pgbouncer(`${DATABASE}, configSecret: { name: custom }, connectionPool: { maxDBConnections: 9 }`)}
apiVersion: v1
kind: Secret
metadata: { name: custom, namespace: db }
stringData: { pgbouncer.ini: "[pgbouncer]\\nmax_client_conn = 30\\n" }`,
      shapeOf(30, [["app", PG, 20, 1, { servers: 9 }, { database: "app" }]]),
    ],
    [
      "with another number inline than in its connectionPool",
      pgbouncer(
        `${DATABASE}, configuration: { inline: { pgbouncer.ini: "[pgbouncer]\\nmax_client_conn = 30\\n" } }, connectionPool: { maxClientConnections: 20, maxDBConnections: 9 }`,
      ),
      shapeOf(
        "which max_client_conn of PgBouncer db/pooler applies: spec.connectionPool has another than its file",
        [["app", PG, 20, 1, { servers: 9 }, { database: "app" }]],
      ),
    ],
    ...["configSecret: { name: custom }", "configuration: { secretName: custom }"].map((field) => [
      `with ${field} that is not there`,
      pgbouncer(`${DATABASE}, ${field}`),
      shapeOf("the configuration of PgBouncer db/pooler, which Secret db/custom holds", []),
    ]),
  ])("%s", (_, text, expected) => {
    expect(groupOf(String(text))).toEqual(expected);
  });

  it("takes clients at the port that it is given, once, whatever runs it", () => {
    const system = systemIn(`${pgbouncer(`${DATABASE}, connectionPool: { port: 6000 }`)}
apiVersion: apps.k8s.appscode.com/v1
kind: PetSet
metadata: { name: pooler, namespace: db }
spec: { replicas: 2, template: { spec: { containers: [{ name: pgbouncer, image: ghcr.io/kubedb/pgbouncer:1.24.0 }] } } }
---
apiVersion: v1
kind: Pod
metadata: { name: app, namespace: web }
spec: { containers: [{ name: app, image: app, env: [{ name: DATABASE_URL, value: "postgres://u@pooler.db:6000/app" }] }] }
`);
    expect(system.poolers.map(({ name }) => name)).toEqual(["PgBouncer db/pooler"]);
    expect(system.clients.map(({ target }) => target.kind)).toEqual(["pooler"]);
    expect(system.missing).toEqual([]);
  });
});

function postgres(fields: string): string {
  return `
apiVersion: kubedb.com/v1
kind: Postgres
metadata: { name: pg, namespace: db }
spec: { version: "16.4", replicas: 3${fields} }
---
apiVersion: v1
kind: Secret
metadata: { name: there, namespace: db }
data: { user.conf: ${btoa("max_connections = 250\nshared_buffers = 256MB")} }
`;
}

describe("KubeDB's Postgres", () => {
  it.each([
    ["", 97],
    [", configSecret: { name: there }", 247],
    [", configuration: { secretName: there }", 247],
    [", configuration: { secretName: gone }", "max_connections of Postgres"],
    [', configuration: { inline: { user.conf: "max_connections=135" } }', 132],
    [", configuration: { tuning: { profile: web, maxConnections: 200 } }", 197],
  ])("with %j", (fields, available) => {
    const [primary, standby] = systemIn(postgres(fields)).postgres;
    expect(primary?.address).toBe("pg.db.svc.cluster.local:5432");
    expect(standby?.address).toBe("pg-standby.db.svc.cluster.local:5432");
    expect(figure(primary?.available)).toBe(available);
  });
});
