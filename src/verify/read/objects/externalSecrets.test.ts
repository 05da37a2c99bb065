import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { prove } from "../../proof/prove.ts";

/** A system that fits. */
const BASE =
  poolerText(APP_INI).replace(
    "name: pooler, namespace: db }\nspec:\n  replicas",
    'name: pooler, namespace: db, annotations: { weir.dev/postgres-connections: "40" } }\nspec:\n  replicas',
  ) +
  deploymentText({ DATABASE_URL: "postgres://a@pooler:6432/app", DB_POOL_MAX: "2" }).replace(
    "name: app,",
    "name: first,",
  ) +
  "---\n";

const GROUPS: Readonly<Record<string, string>> = {
  SealedSecret: "bitnami.com/v1alpha1",
  InfisicalSecret: "secrets.infisical.com/v1alpha1",
};
const object = (kind: string, name: string, spec: string) =>
  `apiVersion: ${GROUPS[kind] ?? "external-secrets.io/v1"}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: db }\nspec: ${spec}\n---\n`;
const external = (spec: string, name = "s") => object("ExternalSecret", name, spec);
const sealed = (spec: string) => object("SealedSecret", "s", spec);
const infisical = (references: string) => object("InfisicalSecret", "x", `{ ${references} }`);
const template = (data: string, more = "") => `{ target: { template: { data: ${data}${more} } } }`;

const ENVIRONMENT = deploymentText({}, "\n          envFrom: [{ secretRef: { name: s } }]").replace(
  "env: []",
  "",
);
const FILES = deploymentText(
  {},
  "\n          volumeMounts: [{ name: v, mountPath: /conf }]\n      volumes: [{ name: v, secret: { secretName: s } }]",
);

const verdictOf = (text: string): string => prove(systemIn(BASE + text)).verdict;

describe("a Secret whose keys another object says, and none of a database", () => {
  it.each([
    ["its template's", external(template('{ API_KEY: "{{ .key }}" }'))],
    ["over what it fetches", external(template("{ KEY: x }").replace("{", "{ dataFrom: [{}],"))],
    ["those that it fetches", external("{ data: [{ secretKey: API_KEY }, { secretKey: MORE }] }")],
    ["of another name", external(`{ target: { name: s }, data: [{ secretKey: KEY }] }`, "other")],
    ["sealed ones", sealed("{ encryptedData: { API_KEY: AgB } }")],
    [
      "both",
      sealed("{ encryptedData: { A: AgB }, template: { data: { B: '{{ index . \"A\" }}' } } }"),
    ],
    [
      "Infisical's",
      infisical(
        "managedKubeSecretReferences: [{ secretName: other, secretNamespace: db }, { secretName: s, secretNamespace: db, template: { data: { API_KEY: '{{ .KEY.Value }}' } } }]",
      ),
    ],
    [
      "Infisical's only one",
      infisical("managedSecretReference: { secretName: s, template: { data: { KEY: x } } }"),
    ],
  ])("hides no target: %s", (_, secret) => {
    expect(verdictOf(secret + ENVIRONMENT)).toBe("fits");
  });

  it.each([
    ["fetched ones", external("{ dataFrom: [{ extract: { key: app } }] }")],
    [
      "fetched and merged",
      external(template("{ KEY: x }", ", mergePolicy: Merge").replace("{", "{ dataFrom: [{}],")),
    ],
    ["templates elsewhere", external(template("{ KEY: x }, templateFrom: [{ literal: a }]"))],
    ["an addition", external("{ target: { creationPolicy: Merge }, data: [{ secretKey: K }] }")],
    ["another Secret", external("{ data: [{ secretKey: KEY }] }", "other")],
    ["a database's key", external("{ data: [{ secretKey: DATABASE_URL }] }")],
    [
      "two of one name",
      external("{ data: [{ secretKey: KEY }] }") +
        external("{ target: { name: s }, data: [{ secretKey: KEY }] }", "t"),
    ],
    ["a decision", external(template('{ DATABASE_URL: "{{ if .a }}x{{ end }}" }'))],
    ["a sealed target", sealed("{ encryptedData: { DATABASE_URL: AgB } }")],
    ["one that seals its keys", sealed("{ data: AgB }")],
    [
      "all that Infisical has",
      infisical(
        "managedSecretReference: { secretName: s, template: { includeAllSecrets: true, data: { KEY: x } } }",
      ),
    ],
    ["Infisical's without a template", infisical("managedSecretReference: { secretName: s }")],
    [
      "Infisical's of another namespace",
      infisical(
        "managedSecretReference: { secretName: s, secretNamespace: web, template: { data: { KEY: x } } }",
      ),
    ],
  ])("may hide one: %s", (_, secret) => {
    expect(verdictOf(secret + ENVIRONMENT)).toBe("unknown");
  });

  it.each([
    ["external", external("{ data: [{ secretKey: app.yaml }] }")],
    ["sealed", sealed("{ encryptedData: { app.yaml: AgB } }")],
    [
      "encrypted, where base64 should stand",
      'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: db }\ndata: { app.yaml: "ENC[AES256_GCM,data:x]" }\n---\n',
    ],
  ])("may hide one in a file: %s", (_, secret) => {
    expect(verdictOf(secret + FILES)).toBe("unknown");
  });
});

