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

const object = (kind: string, name: string, spec: string) =>
  `apiVersion: ${kind === "ExternalSecret" ? "external-secrets.io/v1" : "bitnami.com/v1alpha1"}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: db }\nspec: ${spec}\n---\n`;
const external = (spec: string, name = "s") => object("ExternalSecret", name, spec);
const sealed = (spec: string) => object("SealedSecret", "s", spec);
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
