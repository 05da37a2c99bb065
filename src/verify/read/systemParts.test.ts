import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  figure,
  poolerShape,
  poolerText,
  systemIn,
} from "../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = { DATABASE_URL: "postgres://app@pooler:6432/app?connection_limit=2" };

function missingIn(text: string, annotations = {}): readonly string[] {
  return systemIn(text, annotations).missing.map(({ what }) => what);
}

function annotated(name: string, value: string) {
  return { "Deployment db/pooler": { [name]: value } };
}

function iniText(port: number): string {
  return `"[databases]\\napp = host=pg\\n[pgbouncer]\\nlisten_port = ${port}\\n"`;
}

describe("annotations of a pooler", () => {
  it("the reserve: what it doesn't name is weir's default", () => {
    const { poolers, missing } = systemIn(
      POOLER,
      annotated("weir.dev/reserve", "consoles=0, logins=9"),
    );
    expect(missing).toEqual([]);
    expect(poolers[0]?.reserve).toMatchObject({
      consoles: 0,
      maintenance: 4,
      maintenanceSlots: 2,
      logins: 9,
      why: "weir.dev/reserve",
    });
    expect(systemIn(POOLER).poolers[0]?.reserve).toMatchObject({ consoles: 2, why: "default" });
  });

  it.each(["consoles", "consoles=many", "console=2", "logins=-1", "constructor=1"])(
    "a reserve that can't be read is missing: %s",
    (value) => {
      expect(missingIn(POOLER, annotated("weir.dev/reserve", value))).toEqual([
        expect.stringContaining("the reserve: weir.dev/reserve has"),
      ]);
    },
  );

  it("its share of Postgres", () => {
    const share = (value: string) =>
      figure(systemIn(POOLER, annotated("weir.dev/postgres-connections", value)).poolers[0]?.share);
    expect(share("40")).toBe(40);
    expect(share("40%")).toContain("weir.dev/postgres-connections is no whole number");
    expect(systemIn(POOLER).poolers[0]?.share).toBeUndefined();
  });

  it("its pods and processes", () => {
    const { poolers } = systemIn(POOLER, {
      "Deployment db/pooler": { "weir.dev/pods": "3", "weir.dev/processes-per-pod": "4" },
    });
    expect(figure(poolers[0]?.groups[0]?.processes)).toBe(12);
  });
});

