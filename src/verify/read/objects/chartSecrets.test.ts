import { describe, expect, it } from "vitest";
import { APP_INI, poolerText, systemIn } from "../../../../test/verify/systemText.ts";

/** What is asked of a HelmRelease with these values, beside a Secret with this data. */
function askedOf(values: string, data?: string): readonly string[] {
  const release = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: x, namespace: db }\nspec: { values: ${values} }\n`;
  const secret = `---\napiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: db }\nstringData: ${data}\n`;
  return systemIn(poolerText(APP_INI) + release + (data === undefined ? "" : secret))
    .missing.filter(({ assumed }) => assumed === undefined)
    .map(({ what }) => what);
}

const HIDDEN = "whether HelmRelease db/x connects to a pooler: Secret db/s, which";
const OPENS = "what HelmRelease db/x opens: it names a pooler";

describe("a Secret that a chart's values name", () => {
  it.each([
    "{ envFromSecret: s }",
    "{ envFromSecrets: [{ name: s, optional: true }] }",
    "{ web: { extraEnvVarsSecret: s } }",
    "{ extraEnvFrom: [{ secretRef: { name: s } }] }",
    "{ envSecret: s }",
    "{ externalDatabase: { existingSecret: s } }",
    '{ externalDatabase: { host: "", existingSecret: s } }',
    "{ postgresql: { enabled: false, existingSecret: s } }",
    "{ persistence: { config: { type: secret, name: s } } }",
    "{ extraSecretMounts: [{ name: ini, secretName: s, mountPath: /etc/app }] }",
  ])("may hold a target where it is not given: %s", (values) => {
    expect(askedOf(values)).toEqual([expect.stringContaining(HIDDEN)]);
    expect(askedOf(values, "{ API_KEY: abc }")).toEqual([]);
  });

  it.each([
    "{ externalDatabase: { host: db.example.com, existingSecret: s } }",
    "{ externalDatabase: { enabled: false, existingSecret: s } }",
    "{ postgresql: { enabled: true, existingSecret: s } }",
    "{ postgresql: { auth: { existingSecret: s } } }",
    "{ redis: { existingSecret: s } }",
    "{ existingSecret: s }",
    "{ ingress: { tls: [{ secretName: s }] } }",
    "{ persistence: { data: { type: persistentVolumeClaim, existingClaim: s } } }",
    "{ persistence: { config: { enabled: false, type: secret, name: s } } }",
  ])("holds none by what stands around it: %s", (values) => {
    expect(askedOf(values)).toEqual([]);
  });

  const URL = "postgres://a@pooler:6432/app";

  it.each([
    ["{ envFromSecret: s }", `{ DATABASE_URL: "${URL}" }`],
    ["{ existingSecret: s }", `{ uri: "${URL}" }`],
    ["{ externalDatabase: { existingSecret: s } }", "{ host: pooler }"],
    [
      "{ persistence: { config: { type: secret, name: s } } }",
      `{ a.yaml: "database:\\n  url: ${URL}\\n" }`,
    ],
  ])("is read where it is given: %s", (values, data) => {
    expect(askedOf(values, data)).toEqual([expect.stringContaining(OPENS)]);
  });

  it.each([
    ["argoproj.io/v1alpha1", "Application", "{ source: { helm: { valuesObject: V } } }"],
    [
      "argoproj.io/v1alpha1",
      "Application",
      "{ source: { helm: { parameters: [{ name: db.existingSecret, value: s }] } } }",
    ],
    ["helm.cattle.io/v1", "HelmChart", '{ valuesContent: "a: 1\\nenvFromSecret: s\\n" }'],
  ])("is named by an object of %s %s too", (apiVersion, kind, spec) => {
    const values = spec.replace("V", "{ envFromSecret: s }");
    const object = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: db }\nspec: ${values}\n`;
    expect(systemIn(poolerText(APP_INI) + object).missing.map(({ what }) => what)).toContainEqual(
      expect.stringContaining("Secret db/s, which its environment is from"),
    );
  });

  it("stands in the namespace that the release is rendered to", () => {
    const object =
      "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: { name: x, namespace: kube-system }\nspec: { targetNamespace: db, set: { envFromSecret: s } }\n";
    expect(systemIn(poolerText(APP_INI) + object).missing.map(({ what }) => what)).toContainEqual(
      expect.stringContaining("Secret db/s, which"),
    );
  });
});

const component = (type: string, metadata: string): readonly string[] =>
  systemIn(
    `${poolerText(APP_INI)}apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: x, namespace: db }\nspec: { type: ${type}, version: v1, metadata: [${metadata}] }\n`,
  ).missing.map(({ what }) => what);

describe("a component of Dapr", () => {
  const REFERENCE = "{ name: connectionString, secretKeyRef: { name: s, key: k } }";

  it.each([
    ["state.postgresql", REFERENCE],
    ["bindings.postgresql", REFERENCE],
    ["configuration.postgresql", "{ name: host, secretKeyRef: { name: s, key: k } }"],
    ["state.postgresql", '{ name: connectionString, value: "host=pooler port=6432 database=app" }'],
    ["state.postgresql", '{ name: host, value: pooler }, { name: maxConns, value: "5" }'],
  ])("of type %s is asked where it leads: %s", (type, metadata) => {
    expect(component(type, metadata)).toEqual([expect.stringContaining("Component db/x")]);
  });

  it.each([
    ["state.mysql", REFERENCE],
    ["pubsub.azure.servicebus.topics", REFERENCE],
    ["state.redis", "{ name: redisHost, secretKeyRef: { name: s, key: k } }"],
    ["state.postgresql", '{ name: connectionString, value: "host=db.example.com database=app" }'],
  ])("of type %s that leads elsewhere is not: %s", (type, metadata) => {
    expect(component(type, metadata)).toEqual([]);
  });
});
