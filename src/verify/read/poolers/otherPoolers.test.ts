import { describe, expect, it } from "vitest";
import { prove } from "../../proof/prove.ts";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POD = (container: string, volumes = "[]") => `
apiVersion: v1
kind: Pod
metadata: { name: cat, namespace: db, labels: { app: cat } }
spec: { containers: [{ name: c, ${container} }], volumes: ${volumes} }
---
`;

const MOUNTED = [
  "image: registry.example/own:1, volumeMounts: [{ name: v, mountPath: /etc/x }]",
  "[{ name: v, configMap: { name: conf } }]",
] as const;

function fileText(name: string): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: db }
data: { ${name}: "[general]" }
---
`;
}

describe("another pooler", () => {
  it.each([
    ["PgCat", POD("image: ghcr.io/postgresml/pgcat:v1.2")],
    ["Odyssey", POD("image: registry.example/own/odyssey-pooler")],
    ["Supavisor", POD("image: supabase/supavisor:2.5")],
    ["PgDog", POD("image: registry.example/own:1, command: [/usr/local/bin/pgdog, run]")],
    ["Pgpool-II", POD(`image: registry.example/own:1, command: [sh, -c, "exec pgpool -n"]`)],
    ["PgCat", POD(...MOUNTED) + fileText("pgcat.toml")],
    ["Odyssey", POD(...MOUNTED) + fileText("odyssey.conf")],
  ])("%s is named, though there is no PgBouncer", (product, text) => {
    const system = systemIn(text);
    expect(system.unreadPoolers).toEqual([`Pod db/cat runs ${product}`]);
    const { verdict, missing, notes } = prove(system);
    expect([verdict, missing.map(({ what }) => what), notes]).toEqual([
      "unknown",
      [
        `what Pod db/cat opens, and where: its container c runs ${product}, a pooler that weir can't read yet`,
      ],
      [],
    ]);
  });

  it.each([
    POD("image: registry.example/pgcat-exporter:1"),
    POD(
      `image: registry.example/own:1, command: [sh, -c, "until nc -z pgcat 5432; do sleep 1; done"]`,
    ),
    POD(...MOUNTED) + fileText("catalogue.toml"),
    POD("image: registry.example/own:1, args: [--pooler, pgdog]"),
  ])("is not %j", (text) => {
    expect(systemIn(text).unreadPoolers).toEqual([]);
  });

  const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: cat, namespace: db }
spec: { selector: { app: cat }, ports: [{ port: 5432, targetPort: pg }] }
---
`;

  it.each(["cat", "cat.db.svc"])(
    "at %s takes clients that are in no sum, and asks once",
    (host) => {
      const clients = ["a", "b"].map((name) =>
        deploymentText({ DATABASE_URL: `postgres://u@${host}/app` }).replace(
          "name: app",
          `name: ${name}`,
        ),
      );
      const system = systemIn(
        [poolerText(APP_INI), POD("image: pgcat"), SERVICE, ...clients].join("\n---\n"),
      );
      expect(system.clients).toEqual([]);
      expect(system.missing.map(({ what }) => what)).toEqual([
        "what Pod db/cat opens, and where: its container c runs PgCat, a pooler that weir can't read yet",
      ]);
    },
  );

  it("counts as what its annotations say", () => {
    const text = [poolerText(APP_INI), POD("image: pgcat"), SERVICE].join("\n---\n");
    const { clients, missing } = systemIn(text, {
      "Pod db/cat": { "weir.dev/connects-to": "pg:5432/app", "weir.dev/pool-max": "7" },
    });
    expect(clients.map(({ pool, target }) => [pool.known && pool.value, target.kind])).toEqual([
      [7, "postgres"],
    ]);
    expect(missing).toEqual([]);
  });

  const PGPOOL = `
apiVersion: kubedb.com/v1
kind: Pgpool
metadata: { name: pp, namespace: db }
spec: { postgresRef: { name: pg, namespace: db } }
---
`;

  it("that an operator makes has a Service of its name", () => {
    const client = deploymentText({ DATABASE_URL: "postgres://u@pp:9999/app" });
    const system = systemIn([poolerText(APP_INI), PGPOOL, client].join("\n---\n"));
    expect(system.unreadPoolers).toEqual(["Pgpool db/pp is KubeDB's Pgpool"]);
    expect(system.clients).toEqual([]);
    expect(system.missing.map(({ what }) => what)).toEqual([
      "what Pgpool db/pp opens on Postgres: it is KubeDB's Pgpool, a pooler that weir can't read yet",
    ]);
    const annotated = systemIn([poolerText(APP_INI), PGPOOL].join("\n---\n"), {
      "Pgpool db/pp": { "weir.dev/connects-to": "none" },
    });
    expect(annotated.missing).toEqual([]);
  });
});
