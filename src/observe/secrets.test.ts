import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import {
  startStubApiServer,
  type StubAnswer,
  type StubApiServer,
} from "../../test/kube/stubApiServer.ts";
import { connect, type KubeClient } from "../kube/client.ts";
import { readSecretFields, readSecrets } from "./secrets.ts";
import { systemRuntime } from "../runtime/runtime.ts";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";

const NOT_FOUND = {
  status: 404,
  body: { kind: "Status", status: "Failure", reason: "NotFound", code: 404, message: "not found" },
};

let stub: StubApiServer;
let client: KubeClient;

async function start(
  answer: (path: string) => StubAnswer | Promise<StubAnswer>,
): Promise<KubeClient> {
  stub = await startStubApiServer(answer);
  client = connect(stub.config, systemRuntime);
  return client;
}

afterEach(async () => {
  await client.close();
  await stub.stop();
});

function secret(data?: Readonly<Record<string, string>>): StubAnswer {
  return { body: { apiVersion: "v1", kind: "Secret", metadata: {}, data } };
}

test("each is read by its name, and told in the order of the names", async () => {
  await start((path) => {
    if (path.endsWith("/a")) return secret({ password: "YQ==" });
    return path.endsWith("/empty") ? secret() : NOT_FOUND;
  });

  const names = ["absent", "a", "empty"].map((name) => ({ namespace: "writing", name }));
  expect(await readSecrets(client, names)).toEqual([undefined, { password: "YQ==" }, {}]);
  expect(stub.asked.toSorted()).toEqual(
    ["a", "absent", "empty"].map((name) => `/api/v1/namespaces/writing/secrets/${name}`),
  );
});

test("a hundred are read a few at a time", async () => {
  await start(async () => {
    await sleep(2);
    return secret({});
  });
  const names = Array.from({ length: 100 }, (_, index) => ({ namespace: "n", name: `s-${index}` }));

  expect(await readSecrets(client, names)).toHaveLength(100);
  expect(stub.peak()).toBeGreaterThan(1);
  expect(stub.peak()).toBeLessThanOrEqual(8);
});

test("after the first that can't be read nothing more is asked for", async () => {
  const refused = Promise.withResolvers<void>();
  await start(async (path) => {
    if (path.endsWith("/s-3")) {
      refused.resolve();
      return { status: 500, body: "" };
    }
    // Whoever is asked meanwhile is no sooner answered.
    await refused.promise;
    await sleep(2);
    return secret({});
  });
  const names = Array.from({ length: 100 }, (_, index) => ({ namespace: "n", name: `s-${index}` }));

  await expect(readSecrets(client, names)).rejects.toThrow("can't read Secret n/s-3 ");
  await sleep(100);
  expect(stub.asked.length).toBeLessThan(50);
});

const forbidden = 'secrets "a" is forbidden: User "dev" cannot get resource "secrets"';

test.each([
  ["forbidden", { status: 403, body: status(forbidden) }, forbidden],
  ["unknown", { status: 401, body: status("Unauthorized") }, "it does not know who asks (401)"],
  ["a message of several lines", { status: 500, body: status("one\ntwo") }, "one"],
  ["no API server's 404", { status: 404, body: "404 page not found" }, "(HTTP 404)"],
  ["a 404 of another API", { status: 404, body: { reason: "NotFound" } }, "(HTTP 404)"],
  ["another 404", { status: 404, body: { kind: "Status", reason: "Gone" } }, "(HTTP 404)"],
  ["a page", { body: "<html>" }, "(HTTP 200)"],
  ["nothing", { body: "" }, "(HTTP 200)"],
  ["another kind", { body: { kind: "SecretList", items: [] } }, "(HTTP 200)"],
  ["no text", { body: { kind: "Secret", data: { password: 1 } } }, "(HTTP 200)"],
  ["a list", { body: { kind: "Secret", data: ["x"] } }, "(HTTP 200)"],
])("%s is an error in one line, and no missing Secret", async (_, answer: StubAnswer, reason) => {
  await start(() => answer);
  const error = await readSecrets(client, [{ namespace: "writing", name: "a" }]).then(
    () => "read",
    String,
  );

  expect(error).toContain(`KubeRefusal: can't read Secret writing/a from ${stub.url}: `);
  expect(error).toContain(reason);
  expect(error).not.toContain("\n");
});

test.each(["", ".", "..", "../configmaps/a", "a/b", "a?watch=1", "%2e%2e", "A"])(
  "the name %j reaches no path",
  async (name) => {
    await start(() => secret({}));

    await expect(readSecrets(client, [{ namespace: "writing", name }])).rejects.toThrow(
      "is no name that an object can have",
    );
    await expect(readSecrets(client, [{ namespace: name, name: "a" }])).rejects.toThrow(
      "is no name that an object can have",
    );
    expect(stub.asked).toEqual([]);
  },
);

function status(message: string): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", message };
}

function never(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

/** An API server that has every request wait until it is given up. */
function busy(): KubeClient {
  return {
    server: "https://api",
    request: ({ signal }) => never(signal),
    get: () => never(),
    stream: (_, signal) => never(signal),
    close: async () => {},
  };
}

test("an API server that keeps a Secret waiting holds nobody up for long", async () => {
  const name = { namespace: "writing", name: "old-stats" };
  const { signal } = new AbortController();
  const runtime = virtualRuntime();
  const reading = readSecretFields(busy(), runtime, name, signal);
  reading.catch(() => {});
  await runtime.pass(3000);
  await expect(reading).rejects.toMatchObject({
    name: "UnavailableError",
    reason: "Unreachable",
    message: "can't read Secret writing/old-stats: the API server does not give it",
  });
});

test("who is stopped meanwhile ends with that", async () => {
  const stopping = new AbortController();
  const name = { namespace: "writing", name: "old-stats" };
  const reading = readSecretFields(busy(), systemRuntime, name, stopping.signal);
  stopping.abort(new Error("stopped"));
  await expect(reading).rejects.toThrow("stopped");
});
