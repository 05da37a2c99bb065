import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { connect, type KubeClient } from "../../src/kube/client.ts";
import { reflect, type Reflector, type ReflectOptions } from "../../src/kube/reflector.ts";
import { startFaultyProxy, type FaultyProxy } from "../kube/faultyProxy.ts";
import { following, type Following } from "../kube/following.ts";
import { type ApiServer, API_SERVER_START_TIMEOUT_MS, startApiServer } from "./apiServer.ts";
import { configMapsIn, shortOf, type ConfigMaps } from "./configMaps.ts";
import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";

// A silence that is short for a test.
const SILENCE_MS_MAX = 2000;

let apiServer: ApiServer;
let proxy: FaultyProxy;
let client: KubeClient;
let maps: ConfigMaps;
let followed: Following;
let reflector: Reflector<string> | undefined;
let namespaces = 0;

beforeAll(async () => {
  apiServer = await startApiServer();
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await apiServer.stop();
});

beforeEach(async () => {
  proxy = await startFaultyProxy(apiServer);
  client = connect(proxy.config, systemRuntime);
  maps = await configMapsIn(apiServer, `n${(namespaces += 1)}`);
  followed = following();
});

afterEach(async () => {
  await reflector?.stop();
  await client.close();
  await maps.close();
  await proxy.stop();
});

/** It waits little after failures: half a second at most. */
const HASTY: Runtime = { ...systemRuntime, random: () => 0.02 };

function start(options: Partial<ReflectOptions<string>> = {}): Reflector<string> {
  reflector = reflect({
    client,
    selection: maps.selection,
    keep: shortOf,
    onChange: followed.onChange,
    runtime: HASTY,
    ...options,
  });
  return reflector;
}

/** Waits until the copy is what is there, and what was told leads to the same. */
async function untilSame({ all }: Reflector<string>): Promise<void> {
  const wanted = await maps.all();
  await expect.poll(() => all().toSorted()).toEqual(wanted);
  expect(followed.objects()).toEqual(wanted);
  expect(followed.wrong).toEqual([]);
}

function lists(): number {
  return proxy.asked.filter((path) => path.includes("limit=")).length;
}

test("what is there is reported, then what happens", async () => {
  await maps.create("a", "1");
  const { namespace } = maps.selection;
  const same = start();
  expect(same.state()).toEqual({ synced: false, lastContactMs: undefined, lastError: undefined });
  expect(await same.synced).toBe(true);
  expect(followed.told).toEqual([`added ${namespace}/a`]);
  expect(same.get(`${namespace}/a`)).toMatch(/^a \S+ \d+ 1$/);

  await maps.create("b", "1");
  await maps.update("a", "2");
  await maps.update("a", "2");
  await maps.remove("a");
  await maps.create("a", "3");
  await untilSame(same);

  expect(followed.told).toEqual(
    ["added a", "added b", "modified a", "deleted a", "added a"].map((word) =>
      word.replace(" ", ` ${namespace}/`),
    ),
  );
  expect(same.state()).toMatchObject({ synced: true, lastError: undefined });
  expect(proxy.asked[1]).toMatch(/allowWatchBookmarks=true&resourceVersion=\d+&timeoutSeconds=\d+/);
});

test("what leaves a selection is deleted, and what comes into it is added", async () => {
  await maps.create("a", "1");
  await maps.create("b", "1");
  const selection = { ...maps.selection, labelSelector: "of=weir" };
  const { all, synced } = start({ selection, keep: ({ metadata }) => Object(metadata).name });
  await synced;
  expect(all()).toEqual([]);

  const { namespace = "" } = selection;
  const label = async (word: string) =>
    apiServer.kubectl(["-n", namespace, "label", "configmap", "a", word]);
  await label("of=weir");
  await expect.poll(all).toEqual(["a"]);
  await label("of-");
  await expect.poll(all).toEqual([]);
  expect(followed.told).toEqual([`added ${namespace}/a`, `deleted ${namespace}/a`]);
});

test("an API server that is restarted costs nothing that happened", async () => {
  await maps.create("a", "1");
  const same = start();
  await same.synced;
  await maps.update("a", "2");
  await untilSame(same);
  await apiServer.restart();
  await maps.create("b", "1");
  await maps.update("a", "3");
  await maps.remove("b");
  await maps.create("c", "1");
  await untilSame(same);

  expect(followed.told.filter((word) => word.endsWith("/a")).length).toBe(3);
  expect(same.state().lastError).toBeUndefined();
});

