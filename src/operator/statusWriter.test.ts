import { expect, test } from "vitest";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import type { ObservedStatus } from "../api/status.ts";
import type { KubeClient, KubeRequest } from "../kube/client.ts";
import { isMapping } from "../json/fields.ts";
import { SERVERS } from "../observe/cluster.ts";
import { toCachedServer, type CachedObject } from "../observe/observedObject.ts";
import { statusDifference, statusWriter } from "./statusWriter.ts";

/** An API server that has one McpServer, and takes whatever is written onto its version. */
function oneServer() {
  let version = 1;
  let status: unknown = {};
  const object = () => ({
    apiVersion: "weir.dev/v1alpha1",
    kind: "McpServer",
    metadata: { name: "author", namespace: "writing", uid: "u", resourceVersion: `${version}` },
    spec: { budgetRef: { name: "writing" }, port: 3001, image: "x:1" },
    status,
  });
  const requests: string[] = [];
  const request = async ({ method, body }: KubeRequest) => {
    requests.push(method);
    if (method === "GET" || !Array.isArray(body)) return { status: 200, body: object() };
    const [swap, add]: readonly unknown[] = body;
    if (!isMapping(swap) || !isMapping(add) || swap["value"] !== `${version}`) {
      return { status: 409, body: { kind: "Status", reason: "Conflict" } };
    }
    status = add["value"];
    version += 1;
    return { status: 200, body: object() };
  };
  const client: KubeClient = {
    server: "https://api",
    request,
    get: (path) => request({ method: "GET", path }),
    stream: () => Promise.reject(new Error("nothing is watched here")),
    close: async () => {},
  };
  return {
    client,
    requests,
    cached: () => toCachedServer(object()),
    /** Another tool writes a status. */
    put: (other: unknown) => {
      status = other;
      version += 1;
    },
  };
}

function ready(message: string, status: "True" | "False" = "True"): ObservedStatus {
  const lastTransitionTime = "2026-11-26T12:00:00Z";
  return { conditions: [{ type: "Ready", status, lastTransitionTime, reason: "Well", message }] };
}

interface Writing {
  readonly writer: ReturnType<typeof statusWriter>;
  readonly pass: (durationMs: number) => Promise<void>;
}

function writing({ client }: ReturnType<typeof oneServer>, leads = () => true): Writing {
  const runtime = virtualRuntime();
  const writer = statusWriter({
    client,
    stillLeading: leads,
    runtime,
    onWrite: () => {},
  });
  return { writer, pass: runtime.pass };
}

function write({ writer }: Writing, cached: CachedObject<unknown>, status: ObservedStatus) {
  return writer.write({ listed: SERVERS, cached, status });
}

test("the same is written once, also before the watch has told of it", async () => {
  const api = oneServer();
  const all = writing(api);
  const before = api.cached();
  expect(await write(all, before, ready("190 of 200"))).toEqual({ outcome: "written" });
  expect(all.writer.statusOf(before)).toEqual(ready("190 of 200"));
  expect(await write(all, before, ready("190 of 200"))).toEqual({ outcome: "unchanged" });
  expect(await write(all, api.cached(), ready("190 of 200"))).toEqual({ outcome: "unchanged" });
  expect(api.requests).toEqual(["PATCH"]);
});

test("other words wait for 30 s, another status does not", async () => {
  const api = oneServer();
  const all = writing(api);
  await write(all, api.cached(), ready("190 of 200"));
  await all.pass(10_000);
  expect(await write(all, api.cached(), ready("191 of 200"))).toEqual({
    outcome: "held",
    againInMs: 20_000,
  });
  expect(await write(all, api.cached(), ready("201 of 200", "False"))).toEqual({
    outcome: "written",
  });
  await all.pass(30_000);
  expect(await write(all, api.cached(), ready("202 of 200", "False"))).toEqual({
    outcome: "written",
  });
});

test("a wait that is over is over, however often it was asked for", async () => {
  const api = oneServer();
  const all = writing(api);
  await write(all, api.cached(), ready("190 of 200"));
  await all.pass(29_999);
  const late = () => write(all, api.cached(), ready("191 of 200"));
  expect([await late(), await late()]).toEqual([
    { outcome: "held", againInMs: 1 },
    { outcome: "held", againInMs: 1 },
  ]);
  await all.pass(1);
  expect(await late()).toEqual({ outcome: "written" });
});

test("a malformed condition that another tool wrote is written over", async () => {
  const api = oneServer();
  api.put({ conditions: [{ type: "Ready", status: 7 }, null, "text"] });
  expect(api.cached().observed.status).toEqual({ conditions: [] });
  expect(await write(writing(api), api.cached(), ready("190 of 200"))).toEqual({
    outcome: "written",
  });
  expect(api.cached().observed.status).toEqual(ready("190 of 200"));
});

test("after a start other words wait, too: what another process wrote may be new", async () => {
  const api = oneServer();
  await write(writing(api), api.cached(), ready("190 of 200"));
  const restarted = writing(api);
  expect(await write(restarted, api.cached(), ready("191 of 200"))).toMatchObject({
    outcome: "held",
  });
});

test("who does not lead writes nothing", async () => {
  const api = oneServer();
  const all = writing(api, () => false);
  expect(await write(all, api.cached(), ready("190 of 200"))).toEqual({ outcome: "unchanged" });
  expect(api.requests).toEqual([]);
});

test("who led until somebody else was faster does not write over that", async () => {
  const api = oneServer();
  let leads = true;
  const seen = api.cached();
  await write(writing(api), seen, ready("the next leader's", "False"));
  const { request } = api.client;
  const slow = {
    ...api,
    client: {
      ...api.client,
      request: async (asked: KubeRequest) => {
        leads = false;
        return request(asked);
      },
    },
  };
  const late = writing(slow, () => leads);
  const writes = write(late, seen, ready("the old one's"));
  await late.pass(1000);
  expect(await writes).toEqual({ outcome: "unchanged" });
  expect(api.cached().observed.status).toEqual(ready("the next leader's", "False"));
});

test("an object that was made anew gets no status of the old one", async () => {
  const api = oneServer();
  const all = writing(api);
  const other = api.cached();
  const old = { ...other, observed: { ...other.observed, uid: "old" } };
  // Its version is another one: it is read again, and is not the one that was judged.
  const stale = { ...old, object: { ...old.object, metadata: { resourceVersion: "0" } } };
  expect(await write(all, stale, ready("190 of 200"))).toEqual({ outcome: "unchanged" });
  expect(api.cached().observed.status).toEqual({});
});

const READY = { type: "Ready", status: "True", reason: "Well", message: "190 of 200" };
const STATUS = { replicas: 2, conditions: [READY] };

test.each([
  ["none", { replicas: 2, conditions: [{ ...READY }] }],
  ["none", { replicas: 2, conditions: [READY], limit: undefined }],
  ["messages", { replicas: 2, conditions: [{ ...READY, message: "191 of 200" }] }],
  ["more", { replicas: 3, conditions: [READY] }],
  ["more", { replicas: 2, conditions: [{ ...READY, reason: "Full", message: "200 of 200" }] }],
  ["more", { replicas: 2, conditions: [] }],
])("%s: %j", (expected, wanted) => {
  expect(statusDifference(STATUS, wanted)).toBe(expected);
});

test("a member that is undefined in what was written last is not there", () => {
  const written = { ...STATUS, limit: undefined };
  expect(statusDifference(written, STATUS)).toBe("none");
  const other = { replicas: 2, conditions: [{ ...READY, message: "191 of 200" }] };
  expect(statusDifference(written, other)).toBe("messages");
});
