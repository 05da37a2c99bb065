import { describe, expect, it } from "vitest";
import { figure, poolerShape, poolerText, systemIn } from "../../../../test/verify/systemText.ts";
import { readObjects } from "../readObjects.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { readSystem } from "../readSystem.ts";

const PG = "pg.db.svc.cluster.local:5432";

function groupsOf(text: string): unknown {
  const { poolers } = systemIn(text);
  return poolers.map(poolerShape);
}

function oneLine(ini: string): unknown {
  const { poolers } = systemIn(poolerText(ini));
  const [line] = poolers[0]?.groups[0]?.lines ?? [];
  return line === undefined
    ? undefined
    : [
        figure(line.poolSize),
        figure(line.reservePool),
        figure(line.maxBackends),
        figure(line.maxClients),
      ];
}

describe("an ini", () => {
  it.each([
    ["app = host=pg", "", [20, 0, 0, 0]],
    ["app = host=pg pool_size=7", "default_pool_size = 3", [7, 0, 0, 0]],
    ["app = host=pg", "default_pool_size = 3\nreserve_pool_size = 2", [3, 2, 0, 0]],
    ["app = host=pg", "reserve_pool_size = 2\nreserve_pool_timeout = 0", [20, 0, 0, 0]],
    ["app = host=pg reserve_pool=4 max_db_connections=9", "", [20, 4, 9, 0]],
    ["app = host=pg reserve_pool_size=4", "max_db_connections = 8", [20, 4, 8, 0]],
    ["app = host=pg max_db_client_connections=6", "max_db_client_connections = 8", [20, 0, 0, 6]],
    // As C's atoi reads them.
    ["app = host=pg pool_size=abc", "", [0, 0, 0, 0]],
    ["app = host=pg pool_size=5x", "", [5, 0, 0, 0]],
    // A user's own size goes before the line's.
    ["app = host=pg user=a pool_size=5\n[users]\na = pool_size=9", "", [9, 0, 0, 0]],
    ["app = host=pg user=a pool_size=5\n[users]\nb = pool_size=9", "", [5, 0, 0, 0]],
    ["app = host=pg pool_size=5\n[users]\nb = pool_size=9", "", [9, 0, 0, 0]],
  ])("%s with %j", (line, settings, expected) => {
    expect(oneLine(`[databases]\n${line}\n[pgbouncer]\n${settings}`)).toEqual(expected);
  });

  it("has PgBouncer's defaults, users' limits and no peers", () => {
    const ini = `[databases]
app = host=pg dbname=main user=role auth_user=asker
* = host=10.0.0.9 port=6000
[users]
role = max_user_connections=30
[peers]
1 = host=a pool_size=50`;
    expect(groupsOf(poolerText(ini, 3))).toEqual([
      {
        name: "Deployment db/pooler",
        scope: "service",
        groups: [
          {
            processes: 3,
            capacity: 100,
            lines: [
              ["app", PG, 20, 0, { user: "role" }, { authUser: "asker" }, { database: "main" }],
              ["*", "10.0.0.9:6000", 20, 0],
            ],
            users: [["role", 30]],
          },
        ],
      },
    ]);
  });

  it("that PgBouncer would not take is missing, and names the line", () => {
    const { poolers } = systemIn(poolerText("[databases]\napp host=pg password=geheim"));
    const capacity = poolers[0]?.groups[0]?.capacity;
    expect(figure(capacity)).toContain("/etc/pgbouncer/pgbouncer.ini:2");
    expect(JSON.stringify(poolers)).not.toContain('"what":"geheim');
  });

  it("with a max_client_conn that is no number is missing", () => {
    const { poolers } = systemIn(poolerText("[pgbouncer]\nmax_client_conn = lots"));
    expect(figure(poolers[0]?.groups[0]?.capacity)).toBe(
      "max_client_conn: PgBouncer takes no such text",
    );
  });

  it("in a Secret, by a subPath, named by the command", () => {
    const text = `
apiVersion: v1
kind: Secret
metadata: { name: ini, namespace: db }
data: { main: ${Buffer.from("[databases]\napp = host=pg\n[pgbouncer]\nmax_client_conn=7\n").toString("base64")} }
---
apiVersion: v1
kind: Pod
metadata: { name: p, namespace: db }
spec:
  containers:
    - name: b
      image: alpine
      command: [sh, -c, "exec pgbouncer /conf/my.ini"]
      volumeMounts: [{ name: c, mountPath: /conf/my.ini, subPath: my.ini }]
  volumes: [{ name: c, projected: { sources: [{ secret: { name: ini, items: [{ key: main, path: my.ini }] } }] } }]
`;
    const [pooler] = systemIn(text).poolers;
    expect(figure(pooler?.groups[0]?.capacity)).toBe(7);
    expect(figure(pooler?.groups[0]?.processes)).toBe(1);
  });

  it("in a ConfigMap that is not there is missing and says which", () => {
    const text = poolerText("[pgbouncer]").replace("kind: ConfigMap", "kind: Other");
    const [pooler] = systemIn(text).poolers;
    expect(pooler?.groups[0]?.capacity).toMatchObject({
      known: false,
      remedy: "give ConfigMap db/pooler-ini too",
    });
  });
});

