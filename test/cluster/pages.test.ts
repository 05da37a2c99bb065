import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { KubeClient } from "../../src/kube/client.ts";
import { listAll } from "../../src/kube/list.ts";
import { withoutManagedFields } from "../../src/kube/object.ts";
import { reflect } from "../../src/kube/reflector.ts";
import { API_SERVER_START_TIMEOUT_MS, startApiServer, type ApiServer } from "./apiServer.ts";
import { configMapsIn, shortOf, type ConfigMaps } from "./configMaps.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { kubeClientOf } from "./kubeClient.ts";

const OBJECTS = 10_000;
const PAGES = OBJECTS / 500;
const UNDER_WAY = 32;

// Ten thousand objects, and a restart of the API server, on a machine that runs other tests too.
let apiServer: ApiServer;
let maps: ConfigMaps;
let client: KubeClient;
let all: readonly string[];

beforeAll(async () => {
  apiServer = await startApiServer();
  client = kubeClientOf(apiServer);
  maps = await configMapsIn(apiServer, "many");
  const numbers = Array.from({ length: OBJECTS }, (_, index) => index).values();
  const work = async () => {
    for (const number of numbers) await maps.create(`c-${number}`, "1");
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, work));
  all = await maps.all();
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await client.close();
  await maps.close();
  await apiServer.stop();
});

/** The client, and the pages that are asked of it; something may be done before each. */
function counting(before: (page: number) => Promise<void>): {
  readonly counted: KubeClient;
  readonly pages: () => number;
} {
  let pages = 0;
  const request: KubeClient["request"] = async (asked) => {
    pages += 1;
    await before(pages);
    return client.request(asked);
  };
  return { counted: { ...client, request }, pages: () => pages };
}

test("ten thousand objects come in pages, all of them", async () => {
  const { counted, pages } = counting(async () => {});
  const { items } = await listAll(counted, maps.selection, shortOf);

  expect(pages()).toBe(PAGES);
  expect(items).toHaveLength(OBJECTS);
  expect(items.toSorted()).toEqual(all);
});

test("pages that expire are begun again, and nothing is there twice", async () => {
  const { counted, pages } = counting(async (page) => {
    if (page !== 3) return;
    await maps.create("one-more", "1");
    await apiServer.compact();
    await apiServer.restart();
  });
  const { items } = await listAll(counted, maps.selection, shortOf);
  expect(items.toSorted()).toEqual(await maps.all());
  expect(items).toHaveLength(OBJECTS + 1);
  // The third is refused.
  expect(pages()).toBe(3 + PAGES + 1);
  await maps.remove("one-more");
});

test("a copy of them holds what was asked to be kept", async () => {
  const whole = await copyOf((object) => object);
  const kept = await copyOf(withoutManagedFields);
  process.stdout.write(
    `${OBJECTS} ConfigMaps: ${perObject(whole)}, without managedFields ${perObject(kept)}\n`,
  );
  expect([whole.objects, kept.objects]).toEqual([OBJECTS, OBJECTS]);
});

interface Copy {
  readonly objects: number;
  readonly heapBytes: number;
}

function perObject({ heapBytes }: Copy): string {
  return `${Math.round(heapBytes / OBJECTS)} bytes each`;
}

/** What a reflector's copy of all of them takes. */
async function copyOf(keep: typeof withoutManagedFields): Promise<Copy> {
  const before = await usedHeapBytes();
  const reflector = reflect({
    client,
    runtime: systemRuntime,
    selection: maps.selection,
    keep,
    onChange: () => {},
  });
  await reflector.synced;
  const heapBytes = (await usedHeapBytes()) - before;
  const objects = reflector.all().length;
  await reflector.stop();
  return { objects, heapBytes };
}

async function usedHeapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  // What only waits to be forgotten, in timers and connections, is forgotten meanwhile.
  for (let round = 0; round < 5; round++) {
    await sleep(100);
    if (typeof collect === "function") collect();
  }
  return process.memoryUsage().heapUsed;
}
