import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { nastyPassword } from "../../test/credentials/nastyPassword.ts";
import { parseExistingSecrets } from "./existingSecrets.ts";
import { Failure } from "./shell.ts";

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: a, namespace: writing }
data: { password: eA== }
`;

/** What kubectl writes. */
const LIST = `apiVersion: v1
items:
- apiVersion: v1
  data:
    password: eA==
    username: YQ==
  kind: Secret
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"v1","data":{"password":"eA=="}}
    creationTimestamp: "2026-11-23T10:00:00Z"
    name: a
    namespace: writing
  type: Opaque
- apiVersion: v1
  data:
    userlist.txt: eQ==
    other: eg==
  kind: Secret
  metadata:
    name: b
    namespace: writing
  type: Opaque
kind: List
metadata:
  resourceVersion: ""
`;

describe("reads", () => {
  test.each([
    ["one Secret", SECRET, { "writing/a": { password: "eA==" } }],
    [
      "a stream",
      `---\n${SECRET}---\n${SECRET.replace("name: a", "name: b")}---\n`,
      { "writing/a": { password: "eA==" }, "writing/b": { password: "eA==" } },
    ],
    [
      "a List, and of it what weir looks at",
      LIST,
      {
        "writing/a": { password: "eA==", username: "YQ==" },
        "writing/b": { "userlist.txt": "eQ==" },
      },
    ],
    [
      "a list as the API server writes it",
      '{"kind":"SecretList","items":[{"metadata":{"name":"a","namespace":"n"}}]}',
      { "n/a": {} },
    ],
    ["an empty List", "kind: List\napiVersion: v1\nitems: []\n", {}],
    [
      "text, which counts before data",
      `${SECRET}stringData: { password: "yes", username: a }\n`,
      { "writing/a": { password: base64("yes"), username: base64("a") } },
    ],
    ["no data", SECRET.replace("data: { password: eA== }", "data:"), { "writing/a": {} }],
  ])("%s", (_, text, expected) => {
    expect(Object.fromEntries(parseExistingSecrets(text, "x.yaml"))).toEqual(expected);
  });
});

describe("refuses, with the place and without what stands there", () => {
  test.each([
    ["no YAML", "kind: Secret\ndata: { password: t0psecret", "x.yaml:2: is not YAML (BAD_INDENT)"],
    [
      "no YAML",
      `${SECRET}---\na: b\n t0psecret: [`,
      "x.yaml:6: is not YAML (BLOCK_AS_IMPLICIT_KEY)",
    ],
    ["an alias", "kind: *t0psecret", "x.yaml:1: has an alias that can not be followed"],
    ["nothing", "", /^x\.yaml: holds nothing; /],
    ["nothing but comments", "# t0psecret\n---\n", /^x\.yaml: holds nothing; /],
    ["text", "t0psecret", "x.yaml:1: must be a Secret, or a List of them"],
    [
      "another kind",
      `${SECRET}---\nkind: t0psecret`,
      "x.yaml:6: must be a Secret, or a List of them",
    ],
    [
      "a List of text",
      "kind: List\nitems: [t0psecret]",
      "x.yaml:1: must be a List of Secrets alone",
    ],
    [
      "a List of others",
      "kind: List\nitems: [{ kind: Pod }]",
      "x.yaml:1: must be a List of Secrets alone",
    ],
    ["a List without items", "kind: List", "x.yaml:1: must be a Secret, or a List of them"],
    [
      "no name",
      "kind: Secret\nmetadata: { namespace: n }",
      "x.yaml:1: metadata.name must be the name of a Secret",
    ],
    [
      "a strange name",
      'kind: Secret\nmetadata: { name: "t0psecret\\n", namespace: n }',
      "x.yaml:1: metadata.name must be the name of a Secret",
    ],
    [
      "no namespace",
      "kind: Secret\nmetadata: { name: a }",
      "x.yaml:1: metadata.namespace of Secret a must be a namespace",
    ],
    ["one twice", `${SECRET}---\n${SECRET}`, "x.yaml:6: Secret writing/a is there twice"],
    [
      "no base64",
      SECRET.replace("eA==", "t0psecret!"),
      "x.yaml:1: Secret writing/a: data.password must be base64",
    ],
    [
      "half of base64",
      SECRET.replace("eA==", "eA="),
      "x.yaml:1: Secret writing/a: data.password must be base64",
    ],
    [
      "a number",
      `${SECRET}stringData: { password: 4711 }`,
      "x.yaml:1: Secret writing/a: stringData.password must be text: put it in quotes",
    ],
    [
      "what kubectl takes for a boolean",
      `${SECRET}stringData: { password: yes }`,
      "x.yaml:1: Secret writing/a: stringData.password must be text: put it in quotes",
    ],
    [
      "a list as data",
      SECRET.replace("{ password: eA== }", "[t0psecret]"),
      "x.yaml:1: Secret writing/a: data must be a mapping",
    ],
  ])("%s", (_, text, message) => {
    expect(() => parseExistingSecrets(text, "x.yaml")).toThrow(Failure);
    expect(() => parseExistingSecrets(text, "x.yaml")).toThrow(message);
    expect(() => parseExistingSecrets(text, "x.yaml")).not.toThrow("t0psecret");
  });
});

/** What parsing a text says, when it fails as it should. */
function said(text: string): string {
  try {
    parseExistingSecrets(text, "x.yaml");
    return "";
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

test("whatever YAML makes of a password that nobody quoted, it is in no message", () => {
  fc.assert(
    fc.property(nastyPassword, fc.constantFrom("data", "stringData"), (password, field) => {
      const text = `kind: Secret\nmetadata: { name: a, namespace: n }\n${field}:\n  password: ${password}\n`;
      expect(said(text)).not.toContain("xK9");
    }),
  );
});

test("a password that is quoted comes back as it was", () => {
  fc.assert(
    fc.property(nastyPassword, fc.boolean(), (password, encoded) => {
      const data = encoded
        ? { data: { password: base64(password) } }
        : { stringData: { password } };
      const text = stringify(
        { kind: "Secret", metadata: { name: "a", namespace: "n" }, ...data },
        { version: "1.1" },
      );
      expect(parseExistingSecrets(text, "x.yaml").get("n/a")).toEqual({
        password: base64(password),
      });
    }),
  );
});
