import { afterEach, expect, test } from "vitest";
import {
  startStubApiServer,
  type StubAnswer,
  type StubApiServer,
} from "../../test/kube/stubApiServer.ts";
import { connect, type KubeClient } from "./client.ts";
import { listObjects } from "./list.ts";
import { systemRuntime } from "../runtime/runtime.ts";

const PODS = { kind: "Pod", apiVersion: "v1", plural: "pods" };
const DEPLOYMENTS = { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments" };

let stub: StubApiServer;
let client: KubeClient;

async function start(answer: (path: string) => StubAnswer): Promise<void> {
  stub = await startStubApiServer(answer);
  client = connect(stub.config, systemRuntime);
}

afterEach(async () => {
  await client.close();
  await stub.stop();
});

function page(names: readonly string[], next?: string): StubAnswer {
  return {
    body: {
      kind: "PodList",
      apiVersion: "v1",
      metadata: next === undefined ? {} : { continue: next },
      items: names.map((name) => ({ metadata: { name } })),
    },
  };
}

const EXPIRED: StubAnswer = { status: 410, body: { kind: "Status", reason: "Expired" } };

test("page after page, each object with its kind", async () => {
  await start((path) =>
    path.includes("continue=a%2Fb") ? page(["third"]) : page(["first", "second"], "a/b"),
  );

  expect(await listObjects(client, PODS, "writing")).toEqual(
    ["first", "second", "third"].map((name) => ({
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name },
    })),
  );
  expect(stub.asked).toEqual([
    "/api/v1/namespaces/writing/pods?limit=500",
    "/api/v1/namespaces/writing/pods?limit=500&continue=a%2Fb",
  ]);
});

test("of all namespaces, and of a group", async () => {
  await start(() => ({ body: { kind: "DeploymentList", items: null } }));

  expect(await listObjects(client, DEPLOYMENTS)).toEqual([]);
  expect(stub.asked).toEqual(["/apis/apps/v1/deployments?limit=500"]);
});

test("a list whose pages expired is begun anew, and none of its objects counted twice", async () => {
  let expired = 0;
  await start((path) => {
    if (!path.includes("continue")) return page(["first"], "next");
    return expired++ === 0 ? EXPIRED : page(["second"]);
  });

  expect(await listObjects(client, PODS)).toHaveLength(2);
  expect(stub.asked).toHaveLength(4);
});

test("one that expires again and again is given up", async () => {
  await start((path) => (path.includes("continue") ? EXPIRED : page(["first"], "next")));

  await expect(listObjects(client, PODS)).rejects.toThrow("its pages expire too soon");
});

test.each([
  ["a refusal", { status: 403, body: { kind: "Status", message: "may not\nlist" } }, "may not"],
  ["another kind", { body: { kind: "SecretList", items: [] } }, "(HTTP 200)"],
  ["a page", { body: "<html>" }, "(HTTP 200)"],
  ["no list", { body: { kind: "PodList", items: ["x"] } }, "(HTTP 200)"],
])("%s is an error in one line", async (_, answer: StubAnswer, reason) => {
  await start(() => answer);
  const error = await listObjects(client, PODS, "writing").then(() => "listed", String);

  expect(error).toBe(
    `KubeRefusal: can't list pods of ${stub.url}: ${reason.startsWith("(") ? `it does not answer as an API server does ${reason}` : reason}`,
  );
});

test.each(["", "..", "a/../b", "a?b"])("the namespace %j reaches no path", async (namespace) => {
  await start(() => page([]));

  await expect(listObjects(client, PODS, namespace)).rejects.toThrow("is no name");
  expect(stub.asked).toEqual([]);
});
