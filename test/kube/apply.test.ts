import { afterAll, beforeAll, expect, test } from "vitest";
import { applyObject } from "../../src/kube/apply.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { KubeRefusal } from "../../src/kube/refusal.ts";
import { resourceVersionOf } from "../../src/kube/object.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

let server: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  server = await startApiServer();
  client = kubeClientOf(server);
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await client.close();
  await server.stop();
});

function configMap(name: string, data: Readonly<Record<string, unknown>>) {
  const metadata = { name, namespace: "default" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

function secret(data: Readonly<Record<string, unknown>>) {
  return { ...configMap("hush", data), kind: "Secret" };
}

function apply(object: ReturnType<typeof configMap>, fieldManager = "weir", force = false) {
  return applyObject(client, { plural: "configmaps", object }, { fieldManager, force });
}

async function refused(doing: Promise<unknown>): Promise<KubeRefusal> {
  const error = await doing.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof KubeRefusal) return error;
  throw new Error(`not refused: ${String(error)}`);
}

test("what is applied is there, and the same again changes nothing", async () => {
  const first = await apply(configMap("twice", { a: "1" }));
  const second = await apply(configMap("twice", { a: "1" }));
  const third = await apply(configMap("twice", { a: "2" }));

  expect(first).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { a: "1" } });
  expect(resourceVersionOf(first)).toMatch(/^\d+$/);
  expect(resourceVersionOf(second)).toBe(resourceVersionOf(first));
  expect(resourceVersionOf(third)).not.toBe(resourceVersionOf(first));
});

test("objects of groups, and those without a namespace, have their places", async () => {
  const options = { fieldManager: "weir", force: false };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "writing" } };
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "a", namespace: "writing" },
  };

  expect(await applyObject(client, { plural: "namespaces", object }, options)).toMatchObject(
    object,
  );
  expect(await applyObject(client, { plural: "leases", object: lease }, options)).toMatchObject(
    lease,
  );
});

test("fields of others stay, and one's own that is no longer named goes", async () => {
  await apply(configMap("shared", { mine: "1", also: "1" }));
  await apply(configMap("shared", { theirs: "1" }), "somebody");

  expect(await apply(configMap("shared", { mine: "2" }))).toMatchObject({
    data: { mine: "2", theirs: "1" },
  });
  expect((await apply(configMap("shared", { mine: "2" })))["data"]).not.toHaveProperty("also");
});

test("a field that another set otherwise is refused with both names, and taken by force", async () => {
  await apply(configMap("fought", { a: "theirs", b: "theirs" }), "somebody");
  const error = await refused(apply(configMap("fought", { a: "mine", b: "mine" })));

  expect(error).toMatchObject({ status: 409, reason: "Conflict", fields: [".data.a", ".data.b"] });
  expect(error.message).toBe(
    `can't apply ConfigMap default/fought of ${server.url}: Apply failed with 2 conflicts: ` +
      'conflicts with "somebody": - .data.a - .data.b',
  );
  expect(await apply(configMap("fought", { a: "mine", b: "mine" }), "weir", true)).toMatchObject({
    data: { a: "mine", b: "mine" },
  });
});

test("an unknown field is refused, and nothing is made", async () => {
  const object = { ...configMap("unknown", {}), dota: { a: "1" } };
  const error = await refused(apply(object));

  expect(error.message).toContain("can't apply ConfigMap default/unknown of ");
  expect(error.message).toContain(".dota: field not declared in schema");
  expect(error.reason).toBe("Invalid");
  expect((await client.get("/api/v1/namespaces/default/configmaps/unknown")).status).toBe(404);
});

test("an unknown field of a kind of one's own is refused: it would be dropped without a word", async () => {
  const group = "test.weir.dev";
  const names = { kind: "Shelf", plural: "shelves" };
  const properties = { spec: { type: "object", properties: { books: { type: "integer" } } } };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", properties } },
  };
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `shelves.${group}` },
    spec: { group, scope: "Namespaced", names, versions: [version] },
  };
  const options = { fieldManager: "weir", force: false };
  await applyObject(client, { plural: "customresourcedefinitions", object: crd }, options);
  const list = `/apis/${group}/v1/shelves`;
  await expect.poll(async () => (await client.get(list)).status).toBe(200);
  const shelf = (spec: Readonly<Record<string, unknown>>) => ({
    plural: "shelves",
    object: {
      apiVersion: `${group}/v1`,
      kind: "Shelf",
      metadata: { name: "a", namespace: "default" },
      spec,
    },
  });

  const error = await refused(applyObject(client, shelf({ boks: 1 }), options));
  expect(error.reason).toBe("Invalid");
  expect(error.message).toContain(".spec.boks: field not declared in schema");
  expect(await applyObject(client, shelf({ books: 1 }), options)).toMatchObject({
    spec: { books: 1 },
  });
});

test("what is not valid is refused with the fields", async () => {
  const error = await refused(apply(configMap("invalid", { "a/b": "1" })));

  expect(error).toMatchObject({ status: 422, reason: "Invalid", fields: ["data[a/b]"] });
  expect(error.message).toContain("a valid config key must consist of alphanumeric characters");
});

test("of a Secret no value is reported", async () => {
  const options = { fieldManager: "weir", force: false };
  for (const data of [{ password: 735_555 }, { password: "735555 735555" }, { "a/b": "" }]) {
    const doing = applyObject(client, { plural: "secrets", object: secret(data) }, options);
    const { message } = await refused(doing);
    expect(message).toMatch(
      /^can't apply Secret default\/hush of \S+: HTTP \d{3}( \w+)?( data\S+)*$/,
    );
    expect(message).not.toContain("735555");
  }
});

test.each([".", "..", "a/b", "a?b", ""])("the name %j reaches no path", async (name) => {
  await expect(apply(configMap(name, {}))).rejects.toThrow("is no name that an object can have");
});
