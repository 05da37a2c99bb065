import { afterAll, beforeAll, expect, test } from "vitest";
import { applyObject } from "../../src/kube/apply.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { isMapping } from "../../src/json/fields.ts";
import { readObject, resourceVersionOf, type KubeObject } from "../../src/kube/object.ts";
import { writeStatus, type StatusChange } from "../../src/kube/status.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

/** Deployments: nobody else writes their status here, for want of controllers. */
const KIND = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments" };

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

function placeOf(name: string) {
  return { ...KIND, namespace: "default", name };
}

async function make(name: string, replicas = 1): Promise<KubeObject> {
  const labels = { app: name };
  const { apiVersion, kind, plural } = KIND;
  const object = {
    apiVersion,
    kind,
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "server", image: "weir.local/none" }] },
      },
    },
  };
  return applyObject(client, { plural, object }, { fieldManager: "test", force: false });
}

function write(name: string, change: Partial<StatusChange> & Pick<StatusChange, "statusFor">) {
  return writeStatus(client, systemRuntime, {
    place: placeOf(name),
    fieldManager: "weir",
    ...change,
  });
}

/** Again when others were always faster: of two that never rest, that is one at times. */
async function writeInTheEnd(name: string, change: Parameters<typeof write>[1]): Promise<void> {
  for (;;) {
    try {
      return expect(await write(name, change)).toBe("written");
    } catch (error) {
      if (!String(error).includes("others wrote it 10 times meanwhile")) throw error;
    }
  }
}

async function read(name: string): Promise<KubeObject> {
  const object = await readObject(client, placeOf(name));
  if (object === undefined) throw new Error(`${name} is not there`);
  return object;
}

function always(status: Readonly<Record<string, unknown>>) {
  return () => status;
}

function asWanted({ spec }: KubeObject) {
  return { replicas: isMapping(spec) ? spec["replicas"] : undefined };
}

function replicasOf({ status }: KubeObject): number {
  const replicas = isMapping(status) ? status["replicas"] : undefined;
  return typeof replicas === "number" ? replicas : 0;
}

test("a status is written whole, and the same again is not written", async () => {
  await make("whole");
  expect(await write("whole", { statusFor: () => ({ replicas: 2, readyReplicas: 1 }) })).toBe(
    "written",
  );
  const statusFor = always({ replicas: 3, readyReplicas: undefined });
  expect(await write("whole", { statusFor })).toBe("written");
  const written = await read("whole");
  expect(written["status"]).toEqual({ replicas: 3 });

  expect(await write("whole", { statusFor })).toBe("unchanged");
  expect(resourceVersionOf(await read("whole"))).toBe(resourceVersionOf(written));
});

test("of those who write at the same time none loses its update", async () => {
  await make("counted");
  const known = await read("counted");
  const increments = async () => {
    for (let count = 0; count < 25; count++) {
      const statusFor = (object: KubeObject) => ({ replicas: replicasOf(object) + 1 });
      await writeInTheEnd("counted", { statusFor, known });
    }
  };
  await Promise.all([increments(), increments()]);

  expect(replicasOf(await read("counted"))).toBe(50);
});

test("what was last seen is written upon, and when it is old, the object as it is", async () => {
  const old = await make("seen");
  await make("seen", 5);
  const seen: unknown[] = [];
  const statusFor = (object: KubeObject) => {
    seen.push(object["spec"]);
    return { replicas: 7 };
  };

  expect(await write("seen", { statusFor, known: old })).toBe("written");
  expect(seen).toMatchObject([{ replicas: 1 }, { replicas: 5 }]);
  const { spec, status } = await read("seen");
  expect({ spec, status }).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 7 } });
});

test("others who are always faster are reported for in the end", async () => {
  await make("hectic");
  let calls = 0;
  // The lines of this function come before each write: somebody else's is always in between.
  const known = await read("hectic");
  const statusFor = () => ({ replicas: 100 + calls++ });
  const fast: KubeClient = {
    ...client,
    request: async (asked) => {
      await make("hectic", 1 + calls);
      return client.request(asked);
    },
  };

  await expect(
    writeStatus(fast, systemRuntime, {
      place: placeOf("hectic"),
      fieldManager: "weir",
      statusFor,
      known,
    }),
  ).rejects.toThrow(
    `can't write the status of Deployment default/hectic of ${server.url}: others wrote it 10 times meanwhile`,
  );
  expect(replicasOf(await read("hectic"))).toBe(0);
});

test("an object that is not there is no failure, also one that was there", async () => {
  const statusFor = always({ replicas: 1 });
  expect(await write("absent", { statusFor })).toBe("absent");

  const known = await make("gone");
  await client.request({
    method: "DELETE",
    path: "/apis/apps/v1/namespaces/default/deployments/gone",
  });
  expect(await write("gone", { statusFor, known })).toBe("absent");
});

test("one that was made anew under its name is not written for the old one", async () => {
  const known = await make("anew");
  const path = "/apis/apps/v1/namespaces/default/deployments/anew";
  await client.request({ method: "DELETE", path });
  await make("anew", 9);

  expect(await write("anew", { statusFor: asWanted, known })).toBe("written");
  expect(replicasOf(await read("anew"))).toBe(9);
});

test.each([
  ["an unknown field", { replicos: 1 }, "replicos"],
  ["an invalid value", { replicas: -1 }, "must be greater than or equal to 0"],
])("%s is refused", async (_, status, words) => {
  await make("refused");
  const error = await write("refused", { statusFor: () => status }).catch(String);

  expect(error).toContain("can't write the status of Deployment default/refused of ");
  expect(error).toContain(words);
});

test("a kind without a status says so, and is not taken for absent", async () => {
  const place = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespace: "default" };
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "default" },
  };
  await applyObject(client, { plural: "configmaps", object }, { fieldManager: "t", force: false });
  const change = { fieldManager: "weir", statusFor: () => ({ a: 1 }) };

  await expect(
    writeStatus(client, systemRuntime, { place: { ...place, name: "a" }, ...change }),
  ).rejects.toThrow("can't write the status of ConfigMap default/a of ");
  await expect(
    writeStatus(client, systemRuntime, {
      place: { ...place, plural: "nothings", name: "a" },
      ...change,
    }),
  ).rejects.toThrow("can't read ConfigMap default/a of ");
});
