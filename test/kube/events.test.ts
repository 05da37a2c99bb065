import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeClient } from "../../src/kube/client.ts";
import { startEvents, type Events, type Occurrence } from "../../src/kube/events.ts";
import { isMapping } from "../../src/json/fields.ts";
import { KubeError } from "../../src/kube/refusal.ts";
import { listObjects } from "../../src/kube/list.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { virtualRuntime } from "../runtime/virtualRuntime.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
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

function occurrence(name: string, note = "200 of 190 are open"): Occurrence {
  const regarding = {
    apiVersion: "weir.dev/v1alpha1",
    kind: "ConnectionBudget",
    namespace: "default",
    name,
    uid: `uid-${name}`,
  };
  return { regarding, type: "Warning", reason: "OverBudget", action: "Observe", note };
}

function start(
  errors: string[],
  options: { readonly client?: KubeClient; instance?: string } = {},
) {
  return startEvents({
    client,
    runtime: systemRuntime,
    controller: "weir.dev/operator",
    instance: "weir-0",
    onError: (error) => errors.push(String(error)),
    ...options,
  });
}

async function eventsOf(name: string): Promise<readonly KubeObject[]> {
  const kind = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events" };
  const all = await listObjects(client, kind);
  return all.filter(({ regarding }) => isMapping(regarding) && regarding["name"] === name);
}

/** How often each event of an object was counted. */
async function counts(name: string): Promise<readonly number[]> {
  return (await eventsOf(name)).map(({ series }) => {
    const count = isMapping(series) ? series["count"] : 1;
    return typeof count === "number" ? count : 0;
  });
}

async function reportOneByOne(events: Events, name: string, times: number): Promise<void> {
  for (let count = 1; count <= times; count++) {
    events.report(occurrence(name));
    await expect.poll(() => counts(name)).toEqual([count]);
  }
}

test("an event is what was reported, and kubectl shows it", async () => {
  const errors: string[] = [];
  const events = start(errors);
  events.report(occurrence("once"));
  await expect.poll(() => counts("once")).toEqual([1]);
  await events.stop();

  const [event] = await eventsOf("once");
  expect(event).toMatchObject({
    ...occurrence("once"),
    metadata: { namespace: "default" },
    reportingController: "weir.dev/operator",
    reportingInstance: "weir-0",
  });
  expect(event).not.toHaveProperty("series");
  expect(errors).toEqual([]);
  const { stdout } = await server.kubectl(["events"]);
  expect(stdout).toMatch(/Warning +OverBudget +ConnectionBudget\/once +200 of 190 are open/);
});

test("the same again is counted, also by another process", async () => {
  const errors: string[] = [];
  const first = start(errors);
  await reportOneByOne(first, "again", 3);
  await first.stop();
  const second = start(errors, { instance: "weir-1" });
  second.report(occurrence("again"));
  await expect.poll(() => counts("again")).toEqual([4]);
  await second.stop();

  expect(errors).toEqual([]);
});

test("two processes that report at the same time are counted both", async () => {
  const errors: string[] = [];
  const both = [start(errors), start(errors, { instance: "weir-1" })];
  for (let round = 0; round < 10; round++) {
    for (const events of both) events.report(occurrence("both"));
    await sleep(5);
  }
  await expect.poll(() => counts("both")).toEqual([20]);
  await Promise.all(both.map((events) => events.stop()));

  // Who was slower is told so, and counts later.
  expect(errors.filter((error) => !error.includes("the object has been modified"))).toEqual([]);
});

test("a hundred at once are counted each", async () => {
  const errors: string[] = [];
  const events = start(errors);
  for (let count = 0; count < 100; count++) events.report(occurrence("many"));
  events.report(occurrence("many", "another note"));
  await expect.poll(async () => (await counts("many")).toSorted((a, b) => a - b)).toEqual([1, 100]);
  await events.stop();

  expect(errors).toEqual([]);
});

test("objects of the whole cluster, and those with long names, have events too", async () => {
  const errors: string[] = [];
  const events = start(errors);
  const { regarding, ...others } = occurrence("nodes");
  const { namespace: _, ...whole } = regarding;
  const long = `${"a".repeat(235)}.${"b".repeat(17)}`;
  events.report({ ...others, regarding: whole });
  events.report(occurrence(long));
  await expect.poll(() => counts("nodes")).toEqual([1]);
  await expect.poll(() => counts(long)).toEqual([1]);
  await events.stop();

  expect(errors).toEqual([]);
});

test.each(["", "x", "xx"])(
  "a note that is too long is cut between characters: %j",
  async (begin) => {
    const errors: string[] = [];
    const name = `long${begin}`;
    const events = start(errors);
    events.report(occurrence(name, begin + "≤".repeat(400)));
    await expect.poll(() => counts(name)).toEqual([1]);
    await events.stop();

    const [event] = await eventsOf(name);
    const note = String(event?.["note"]);
    expect(note).toMatch(/^x*≤+…$/);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(note)).toBeGreaterThan(1020);
    expect(errors).toEqual([]);
  },
);

test("what is refused is reported, once, and harms nobody", async () => {
  const errors: string[] = [];
  const events = start(errors);
  events.report({ ...occurrence("bad"), reason: "" });
  events.report(occurrence("good"));
  await expect.poll(() => counts("good")).toEqual([1]);
  await expect.poll(() => errors).toHaveLength(1);
  await events.stop();

  expect(errors[0]).toMatch(/^KubeRefusal: can't create Event default\/bad\.\w+ of .*reason/);
});

test("what can't be reported yet waits, and is counted in the end", async () => {
  const errors: string[] = [];
  const runtime = virtualRuntime();
  let cut = true;
  const request: KubeClient["request"] = (asked) =>
    cut ? Promise.reject(new KubeError("can't reach it")) : client.request(asked);
  const events = startEvents({
    client: { ...client, request },
    controller: "weir.dev/operator",
    instance: "weir-0",
    onError: (error) => errors.push(String(error)),
    runtime,
  });
  for (let count = 0; count < 3; count++) {
    events.report(occurrence("late"));
    await runtime.pass(100);
  }
  expect(errors).toEqual(Array.from({ length: 3 }, () => "KubeError: can't reach it"));

  cut = false;
  await runtime.pass(60_000);
  await expect.poll(() => counts("late")).toEqual([3]);
  await events.stop();
});

test("no more than a thousand wait, and who is not among them is reported", async () => {
  const errors: string[] = [];
  // None is written meanwhile: a write begins when this test awaits something.
  const events = start(errors);
  for (let index = 0; index < 1002; index++) events.report(occurrence(`full-${index}`));
  expect(errors).toEqual([
    "KubeError: 1000 events wait already: none is written of ConnectionBudget full-1000",
    "KubeError: 1000 events wait already: none is written of ConnectionBudget full-1001",
  ]);
  await events.stop();
});
