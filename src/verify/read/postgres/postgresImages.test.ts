import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  figure,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

/** What the Postgres of a container with these fields admits. */
function available(image: string, more: string): number | string | undefined {
  const { postgres } = systemIn(`
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: pg, namespace: db }
spec:
  template:
    metadata: { labels: { app: pg } }
    spec:
      containers:
        - name: pg
          image: ${image}
          ${more}
          volumeMounts: [{ name: c, mountPath: /etc/postgresql }]
      volumes: [{ name: c, configMap: { name: conf } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: db }
data:
  ${more.includes("postgresql.conf") || image.startsWith("supabase") ? `postgresql.conf: "max_connections = 300"` : `other.txt: ""`}
`);
  return figure(postgres[0]?.available);
}

function env(name: string, value: string): string {
  return `env: [{ name: ${name}, value: "${value}" }]`;
}

function shell(script: string): string {
  return `command: [sh, -c, ${JSON.stringify(script)}]`;
}

/** What psql does once the container has started. */
function hook(sql: string): string {
  const command = JSON.stringify(["sh", "-c", `psql -c "${sql}"`]);
  return `lifecycle: { postStart: { exec: { command: ${command} } } }`;
}

const UNKNOWN = "max_connections of Postgres";

it.each([
  ["ALTER SYSTEM SET max_connections = 50;", 47],
  ["alter system set max_connections to '50';", 47],
  ["-- max_connections\\nCREATE TABLE a ();", 97],
  ["echo max_connections=50 >> $PGDATA/postgresql.conf", UNKNOWN],
])("a script of its first start: %s", (script, expected) => {
  const { postgres } = systemIn(`
apiVersion: v1
kind: Pod
metadata: { name: pg, namespace: db }
spec:
  containers:
    - name: pg
      image: postgres:17
      volumeMounts: [{ name: c, mountPath: /docker-entrypoint-initdb.d }]
  volumes: [{ name: c, configMap: { name: init } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: init, namespace: db }
data: { script: "${script}" }
`);
  expect(figure(postgres[0]?.available)).toBe(expected);
});