it("follows what a template writes around its unknown parts", () => {
  const url = "postgres://{{ .user }}:{{ .password }}@pooler:6432/app";
  const text = external(template(`{ DATABASE_URL: "${url}", DB_POOL_MAX: "3" }`)) + ENVIRONMENT;
  const [, client] = systemIn(BASE + text).clients.map(clientShape);
  expect(client?.slice(1, 5)).toEqual([1, 3, "Deployment db/pooler", "app"]);
});

it("leaves a Secret that is given as it is", () => {
  const given =
    "apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: db }\nstringData: { KEY: x }\n---\n";
  const other = external("{ data: [{ secretKey: DATABASE_URL }] }");
  expect(verdictOf(given + other + ENVIRONMENT)).toBe("fits");
});

const source = (value: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: pooler-login, namespace: db }\nstringData: { uri: "${value}", pool-host: pooler }\n---\n`;
const store = (provider: string, kind = "ClusterSecretStore") =>
  object(kind, "cluster", `{ provider: ${provider} }`);

describe("a Secret that is fetched from one of this cluster", () => {
  const url = "postgres://a@pooler:6432/app";
  const given = source(url);
  const own = store("{ kubernetes: { remoteNamespace: db } }");
  const from = "secretStoreRef: { kind: ClusterSecretStore, name: cluster }";
  const extract = "{ extract: { key: pooler-login } }";
  const pool = 'DB_POOL_MAX: "3"';

  it.each([
    [
      "as a template writes it",
      own,
      `{ ${from}, dataFrom: [${extract}], target: { template: { data: { DATABASE_URL: "{{ .uri }}", ${pool} } } } }`,
    ],
    [
      "by a name with a dash, behind what is not known",
      own,
      `{ secretStoreRef: { name: vault }, dataFrom: [{ extract: { key: app } }, { extract: { key: pooler-login }, sourceRef: { storeRef: { kind: ClusterSecretStore, name: cluster } } }], target: { template: { data: { DATABASE_URL: 'postgres://a@{{ index . "pool-host" }}:6432/app', ${pool} } } } }`,
    ],
    [
      "key by key, by a store of its namespace",
      store("{ kubernetes: { remoteNamespace: db } }", "SecretStore"),
      `{ secretStoreRef: { name: cluster }, data: [{ secretKey: DATABASE_URL, remoteRef: { key: pooler-login, property: uri } }], target: { template: { mergePolicy: Merge, data: { ${pool} } } } }`,
    ],
  ])("is followed: %s", (_, stores, spec) => {
    const text = given + stores + external(spec) + ENVIRONMENT;
    const [, client] = systemIn(BASE + text).clients.map(clientShape);
    expect(client?.slice(1, 5)).toEqual([1, 3, "Deployment db/pooler", "app"]);
  });

  const templated = `target: { template: { data: { DATABASE_URL: "{{ .uri }}", ${pool} } } }`;

  it.each([
    [
      "of another cluster",
      store('{ kubernetes: { remoteNamespace: db, server: { url: "https://10.0.0.1" } } }'),
      `{ ${from}, dataFrom: [${extract}], ${templated} }`,
    ],
    [
      "of another namespace",
      store("{ kubernetes: { remoteNamespace: web } }"),
      `{ ${from}, dataFrom: [${extract}], ${templated} }`,
    ],
    [
      "by another product's store",
      store("{ vault: {} }"),
      `{ ${from}, dataFrom: [${extract}], ${templated} }`,
    ],
    [
      "before what is not known",
      own,
      `{ ${from}, dataFrom: [${extract}, { extract: { key: x } }], ${templated} }`,
    ],
    [
      "under other keys",
      own,
      `{ ${from}, dataFrom: [{ extract: { key: pooler-login }, rewrite: [{}] }], ${templated} }`,
    ],
  ])("is unknown: %s", (_, stores, spec) => {
    expect(verdictOf(given + stores + external(spec) + ENVIRONMENT)).toBe("unknown");
  });

  it("is unknown where it is encrypted", () => {
    const spec = `{ ${from}, dataFrom: [${extract}], ${templated} }`;
    const hidden = source("ENC[AES256_GCM,data:x]");
    expect(verdictOf(hidden + own + external(spec) + ENVIRONMENT)).toBe("unknown");
  });
});