test("history that is gone is made up for by a list, and only what differs is reported", async () => {
  const { namespace } = maps.selection;
  for (const name of ["same", "changed", "deleted", "anew"]) await maps.create(name, "1");
  const same = start();
  await same.synced;
  await untilSame(same);
  const before = followed.told.length;

  proxy.make("refuse");
  proxy.cut();
  await maps.update("changed", "2");
  await maps.update("changed", "3");
  await maps.remove("deleted");
  await maps.remove("anew");
  await maps.create("anew", "2");
  await maps.create("new", "1");
  await maps.create("short", "1");
  await maps.remove("short");
  await expect.poll(() => same.state().lastError).toMatch(/^can't reach https:\S+: \S/);
  await apiServer.compact();
  await apiServer.restart();
  // The API server's own memory begins after all of it.
  expect(lists()).toBe(1);
  proxy.make("none");
  await untilSame(same);

  expect(lists()).toBe(2);
  expect(followed.told.slice(before).toSorted()).toEqual(
    ["added anew", "added new", "deleted anew", "deleted deleted", "modified changed"].map((word) =>
      word.replace(" ", ` ${namespace}/`),
    ),
  );
});

test.each(["cut", "tear"] as const)("a stream that ends (%s) goes on where it was", async (how) => {
  const same = start();
  await same.synced;
  for (let round = 0; round < 5; round++) {
    await maps.create(`a${round}`, "1");
    await untilSame(same);
    const before = proxy.asked.length;
    if (how === "cut") proxy.cut();
    else proxy.make("tear");
    await maps.update(`a${round}`, "2");
    // The half of an event is there, or none.
    await expect.poll(() => proxy.asked.length).toBeGreaterThan(before);
    proxy.make("none");
    await maps.create(`b${round}`, "1");
    await untilSame(same);
  }

  expect(lists()).toBe(1);
  expect(followed.told).toHaveLength(15);
});

test("a stream that dies without a word is noticed, and left", async () => {
  // By the machine's clock it would depend on the machine how often it is silent.
  const silences = new Set<() => void>();
  const runtime: Runtime = {
    ...HASTY,
    after: (delayMs, call) => {
      if (delayMs !== SILENCE_MS_MAX) return HASTY.after(delayMs, call);
      silences.add(call);
      return () => silences.delete(call);
    },
  };
  const same = start({ runtime, silenceMsMax: SILENCE_MS_MAX });
  await same.synced;
  await maps.create("a", "1");
  await untilSame(same);
  proxy.make("stall");
  await maps.create("b", "1");
  await maps.remove("a");
  for (const passes of silences) passes();
  await expect.poll(() => same.state().lastError).toMatch(/^configmaps of \S+: no word for 2 s$/);
  expect(same.state().synced).toBe(true);
  expect(same.all()).toHaveLength(1);
  proxy.make("none");
  proxy.cut();
  await untilSame(same);

  expect(lists()).toBe(1);
  expect(followed.told).toHaveLength(3);
});

test("an API server that was set back is listed again, though it says nothing", async () => {
  await maps.create("a", "1");
  let isFirst = true;
  const request: KubeClient["request"] = async (asked) => {
    const answer = await client.request(asked);
    // As it was before: the version is still to come.
    if (isFirst) Object(answer.body).metadata.resourceVersion = "1000000000";
    isFirst = false;
    return answer;
  };
  const same = start({ client: { ...client, request }, silenceMsMax: SILENCE_MS_MAX });
  await same.synced;
  await maps.create("b", "1");
  await maps.remove("a");
  await untilSame(same);

  expect(followed.told).toHaveLength(3);
});

test.each(["delay", "repeat"] as const)(
  "events that come late or again (%s) are reported once",
  async (fault) => {
    proxy.make(fault);
    const same = start();
    await same.synced;
    for (let round = 0; round < 10; round++) {
      await maps.create("a", `${round}`);
      await maps.update("a", `then ${round}`);
      await maps.remove("a");
      await maps.create(`b${round}`, "1");
    }
    await untilSame(same);

    expect(followed.told).toHaveLength(40);
  },
);

test("a stopped one says nothing, and leaves no timer and no connection", async () => {
  const timers = new Set<() => void>();
  const runtime: Runtime = {
    ...HASTY,
    after: (delayMs, call) => {
      const forget = HASTY.after(delayMs, () => {
        timers.delete(forget);
        call();
      });
      timers.add(forget);
      return () => {
        timers.delete(forget);
        forget();
      };
    },
  };
  const watching = start({ runtime });
  await watching.synced;
  await maps.create("a", "1");
  await untilSame(watching);
  expect(timers.size).toBe(1);
  await watching.stop();
  expect(timers.size).toBe(0);
  await maps.create("b", "1");

  proxy.make("refuse");
  proxy.cut();
  const waiting = start({ runtime: { ...runtime, random: () => 1 } });
  await expect.poll(() => waiting.state().lastError).toBeDefined();
  await waiting.stop();
  expect(await waiting.synced).toBe(false);
  expect(timers.size).toBe(0);
  await expect.poll(() => proxy.connections()).toBe(0);
  expect(followed.told).toHaveLength(1);
});
