import { describe, expect, it } from "vitest";
import { APP_INI, poolerText, systemIn } from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);

function missingOf(apiVersion: string, spec: unknown, metadata: object = {}): readonly string[] {
  const object = {
    apiVersion,
    kind: "Thing",
    metadata: { name: "x", namespace: "db", ...metadata },
    spec,
  };
  return systemIn(`${POOLER}${JSON.stringify(object)}\n`)
    .missing.filter(({ assumed }) => assumed === undefined)
    .map(({ what, place }) => `${place.path.join(".")}: ${what}`);
}

const SECRET = { secretKeyRef: { name: "s", key: "k" } };
const CONTAINER = { name: "a", env: [{ name: "DATABASE_URL", valueFrom: SECRET }] };

const OPENS = "what Thing db/x opens: it names a pooler, and weir doesn't read objects of its kind";

const unrendered = (kind: string, group: string) =>
  systemIn(
    `${POOLER}apiVersion: ${group}/v2\nkind: ${kind}\nmetadata: { name: x }\nspec: { values: { a: 1 } }\n`,
  ).missing.map(({ what, assumed, answer }) => [what, assumed, answer?.value]);

describe("an object of a kind that is not read", () => {
  it.each([
    [
      "argoproj.io/v1alpha1",
      {
        templates: [{ container: { env: [{ name: "A", value: "postgres://a@pooler:6432/app" }] } }],
      },
      "spec.templates.0.container.env.0.value",
    ],
    [
      "sparkoperator.k8s.io/v1beta2",
      { driver: { env: [{ name: "URL", value: "jdbc:postgresql://pooler:6432/app" }] } },
      "spec.driver.env.0.value",
    ],
    [
      "build.openshift.io/v1",
      { strategy: { env: [{ name: "PGHOST", value: "pooler" }] } },
      "spec.strategy.env.0.value",
    ],
    [
      "operators.coreos.com/v1alpha1",
      { config: { env: [{ name: "PGHOST", value: "pooler" }] } },
      "spec.config.env.0.value",
    ],
    [
      "tekton.dev/v1",
      { steps: [{ env: [{ name: "PGHOST", value: "pooler" }] }] },
      "spec.steps.0.env.0.value",
    ],
    [
      "helm.toolkit.fluxcd.io/v2",
      { values: { externalDatabase: { host: "pooler" } } },
      "spec.values.externalDatabase.host",
    ],
    [
      "keda.sh/v1alpha1",
      { triggers: [{ metadata: { connection: "pooler.db.svc.cluster.local" } }] },
      "spec.triggers.0.metadata.connection",
    ],
  ])("is missing where it names a pooler: %s", (apiVersion, spec, path) => {
    expect(missingOf(apiVersion, spec)).toEqual([`${path}: ${OPENS}`]);
  });

  it.each([
    [
      "another host",
      "tekton.dev/v1",
      { steps: [{ env: [{ name: "PGHOST", value: "other.example.com" }] }] },
    ],
    ["another store", "example.com/v1", { env: [{ name: "REDIS_HOST", value: "redis" }] }],
    ["a password", "example.com/v1", { env: { DB_PASSWORD: { secretKeyRef: { name: "s" } } } }],
    ["a token", "example.com/v1", { workspaces: [{ name: "git", secret: { secretName: "s" } }] }],
    ["an API key", "example.com/v1", { env: [{ name: "API_KEY", valueFrom: SECRET }] }],
    ["its own domain", "helm.toolkit.fluxcd.io/v2", { values: { ingress: { host: "a.com" } } }],
    ["a word", "example.com/v1", { tier: "pooler" }],
    ["another port", "example.com/v1", { target: "pooler:9127" }],
    ["what routes", "linkerd.io/v1alpha2", { dstOverrides: [{ host: "pooler.db.svc" }] }],
    ["what watches", "metrics.k8s.io/v1beta1", { targets: ["pooler:6432"] }],
  ])("says nothing by %s", (_, apiVersion, spec) => {
    expect(missingOf(apiVersion, spec)).toEqual([]);
  });

  it.each([
    ["a variable", { env: [{ name: "DATABASE_URL", valueFrom: SECRET }] }, "DATABASE_URL"],
    ["a mapping of variables", { env: { DATABASE_URL: { valueFrom: SECRET } } }, "DATABASE_URL"],
    ["a reference alone", { env: { DATABASE_URL: SECRET } }, "DATABASE_URL"],
    ["a field", { externalDatabase: { url: SECRET } }, "spec_external_Database_url"],
    ["a container within", { manifest: { spec: { containers: [CONTAINER] } } }, "DATABASE_URL"],
    [
      "a text of YAML",
      { valuesContent: "a: 1\ndatabase:\n  url: ${DB_URL}\n" },
      "Content_database_url",
    ],
    ["a host nowhere", { values: { postgres: { host: "elsewhere" } } }, "values_postgres_host"],
  ])("is missing where it hides a target: %s", (_, spec, name) => {
    const [what = "", another] = missingOf("example.com/v1", spec);
    expect([what, another]).toEqual([
      expect.stringContaining(`${name} of Thing db/x leads`),
      undefined,
    ]);
  });

  it.each([
    ["a whole environment", { template: { envFrom: [{ secretRef: { name: "s" } }] } }],
    ["values", { valuesFrom: [{ kind: "Secret", name: "s" }] }],
    ["a volume", { volumes: [{ name: "db-config", secret: { secretName: "s" } }] }],
    ["a workspace", { workspaces: [{ name: "database", secret: { secretName: "s" } }] }],
  ])("is missing where it hides %s", (_, spec) => {
    const what = "whether Thing db/x connects to a pooler: Secret db/s, which its";
    expect(missingOf("example.com/v1", spec)).toEqual([expect.stringContaining(what)]);
  });

  it("is missing where it has a pool and no target", () => {
    expect(missingOf("example.com/v1", { env: { DB_POOL_MAX: "20" } })).toEqual([
      expect.stringContaining("opens the connections of DB_POOL_MAX"),
    ]);
    expect(missingOf("example.com/v1", { pool: { size: 20 }, maxPods: 3 })).toEqual([]);
  });

  it("says how to make what it stands for", () => {
    const spec = `{ values: { env: { DATABASE_URL: ${JSON.stringify(SECRET)} } } }`;
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: x }\nspec: ${spec}\n`;
    expect(systemIn(POOLER + release).missing.map(({ remedy }) => remedy)).toEqual([
      expect.stringMatching(
        /^give what it makes too \(helm template .*weir.dev\/connects-to: "none"/,
      ),
    ]);
  });

  it.each([
    ["its name", "{ values: V }", "x-secret"],
    ["its own word for the release", "{ releaseName: r, values: V }", "r-secret"],
    ["another namespace", "{ targetNamespace: t, values: V }", "t-x-secret"],
  ])("names the release of a HelmRelease by %s", (_, spec, name) => {
    const values = '{ envFrom: [{ secretRef: { name: "{{ .Release.Name }}-secret" } }] }';
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: x }\nspec: ${spec.replace("V", values)}\n`;
    expect(systemIn(POOLER + release).missing.map(({ what }) => what)).toEqual([
      expect.stringContaining(`Secret default/${name}, which`),
    ]);
    const secret = `---\napiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\nstringData: { API_KEY: a }\n`;
    expect(systemIn(POOLER + release + secret).missing.map(({ what }) => what)).toEqual([
      expect.stringContaining("connections that the workloads of HelmRelease default/x open"),
    ]);
  });

  it("is assumed to open nothing where it must be rendered and says nothing of a database", () => {
    const what = "connections that the workloads of HelmRelease default/x open";
    expect(unrendered("HelmRelease", "helm.toolkit.fluxcd.io")).toEqual([
      [expect.stringContaining(what), 0, "none"],
    ]);
    expect(unrendered("HelmRepository", "source.toolkit.fluxcd.io")).toEqual([]);
  });

  it("is nobody's business without a pooler", () => {
    const spec = { env: [{ name: "DATABASE_URL", valueFrom: SECRET }] };
    const object = { apiVersion: "a.com/v1", kind: "Thing", metadata: { name: "x" }, spec };
    expect(systemIn(JSON.stringify(object)).missing).toEqual([]);
  });

  it("can be told that it is counted elsewhere", () => {
    const annotations = { "weir.dev/connects-to": "none" };
    const spec = { url: "postgres://a@pooler:6432/app" };
    expect(missingOf("example.com/v1", spec, { annotations })).toEqual([]);
    expect(missingOf("example.com/v1", spec)).toHaveLength(1);
    const elsewhere = { "weir.dev/connects-to": "pooler:6432/app" };
    expect(missingOf("example.com/v1", spec, { annotations: elsewhere })).toHaveLength(1);
  });
});