describe("what an image of Postgres admits", () => {
  it.each([
    ["postgres:17", "", 97],
    ["postgres:17", `args: ["-N", "50"]`, 47],
    ["postgres:17", "args: [postgres, -N50]", 47],
    ["postgres:17", `args: ["-c", "max_connections=50"]`, 47],
    ["postgres:17", "args: [-cmax_connections=50]", 47],
    ["postgres:17", "args: [--max-connections=50]", 47],
    ["postgres:17", `args: [postgres, -N, "50", -c, max_connections=60]`, 57],
    ["postgres:17", `command: [sh, -c, "exec docker-entrypoint.sh postgres -N 50"]`, 47],
    ["docker.io/library/postgres@sha256:00", `args: [postgres, -N, "$(N)"]`, UNKNOWN],
    ["postgres:17", env("POSTGRESQL_MAX_CONNECTIONS", "50"), 97],
    ["postgres:17", env("PGOPTIONS", "-N 50"), 97],
    ["bitnami/postgresql:16", env("POSTGRESQL_MAX_CONNECTIONS", "50"), 47],
    ["bitnami/postgresql:16", env("POSTGRES_MAX_CONNECTIONS", "50"), 47],
    ["postgres:17", env("POSTGRES_MAX_CONNECTIONS", "50"), 97],
    [
      "registry.example/bitnamilegacy/postgresql-repmgr",
      env("POSTGRESQL_MAX_CONNECTIONS", "50"),
      47,
    ],
    ["quay.io/sclorg/postgresql-15-c9s", env("POSTGRESQL_MAX_CONNECTIONS", "50"), 47],
    ["timescale/timescaledb:2.17.2-pg17", env("TS_TUNE_MAX_CONNS", "50"), 47],
    ["timescale/timescaledb:2.17.2-pg17", "", UNKNOWN],
    ["timescale/timescaledb:2.17.2-pg17", env("NO_TS_TUNE", "true"), 97],
    ["timescale/timescaledb:2.17.2-pg17", `args: ["-N", "50"]`, 47],
    ["timescale/timescaledb-ha:pg17", "", UNKNOWN],
    ["ghcr.io/zalando/spilo-17:4.0", "", UNKNOWN],
    ["postgis/postgis:17-3.5", "", 97],
    ["pgvector/pgvector:pg17", "", 97],
    ["citusdata/citus:13", "", 97],
    ["paradedb/paradedb:latest", "", 97],
    ["supabase/postgres:17", "", 297],
    ["postgres:17", env("POSTGRES_INITDB_ARGS", "--data-checksums -c max_connections=50"), 47],
    ["pgvector/pgvector:pg17", env("POSTGRES_INITDB_ARGS", "--set max_connections=50"), 47],
    ["bitnami/postgresql:16", env("POSTGRESQL_EXTRA_FLAGS", "-c max_connections=50"), 47],
    ["bitnami/postgresql:16", env("POSTGRESQL_MAX_CONNECTIONS_FILE", "/run/max"), UNKNOWN],
    ["bitnami/postgresql:16", env("POSTGRESQL_PASSWORD_FILE", "/run/password"), 97],
    // A Secret that is not there may hold the image's variable; the official one has none.
    ["bitnami/postgresql:16", "envFrom: [{ secretRef: { name: pg } }]", UNKNOWN],
    ["postgres:17", "envFrom: [{ secretRef: { name: pg } }]", 97],
    // The image reads no file that nothing names.
    ["postgres:17", "args: [-c, config_file=/etc/postgresql/postgresql.conf]", 297],
    ["postgres:17", env("SOURCE", "postgresql.conf"), UNKNOWN],
    [
      "postgres:17",
      shell("echo max_connections=50 >> $PGDATA/postgresql.auto.conf; exec postgres"),
      UNKNOWN,
    ],
    ["postgres:17", shell("sed -i 's/max_connections = 100/x/' /c; exec postgres"), UNKNOWN],
    ["postgres:17", shell("echo work_mem=1MB >> /c; exec postgres -c max_connections=50"), 47],
    [
      "postgres:17",
      shell("echo max_connections=50 >> /c; exec postgres -c max_connections=60"),
      57,
    ],
    ["postgres:17", hook("ALTER SYSTEM SET max_connections = 50"), UNKNOWN],
    [
      "postgres:17",
      hook("ALTER SYSTEM SET reserved_connections TO 5"),
      "reserved_connections of Postgres",
    ],
    ["postgres:17", hook("ALTER SYSTEM SET work_mem = '1MB'"), 97],
    ["postgres:17", hook("SHOW max_connections"), 97],
    ["postgres:17", shell("docker-entrypoint.sh postgres -c max_connections=50 & wait"), 47],
    ["postgres:17", shell("exec docker-entrypoint.sh postgres -c max_connections=${MAX:-50}"), 47],
    ["postgres:17", shell("pg_ctl start -o '-c max_connections=50'; wait"), 47],
    ["postgres:17", "command: [docker-entrypoint.sh]", 97],
    ["postgres:17", "command: [gosu, postgres, docker-entrypoint.sh, postgres, -N, '50']", 47],
    // Which of them runs in the end is not known.
    ["postgres:17", shell("if x; then exec postgres -N 50; fi; exec postgres -N 60"), UNKNOWN],
    ["postgres:17", shell("postgres & x; kill 1; exec postgres -N 50"), UNKNOWN],
    // Somebody's own image, which may set it too.
    ["acme/db:1", "command: [postgres]", UNKNOWN],
    ["acme/db:1", "args: [postgres, -c, max_connections=50]", 47],
    ["acme/db:1", shell("docker-entrypoint.sh postgres -c max_connections=50 & wait"), 47],
    ["acme/db:1", "command: [/usr/lib/postgresql/17/bin/postgres, -D, /data]", UNKNOWN],
    ["postgres:17", shell("patroni /etc/patroni.yml"), UNKNOWN],
    // No Postgres.
    ["acme/backup:1", "args: [postgres]", undefined],
    ["acme/backup:1", "args: [backup, postgres, -c, max_connections=50]", undefined],
    ["acme/backup:1", "command: [/app/postgres]", undefined],
    ["acme/backup:1", env("POSTGRES_DB", "app"), undefined],
    ["postgres:17", "command: [docker-entrypoint.sh, psql]", undefined],
    ["postgres:17", shell("docker-entrypoint.sh pg_dump app"), undefined],
    ["prometheuscommunity/postgres-exporter", "", undefined],
    ["crunchy-postgres-exporter", "", undefined],
    ["postgres:17", `command: [psql, -c, "select 1"]`, undefined],
  ])("%s %s", (image, more, expected) => {
    expect(available(image, more)).toBe(expected);
  });
});

