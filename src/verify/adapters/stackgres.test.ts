import { describe, expect, it } from "vitest";
import {
  clientShape,
  deploymentText,
  figure,
  poolerShape,
  systemIn,
} from "../../../test/verify/systemText.ts";
import { prove } from "../proof/prove.ts";

function cluster(fields = "", instances = 1): string {
  return `
apiVersion: stackgres.io/v1
kind: SGCluster
metadata: { name: pg, namespace: db }
spec: { instances: ${instances}, postgres: { version: "16" }${fields} }
---
`;
}

const POOLING = `
apiVersion: stackgres.io/v1
kind: SGPoolingConfig
metadata: { name: pooling, namespace: db }
spec:
  pgBouncer:
    pgbouncer.ini:
      pgbouncer: { max_client_conn: "200", default_pool_size: "30", auth_user: other }
      databases: { app: { dbname: main, pool_size: 5, host: elsewhere } }
      users: { web: { max_user_connections: 7 } }
---
`;
const ADDRESS = "pg.db.svc.cluster.local:5433";

function pooling(fields: string): string {
  return `, configurations: { pooling: { pgBouncer: { pgbouncer.ini: { pgbouncer: { ${fields} } } } } }`;
}

function groupsOf(text: string): unknown {
  return systemIn(text).poolers.map(poolerShape);
}

function shapeOf(role: string, capacity: unknown, lines: readonly unknown[], users?: unknown) {
  const group = { processes: 1, capacity, lines, ...(users === undefined ? {} : { users }) };
  return {
    name: `SGCluster db/pg, PgBouncer of the ${role}`,
    scope: "service",
    groups: [group],
  };
}

describe("StackGres", () => {
  const authUser = "authenticator";

  it("has its defaults", () => {
    expect(groupsOf(cluster())).toEqual([
      shapeOf("primary", 1000, [["*", ADDRESS, 1000, 0, { authUser }]]),
    ]);
  });

  it("has a PgBouncer before each Postgres, the replicas' as one", () => {
    const system = systemIn(cluster("", 3));
    expect(system.poolers.map(({ groups }) => groups[0]?.lines[0]?.postgres)).toEqual([
      ADDRESS,
      "pg-replicas.db.svc.cluster.local:5433",
    ]);
    // 100, and 8 for superusers.
    expect(system.postgres.map(({ available }) => figure(available))).toEqual([92, 92]);
  });

  it("takes what its SGPoolingConfig says, but where to connect and as whom to ask", () => {
    const text = cluster(", configurations: { sgPoolingConfig: pooling }") + POOLING;
    const lines = [
      ["app", ADDRESS, 5, 0, { authUser }, { database: "main" }],
      ["*", ADDRESS, 30, 0, { authUser }],
    ];
    expect(groupsOf(text)).toEqual([shapeOf("primary", 200, lines, [["web", 7]])]);
  });

  it("breaks no sum by the size that it has by default", () => {
    const client = deploymentText({ DATABASE_URL: "postgres://u@pg/app", DB_POOL_MAX: "5" });
    const verdicts = ["", "default_pool_size: 1000", "default_pool_size: 40"].map(
      (fields) => prove(systemIn(cluster(pooling(fields)) + client)).verdict,
    );
    expect(verdicts).toEqual(["unknown", "broken", "fits"]);
  });

  it("takes what stands in the cluster itself over it", () => {
    const own =
      "pooling: { pgBouncer: { pgbouncer.ini: { pgbouncer: { max_client_conn: 60, default_pool_size: 4 } } } }";
    const text = cluster(`, configurations: { ${own} }`);
    expect(groupsOf(text)).toEqual([shapeOf("primary", 60, [["*", ADDRESS, 4, 0, { authUser }]])]);
  });

  it("does not know what a configuration says that is not there", () => {
    const text = cluster(", configurations: { sgPoolingConfig: gone, sgPostgresConfig: gone }");
    const what = "what SGCluster db/pg takes from SGPoolingConfig db/gone";
    expect(groupsOf(text)).toEqual([shapeOf("primary", what, [])]);
    expect(figure(systemIn(text).postgres[0]?.available)).toBe("max_connections of Postgres");
  });

  it("reads max_connections from its SGPostgresConfig", () => {
    const text = `${cluster(", configurations: { sgPostgresConfig: conf }")}
apiVersion: stackgres.io/v1
kind: SGPostgresConfig
metadata: { name: conf, namespace: db }
spec: { postgresVersion: "16", postgresql.conf: { max_connections: "300", superuser_reserved_connections: "5" } }`;
    expect(figure(systemIn(text).postgres[0]?.available)).toBe(295);
  });

  it.each([
    ["", 5432, ["SGCluster db/pg, PgBouncer of the primary", "app", "u"]],
    ["", 5433, [ADDRESS]],
  ])("leads with %j at port %d to %j", (fields, port, target) => {
    const client = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: db }
spec: { containers: [{ name: web, image: web, env: [{ name: DATABASE_URL, value: "postgres://u@pg:${port}/app" }] }] }
`;
    const { clients } = systemIn(cluster(fields) + client);
    expect(clients.map((one) => clientShape(one).slice(3))).toEqual([target]);
  });

  it("has no PgBouncer where its pooling is disabled", () => {
    const { poolers, postgres } = systemIn(cluster(", pods: { disableConnectionPooling: true }"));
    expect(poolers).toEqual([]);
    expect(postgres.map(({ address }) => address)).toEqual(["pg.db.svc.cluster.local:5432"]);
  });
});
