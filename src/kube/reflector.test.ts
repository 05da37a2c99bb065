import { afterEach, expect, test } from "vitest";
import {
  startStubApiServer,
  type StubAnswer,
  type StubApiServer,
} from "../../test/kube/stubApiServer.ts";
import { connect, type KubeClient } from "./client.ts";
import { withoutManagedFields } from "./object.ts";
import { reflect, type Reflector } from "./reflector.ts";
import { systemRuntime, type Runtime } from "../runtime/runtime.ts";

const SELECTION = { kind: "Pod", apiVersion: "v1", plural: "pods" };
const SILENCE_MS = 150_000;

let stub: StubApiServer;
let client: KubeClient;
let reflector: Reflector<unknown>;
/** What was waited for, in milliseconds. */
let waits: number[];

afterEach(async () => {
  await reflector.stop();
  await client.close();
  await stub.stop();
});

/** Of an API server that answers as told; time passes at once when something waits for it. */
async function start(
  answer: (path: string) => StubAnswer | undefined,
  random = () => 0.5,
): Promise<Reflector<unknown>> {
  stub = await startStubApiServer(answer);
  client = connect(stub.config, systemRuntime);
  waits = [];
  let nowMs = 0;
  const runtime: Runtime = {
    ...systemRuntime,
    random,
    monotonicMs: () => nowMs,
    after: (delayMs, call) => {
      if (delayMs === SILENCE_MS) return () => {};
      waits.push(delayMs);
      const timer = setImmediate(() => {
        nowMs += delayMs;
        call();
      });
      return () => clearImmediate(timer);
    },
  };
  const keep = withoutManagedFields;
  reflector = reflect({ client, selection: SELECTION, keep, onChange, runtime });
  return reflector;
}

function onChange(): void {}

function list(resourceVersion: string): StubAnswer {
  return { body: { kind: "PodList", metadata: { resourceVersion }, items: [] } };
}

function events(...lines: readonly object[]): StubAnswer {
  return { body: lines.map((line) => `${JSON.stringify(line)}\n`).join("") };
}

function bookmark(resourceVersion: string): object {
  return { type: "BOOKMARK", object: { kind: "Pod", metadata: { resourceVersion } } };
}

function isWatch(path: string): boolean {
  return path.includes("watch=true");
}

/** The versions that were watched from, and where all was listed. */
function asked(): string[] {
  return stub.asked.map((path) => /[?&]resourceVersion=(\d+)/.exec(path)?.[1] ?? "list");
}

test("failures in a row are waited after, at random up to twice as long, to 30 s at most", async () => {
  const { state } = await start(() => ({ status: 403, body: { kind: "Status", message: "no" } }));
  await expect.poll(() => waits.length).toBeGreaterThanOrEqual(9);

  expect(waits.slice(0, 9)).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(state()).toEqual({
    synced: false,
    lastContactMs: undefined,
    lastError: `can't list pods of ${stub.url}: no`,
  });
});

test("bookmarks are where the next watch begins", async () => {
  let watches = 0;
  const { synced } = await start((path) => {
    if (!isWatch(path)) return list("5");
    watches += 1;
    return watches > 3 ? undefined : events(bookmark(`${watches * 10}`));
  });
  expect(await synced).toBe(true);
  await expect.poll(asked).toEqual(["list", "5", "10", "20", "30"]);
  expect(waits).toEqual([]);
});

test("watches are asked for 5 to 10 minutes", async () => {
  let random = 0;
  await start(
    (path) => {
      if (!isWatch(path)) return list("5");
      random += 0.5;
      return random > 1 ? undefined : events(bookmark(`${random * 20}`));
    },
    () => random,
  );
  await expect.poll(() => stub.asked.filter(isWatch).length).toBe(3);
  expect(stub.asked.filter(isWatch).map((path) => /timeoutSeconds=\d+/.exec(path)?.[0])).toEqual([
    "timeoutSeconds=300",
    "timeoutSeconds=450",
    "timeoutSeconds=600",
  ]);
});

test("a watch that ends at once, again and again, is not asked for at once", async () => {
  await start((path) => (isWatch(path) ? events(bookmark("5")) : list("5")));
  await expect.poll(() => waits.length).toBeGreaterThanOrEqual(4);
  expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
  expect(asked().filter((version) => version === "list")).toHaveLength(1);
});

test.each([
  ["by HTTP", { status: 410, body: { kind: "Status", message: "too old" } }],
  [
    "in an event",
    events({ type: "ERROR", object: { kind: "Status", code: 410, message: "too old" } }),
  ],
])("history that is gone (%s) leads to a list", async (_, gone) => {
  const { state } = await start((path) => {
    if (!isWatch(path)) return list(stub.asked.length > 1 ? "9" : "5");
    return path.includes("resourceVersion=5&") ? gone : undefined;
  });
  await expect.poll(asked).toEqual(["list", "5", "list", "9"]);
  expect(waits).toEqual([250]);
  expect(state()).toMatchObject({ synced: true, lastError: undefined });
});

test("a watch that is refused otherwise is tried three times, then all is listed", async () => {
  const refusal = { kind: "Status", code: 500, message: "no" };
  await start((path) => {
    if (!isWatch(path)) return list(stub.asked.length > 1 ? "9" : "5");
    return path.includes("resourceVersion=5&")
      ? events({ type: "ERROR", object: refusal })
      : undefined;
  });
  await expect.poll(asked).toEqual(["list", "5", "5", "5", "list", "9"]);
  expect(waits).toEqual([250, 500, 1000]);
});

test("what is no API server is reported in one line", async () => {
  const { state } = await start((path) => (isWatch(path) ? events({ type: "NEWS" }) : list("5")));
  await expect
    .poll(() => state().lastError)
    .toBe(`can't watch pods of ${stub.url}: it does not send events as an API server does`);
});