/** A Postgres that starts by a mounted script; what it admits, and the clients that there are. */
function wrapped(image: string, script: string, more = ""): unknown {
  const { postgres, clients } = systemIn(`${poolerText(APP_INI)}
---
apiVersion: v1
kind: Pod
metadata: { name: pg, namespace: db }
spec:
  containers:
    - name: pg
      image: ${image}
      command: [/scripts/wrap.sh]
      args: [postgres, -c, max_connections=50]
      ${more}
      volumeMounts: [{ name: c, mountPath: /scripts }]
  volumes: [{ name: c, configMap: { name: scripts } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: scripts, namespace: db }
data: { wrap.sh: ${JSON.stringify(script)} }
`);
  const shapes = clients.map((client) => clientShape(client).slice(1, 4));
  return [figure(postgres.find(({ address }) => address.includes("pg"))?.available), ...shapes];
}

describe("a mounted script that starts Postgres", () => {
  const POOLER = "Deployment db/pooler";
  it.each([
    ["postgres:17", '#!/bin/sh\nset -e\nexec docker-entrypoint.sh "$@"', [47]],
    ["acme/db:1", '#!/bin/sh\nset -e\nexec docker-entrypoint.sh "$@"', [47]],
    ["postgres:17", "#!/bin/sh\nexec docker-entrypoint.sh postgres -c max_connections=60", [57]],
    [
      "postgres:17",
      '#!/bin/sh\necho max_connections = 60 >> /c\nexec docker-entrypoint.sh "$@" -N 70',
      [67],
    ],
    [
      "postgres:17",
      "#!/bin/sh\necho max_connections = 60 >> /c\nexec docker-entrypoint.sh postgres",
      [UNKNOWN],
    ],
    ["postgres:17", '#!/bin/sh\npsql -h localhost -c x\nexec docker-entrypoint.sh "$@"', [47]],
    // What it calls at another address is a client.
    [
      "postgres:17",
      '#!/bin/sh\npsql -h pooler -U me app\nexec docker-entrypoint.sh "$@"',
      [47, [1, 1, POOLER]],
    ],
    ["postgres:17", "#!/bin/sh\nexec pg_dump -h pooler -U me app", [undefined, [1, 1, POOLER]]],
  ])("%s %s", (image, script, expected) => {
    expect(wrapped(image, script)).toEqual(expected);
  });

  it("is no reason to leave out a program beside it", () => {
    const url = env("DATABASE_URL", "postgres://me@pooler:6432/app?connection_limit=5");
    const script = '#!/bin/sh\ndocker-entrypoint.sh "$@" &\nexec /app/serve';
    expect(wrapped("acme/all-in-one:1", script, url)).toEqual([47, [1, 5, POOLER]]);
    expect(wrapped("acme/postgres:1", script, url)).toEqual([47, [1, 5, POOLER]]);
    // What it calls besides gets no variable of a pooler.
    expect(wrapped("postgres:17", script, env("POSTGRES_DB", "app"))).toEqual([47]);
    const alone = '#!/bin/sh\nchown postgres /wal\nexec docker-entrypoint.sh "$@"';
    expect(wrapped("postgres:17", alone, url)).toEqual([47]);
  });
});