describe("a bare ini", () => {
  const text = "[databases]\napp = host=pg pool_size=4\n[pgbouncer]\nmax_client_conn = 60\n";

  it("is called by its file; its processes nobody says", () => {
    const { objects } = readObjects([{ name: "conf/main.ini", text }]);
    const { poolers } = readSystem(objects, PRODUCTS);
    expect(poolers.map(poolerShape)).toEqual([
      {
        name: "main.ini",
        scope: "service",
        groups: [
          {
            processes: "how many PgBouncer processes run with this ini",
            capacity: 60,
            lines: [["app", "pg.default.svc.cluster.local:5432", 4, 0]],
          },
        ],
      },
    ]);
    const capacity = poolers[0]?.groups[0]?.capacity;
    const [place] = capacity?.known ? capacity.places : [];
    expect(place?.object.positionOf(place.path)).toEqual({ line: 4, column: 1 });
  });

  it("is told its processes by a flag", () => {
    const { objects } = readObjects([{ name: "conf/main.ini", text }]);
    const overrides = new Map([["PgBouncer default/main.ini", new Map([["weir.dev/pods", "2"]])]]);
    const { poolers } = readSystem(objects, PRODUCTS, { overrides });
    expect(figure(poolers[0]?.groups[0]?.processes)).toBe(2);
  });
});

