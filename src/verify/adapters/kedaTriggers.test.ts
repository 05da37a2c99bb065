import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../test/verify/systemText.ts";

const SCALED = deploymentText({
  DATABASE_URL: "postgres://web@pooler:6432/app?connection_limit=3",
  OTHER: "postgres://web@elsewhere.example.com/app",
});

function scaledObject(trigger: string, kind = "ScaledObject"): string {
  return `
apiVersion: keda.sh/v1alpha1
kind: ${kind}
metadata: { name: s, namespace: db }
spec: { scaleTargetRef: { name: app }, maxReplicaCount: 1, triggers: [{ type: cpu }, { type: postgresql, ${trigger} }] }
---
`;
}

const METADATA =
  "host: pooler.db.svc.cluster.local, port: '6432', userName: k, dbName: app, sslmode: disable";

function authentication(list: string, kind = "TriggerAuthentication"): string {
  return `
apiVersion: keda.sh/v1alpha1
kind: ${kind}
metadata: { name: auth, namespace: db }
spec: { ${list} }
---
apiVersion: v1
kind: Secret
metadata: { name: there, namespace: db }
stringData: { url: "host=pooler port=6432 user=k dbname=app" }
---
`;
}

function askedBy(text: string) {
  const { clients, missing } = systemIn(poolerText(APP_INI) + SCALED + text);
  const own = clients.filter(({ workload }) => workload !== "Deployment db/app");
  return { clients: own.map((one) => clientShape(one).slice(1)), missing };
}

const AT_POOLER = [1, 4, "Deployment db/pooler", "app", "k"];
const REFERENCE = "authenticationRef: { name: auth }";

describe("a postgresql trigger of KEDA", () => {
  it.each([
    ["by its metadata", scaledObject(`metadata: { ${METADATA} }`), AT_POOLER],
    [
      "by a variable of what it scales",
      scaledObject("metadata: { connectionFromEnv: DATABASE_URL }"),
      [1, 4, "Deployment db/pooler", "app", "web"],
    ],
    [
      "past the pooler",
      scaledObject("metadata: { connectionFromEnv: OTHER }"),
      [1, 4, "elsewhere.example.com:5432"],
    ],
    [
      "by a Secret that is there",
      scaledObject(`metadata: {}, ${REFERENCE}`) +
        authentication("secretTargetRef: [{ parameter: connection, name: there, key: url }]"),
      AT_POOLER,
    ],
    [
      "with only its password hidden",
      scaledObject(`metadata: { ${METADATA} }, ${REFERENCE}`) +
        authentication("secretTargetRef: [{ parameter: password, name: gone, key: p }]"),
      AT_POOLER,
    ],
    [
      "with an authentication that is not there",
      scaledObject(`metadata: { ${METADATA} }, ${REFERENCE}`),
      AT_POOLER,
    ],
  ])("%s is a client", (_, text, client) => {
    expect(askedBy(text)).toEqual({ clients: [client], missing: [] });
  });

  it.each([
    ["a variable that is not there", "metadata: { connectionFromEnv: NONE }", ""],
    ["nothing but an authentication that is not there", `metadata: {}, ${REFERENCE}`, ""],
    [
      "a Secret that is not there",
      `metadata: { ${METADATA} }, ${REFERENCE}`,
      authentication("secretTargetRef: [{ parameter: host, name: gone, key: url }]"),
    ],
    [
      "a vault",
      `metadata: {}, ${REFERENCE}`,
      authentication("hashiCorpVault: { secrets: [{ parameter: connection, key: url }] }"),
    ],
    [
      "a Secret in KEDA's own namespace",
      "metadata: {}, authenticationRef: { name: auth, kind: ClusterTriggerAuthentication }",
      authentication(
        "secretTargetRef: [{ parameter: connection, name: there, key: url }]",
        "ClusterTriggerAuthentication",
      ),
    ],
  ])("is asked for where %s hides where it leads", (_, trigger, more) => {
    const { clients, missing } = askedBy(scaledObject(trigger) + more);
    expect(clients).toEqual([]);
    expect(missing).toHaveLength(1);
    expect(missing[0]?.what).toContain("ScaledObject db/s");
  });

  it("is assumed to open four connections until an annotation says how many", () => {
    const text = poolerText(APP_INI) + scaledObject(`metadata: { ${METADATA} }`);
    const [client] = systemIn(text).clients;
    expect(client?.pool.known && client.pool.assuming?.[0]?.what).toBe(
      "how many connections KEDA opens for trigger-1 of ScaledObject db/s: its pool has no limit",
    );
    const [annotated] = systemIn(text, {
      "ScaledObject db/s": { "weir.dev/pool-max": "2" },
    }).clients;
    expect(annotated?.pool).toMatchObject({ value: 2 });
  });

  it("of a ScaledJob is a client beside its Jobs", () => {
    const text = `
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: { name: j, namespace: db }
spec:
  maxReplicaCount: 2
  jobTargetRef: { backoffLimit: 0, template: { spec: { containers: [{ name: work, image: work, env: [{ name: PG, value: "postgres://k@pooler:6432/app?connection_limit=1" }] }] } } }
  triggers: [{ type: postgresql, metadata: { connectionFromEnv: PG } }]
`;
    expect(askedBy(text).clients).toEqual([[2, 1, "Deployment db/pooler", "app", "k"], AT_POOLER]);
  });

  it.each(["cron", "prometheus", "mysql"])("is no trigger of type %s", (type) => {
    const text = scaledObject(`metadata: { ${METADATA.replace("pooler", "other")} }`);
    expect(askedBy(text.replace("type: postgresql", `type: ${type}`)).clients).toEqual([]);
  });
});