function postgresText(container: string, more = ""): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: pg, namespace: db }
spec: { selector: { app: pg }, ports: [{ port: 5432, targetPort: main }] }
---
apiVersion: v1
kind: Service
metadata: { name: also-pg, namespace: db }
spec: { selector: { app: pg }, ports: [{ port: 6000, targetPort: 5432 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: pg, namespace: db }
spec:
  serviceName: pg
  template:
    metadata: { labels: { app: pg } }
    spec:
      containers:
        - name: postgres
          ports: [{ containerPort: 5432, name: main }]
          ${container}${more}
---
`;
}

describe("a Postgres", () => {
  it.each([
    ["image: postgres:17", 97],
    [`image: postgres:17\n          args: ["-c", "max_connections=200"]`, 197],
    [
      `image: postgres:17\n          args: [-c, max_connections=50, -c, reserved_connections=5]`,
      42,
    ],
    [`image: postgres\n          command: [postgres, --max_connections=60]`, 57],
    [`image: postgres\n          command: [sh, -c, "exec postgres -c max_connections=70"]`, 67],
    [
      `image: bitnami/postgresql:17\n          env: [{ name: POSTGRESQL_MAX_CONNECTIONS, value: "80" }]`,
      77,
    ],
    [
      `image: postgres\n          args: ["-c", "max_connections=many"]`,
      "max_connections of Postgres",
    ],
  ])("%s", (container, available) => {
    const { postgres } = systemIn(postgresText(container));
    expect(postgres.map((one) => [one.address, one.aliases, figure(one.available)])).toEqual([
      ["pg.db.svc.cluster.local:5432", ["also-pg.db.svc.cluster.local:6000"], available],
    ]);
  });

  it("by a mounted postgresql.conf, under what the command says", () => {
    const config = `
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: db }
data: { postgresql.conf: "# max_connections = 5\\nmax_connections = 300 # many\\nreserved_connections = '7'\\n" }
---
`;
    const more = `
          args: ["-c", "config_file=/conf/postgresql.conf", "-c", "superuser_reserved_connections=1"]
          volumeMounts: [{ name: c, mountPath: /conf }]
      volumes: [{ name: c, configMap: { name: conf } }]`;
    const { postgres } = systemIn(config + postgresText("image: postgres", more));
    expect(postgres[0]?.available).toMatchObject({
      value: 292,
      why: "300 max_connections − 1 superuser_reserved_connections − 7 reserved_connections",
    });
  });

  it("by annotation", () => {
    const annotations = { "StatefulSet db/pg": { "weir.dev/available-connections": "40" } };
    expect(
      figure(systemIn(postgresText("image: postgres"), annotations).postgres[0]?.available),
    ).toBe(40);
  });

  it("is one for all its names: of lines, and of clients past the pooler", () => {
    const text = deploymentText({ DATABASE_URL: "postgres://a@also-pg:6000/x?pool_size=2" });
    const system = systemIn(postgresText("image: postgres") + POOLER + text);
    expect(system.clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 2, "pg.db.svc.cluster.local:5432"],
    ]);
    const [line] = system.poolers[0]?.groups[0]?.lines ?? [];
    expect(line?.postgres).toBe("pg.db.svc.cluster.local:5432");
  });

  it("in the pod of its pooler, over localhost or a socket", () => {
    for (const host of ["host=localhost", "host=127.0.0.1", "host=/run", ""]) {
      const ini = poolerText(`[databases]\napp = ${host} pool_size=3`);
      const text = ini.replace(
        "containers:",
        "containers:\n        - { name: postgres, image: postgres }",
      );
      const service = `
apiVersion: v1
kind: Service
metadata: { name: pg, namespace: db }
spec: { selector: { app: pooler }, ports: [{ port: 5432 }] }
`;
      const [line] = systemIn(text + service).poolers[0]?.groups[0]?.lines ?? [];
      expect(line?.postgres).toBe("pg.db.svc.cluster.local:5432");
    }
  });

  it("of a job that only asks one is none", () => {
    const job = `
apiVersion: batch/v1
kind: Job
metadata: { name: dump, namespace: db }
spec: { template: { spec: { containers: [{ name: d, image: postgres, command: [pg_dump] }] } } }
`;
    expect(systemIn(job).postgres).toEqual([]);
  });
});

describe("what stands in the way", () => {
  it("a line that leads to another pooler", () => {
    const chained = POOLER.replaceAll("pooler", "front").replace(
      "host=pg port=5432",
      "host=pooler port=6432",
    );
    expect(missingIn(POOLER + chained)).toEqual([
      "what line app of Deployment db/front opens on the pooler Deployment db/pooler behind it",
    ]);
    const annotations = {
      "Deployment db/front": {
        "weir.dev/connects-to": "pooler:6432/app?user=u",
        "weir.dev/pool-max": "5",
      },
    };
    const none = { "Deployment db/front": { "weir.dev/connects-to": "other=none" } };
    expect(missingIn(POOLER + chained, none)).toHaveLength(1);
    const system = systemIn(POOLER + chained, annotations);
    expect(system.missing).toEqual([]);
    expect(system.clients.map(clientShape)).toEqual([
      ["Deployment db/front, container pgbouncer", 1, 5, "Deployment db/pooler", "app", "u"],
    ]);
  });

  it("an object that stands twice and differs; not one that is the same", () => {
    const text = deploymentText(URL);
    expect(missingIn(POOLER + text + text)).toEqual([]);
    expect(missingIn(POOLER + text + deploymentText({ ...URL, MORE: "1" }))).toEqual([
      "which of 2 different objects Deployment db/app applies: they stand in all.yaml",
    ]);
    expect(systemIn(POOLER + text + text).clients).toHaveLength(1);
  });

  it("fleet files, which are no manifests", () => {
    const text = `
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: a, namespace: db }
spec: { image: x }
---
`;
    expect(systemIn(text + POOLER).notes).toEqual([
      "1 ConnectionBudget and McpServer objects are left out: weir plan reads them",
    ]);
  });
});

describe("addresses", () => {
  it("a Service's IP, as a live cluster tells it", () => {
    const text = POOLER.replace("spec: { selector", "spec: { clusterIP: 10.9.9.9, selector");
    const url = { DATABASE_URL: "postgres://app@10.9.9.9:6432/app?connection_limit=2" };
    expect(systemIn(text + deploymentText(url)).clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 2, "Deployment db/pooler", "app", "app"],
    ]);
  });

  it("a pod of a headless Service", () => {
    const text = POOLER.replace("spec: { selector", "spec: { clusterIP: None, selector");
    const host = "pooler-0.pooler.db.svc.cluster.local";
    const url = { DATABASE_URL: `postgres://app@${host}:6432/app?connection_limit=2` };
    expect(systemIn(text + deploymentText(url)).clients).toHaveLength(1);
  });

  it.each([
    ["x.pooler", []],
    // With .svc the second is the namespace, and nothing else.
    [
      "x.pooler.svc",
      ["where DB_HOST of Deployment db/app leads: no Service x.pooler.svc is among the objects"],
    ],
  ])("%s, a pod of the Service or a Service of the namespace", (host, missing) => {
    const text = deploymentText({ DB_HOST: host, DB_NAME: "app", DB_USER: "u", POOL_MAX: "1" });
    expect(missingIn(POOLER + text)).toEqual(missing);
    expect(systemIn(POOLER + text).clients).toHaveLength(missing.length === 0 ? 1 : 0);
  });

  it("a pooler whose Postgres a Secret hides names it by the Secret", () => {
    const text = `
apiVersion: v1
kind: Pod
metadata: { name: p, namespace: db }
spec:
  containers:
    - name: b
      image: edoburu/pgbouncer
      env:
        - { name: DB_HOST, valueFrom: { secretKeyRef: { name: s, key: host } } }
        - { name: DB_USER, valueFrom: { secretKeyRef: { name: s, key: user } } }
---
`;
    const [line] = systemIn(text).poolers[0]?.groups[0]?.lines ?? [];
    expect(line).toMatchObject({
      name: "*",
      postgres: "DB_HOST, which Secret db/s host hides",
      authUser: "Secret db/s user",
    });
  });

  it("an image whose path only has the word in it is no pooler", () => {
    const text = deploymentText({}).replace("registry.example/app:1", "x.io/pgbouncer-tools/app:1");
    expect(systemIn(text).poolers).toEqual([]);
  });

  it("two containers on different ports are two poolers", () => {
    const text = `
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: db }
data: { a.ini: ${iniText(6001)}, b.ini: ${iniText(6002)} }
---
apiVersion: v1
kind: Service
metadata: { name: b, namespace: db }
spec: { selector: { app: p }, ports: [{ port: 6432, targetPort: 6002 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: p, namespace: db }
spec:
  replicas: 2
  template:
    metadata: { labels: { app: p } }
    spec:
      containers:
        - { name: a, image: pgbouncer, args: [/c/a.ini], volumeMounts: [{ name: c, mountPath: /c }] }
        - { name: b, image: pgbouncer, args: [/c/b.ini], volumeMounts: [{ name: c, mountPath: /c }] }
      volumes: [{ name: c, configMap: { name: c } }]
---
`;
    const url = { DATABASE_URL: "postgres://app@b:6432/app?connection_limit=2" };
    const system = systemIn(text + deploymentText(url));
    expect(system.poolers.map(({ name }) => name)).toEqual([
      "StatefulSet db/p, container a",
      "StatefulSet db/p, container b",
    ]);
    expect(system.clients.map((client) => clientShape(client)[3])).toEqual([
      "StatefulSet db/p, container b",
    ]);
    // On one port they are more processes of one.
    const same = systemIn(text.replace("6001", "6002"));
    expect(same.poolers.map(poolerShape)).toMatchObject([
      { name: "StatefulSet db/p", groups: [{ processes: 2 }, { processes: 2 }] },
    ]);
  });
});