describe("operators", () => {
  it("CloudNativePG", () => {
    const system = systemIn(`
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: main, namespace: db }
spec: { instances: 3, postgresql: { parameters: { max_connections: "200" } } }
---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: { name: app-rw, namespace: db }
spec:
  cluster: { name: main }
  instances: 2
  type: rw
  pgbouncer: { parameters: { max_client_conn: "500", default_pool_size: "10" } }
`);
    expect(system.poolers.map(poolerShape)).toEqual([
      {
        name: "Pooler db/app-rw",
        scope: "service",
        groups: [
          {
            processes: 4,
            capacity: 500,
            lines: [
              [
                "*",
                "main-rw.db.svc.cluster.local:5432",
                10,
                0,
                { authUser: "cnpg_pooler_pgbouncer" },
              ],
            ],
          },
        ],
      },
    ]);
    expect(system.postgres.map((one) => [one.address, one.aliases, figure(one.available)])).toEqual(
      [
        ["main-rw.db.svc.cluster.local:5432", ["main-r.db.svc.cluster.local:5432"], 197],
        ["main-ro.db.svc.cluster.local:5432", ["main-r.db.svc.cluster.local:5432"], 197],
      ],
    );
    expect(system.missing).toEqual([]);
  });

  const ZALANDO = `
apiVersion: acid.zalan.do/v1
kind: postgresql
metadata: { name: main, namespace: db }
spec:
  enableConnectionPooler: true
  postgresql: { parameters: { max_connections: "100" } }
`;

  it("Zalando: what only the operator's configuration tells is missing", () => {
    const [pooler] = systemIn(ZALANDO).poolers;
    expect(pooler?.groups[0]?.processes.known).toBe(false);
    expect(figure(pooler?.groups[0]?.capacity)).toBe(10_000);
    expect(pooler?.groups[0]?.lines[0]?.poolSize.known).toBe(false);
  });

  it.each([
    ["connection_pooler: {}", 4, [15, 7, 30]],
    [
      "connection_pooler: { connection_pooler_max_db_connections: 90, connection_pooler_number_of_instances: 3 }",
      6,
      [15, 7, 30],
    ],
  ])("Zalando with %s", (configuration, processes, [size, reserve, servers]) => {
    const operator = `
---
apiVersion: acid.zalan.do/v1
kind: OperatorConfiguration
metadata: { name: o }
configuration: { ${configuration} }
`;
    expect(groupsOf(ZALANDO + operator)).toEqual([
      {
        name: "postgresql db/main, pooler",
        scope: "service",
        groups: [
          {
            processes,
            capacity: 10_000,
            lines: [
              [
                "*",
                "main.db.svc.cluster.local:5432",
                size,
                reserve,
                { servers },
                { authUser: "pooler" },
              ],
            ],
          },
        ],
      },
    ]);
  });

  it.each([
    ["PostgresCluster", "postgres-operator.crunchydata.com/v1beta1"],
    ["PerconaPGCluster", "pgv2.percona.com/v2"],
  ])("Crunchy's %s of %s", (kind, apiVersion) => {
    const system = systemIn(`
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: hippo, namespace: db }
spec:
  patroni: { dynamicConfiguration: { postgresql: { parameters: { max_connections: 150 } } } }
  proxy:
    pgBouncer:
      replicas: 2
      config:
        global: { max_client_conn: "300" }
        databases: { app: "host=hippo-primary port=5432 pool_size=8" }
`);
    expect(system.poolers.map(poolerShape)).toEqual([
      {
        name: `${kind} db/hippo, pgBouncer`,
        scope: "service",
        groups: [
          {
            processes: 4,
            capacity: 300,
            lines: [
              [
                "app",
                "hippo-primary.db.svc.cluster.local:5432",
                8,
                0,
                { authUser: "_crunchypgbouncer" },
              ],
            ],
          },
        ],
      },
    ]);
    expect(system.postgres.map((one) => figure(one.available))).toEqual([147, 147]);
  });

  it.each([
    ["PostgresCluster", "", 97, true],
    ["PerconaPGCluster", "", 97, true],
    ["PostgresCluster", "config: { parameters: { reserved_connections: 5 } }", 92, true],
    ["PostgresCluster", "config: { parameters: { max_connections: 60 } }", 57, false],
    [
      "PostgresCluster",
      "config: { parameters: { max_connections: many } }",
      "max_connections",
      false,
    ],
  ])("admits the default where Crunchy's %s says none: %s", (kind, spec, admitted, isAssumed) => {
    const group =
      kind === "PostgresCluster" ? "postgres-operator.crunchydata.com" : "pgv2.percona.com";
    const [first] = systemIn(`
apiVersion: ${group}/v1
kind: ${kind}
metadata: { name: hippo, namespace: db }
spec: { instances: [{}], ${spec} }
`).postgres;
    const available = first?.available;
    const asked = available?.known === true ? available.assuming : undefined;
    const text = typeof admitted === "number" ? admitted : `${admitted} of Postgres`;
    expect(figure(available)).toBe(text);
    const answer = { object: `${kind} db/hippo`, annotation: "weir.dev/available-connections" };
    expect(asked ?? []).toMatchObject(isAssumed ? [{ assumed: admitted, answer }] : []);
  });
});