const askedOf = (apiVersion: string, kind: string, spec: string): readonly string[] =>
  systemIn(
    `${POOLER}apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: db }\nspec: ${spec}\n`,
  ).missing.map(({ what }) => what);

const ISTIO = "networking.istio.io/v1";

describe("an object that gives an address another name", () => {
  it.each([
    ["ServiceEntry", "{ hosts: [db.internal], endpoints: [{ address: pooler.db.svc }] }"],
    ["WorkloadEntry", "{ address: pooler.db.svc.cluster.local }"],
  ])("%s is asked who connects by it where it leads to a pooler", (kind, spec) => {
    expect(askedOf(ISTIO, kind, spec)).toContain(
      `who connects by the names of ${kind} db/x: it leads to a pooler`,
    );
  });

  it.each([
    ["ServiceEntry", "{ hosts: [pooler.db.svc], location: MESH_EXTERNAL, resolution: DNS }"],
    ["ServiceEntry", "{ hosts: [api.example.com], endpoints: [{ address: 10.1.2.3 }] }"],
    ["DestinationRule", "{ host: pooler.db.svc, trafficPolicy: { tls: { mode: DISABLE } } }"],
  ])("%s %s is not asked", (kind, spec) => {
    expect(askedOf(ISTIO, kind, spec)).toEqual(askedOf(ISTIO, "Gateway", "{}"));
  });
});

describe("a kind of a group of which others are known", () => {
  const SIDECAR = `{ containers: [{ name: a, env: [{ name: PGHOST, value: pooler }] }] }`;

  it.each([
    ["monitoring.coreos.com/v1", "Prometheus", SIDECAR],
    ["admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", SIDECAR],
  ])("%s %s is read", (apiVersion, kind, spec) => {
    expect(askedOf(apiVersion, kind, spec)).toContain(
      `what ${kind} db/x opens: it names a pooler, and weir doesn't read objects of its kind`,
    );
  });

  it.each([
    [
      "monitoring.coreos.com/v1",
      "Probe",
      "{ targets: { staticConfig: { static: [pooler:6432] } } }",
    ],
    ["cilium.io/v2", "CiliumNetworkPolicy", "{ egress: [{ toFQDNs: [{ matchName: pooler }] }] }"],
  ])("%s %s is not", (apiVersion, kind, spec) => {
    expect(askedOf(apiVersion, kind, spec)).toEqual(askedOf("v1", "Namespace", "{}"));
  });
});
