import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { type ApiServer, API_SERVER_START_TIMEOUT_MS, startApiServer } from "./apiServer.ts";
import { type FakeNode, type NodePod, startFakeNode } from "./fakeNode.ts";
import { claimPodAddresses, type PodAddresses } from "./podAddresses.ts";
import { logMeasured } from "../measured.ts";

const MANY = 1000;
/** For a machine that runs other tests too. */
const PATIENT = { timeout: 300_000 };

vi.setConfig({ testTimeout: 600_000 });

let apiServer: ApiServer;
let addresses: PodAddresses;
let node: FakeNode;
/** Pods that run a program, by key; those that stop wait until they may. */
const running = new Map<string, NodePod>();
let mayStop: Promise<void> = Promise.resolve();

beforeAll(async () => {
  apiServer = await startApiServer({ controllerManager: true, users: ["fake-node"] });
  addresses = await claimPodAddresses();
  node = await startFakeNode({
    kubeconfigPath: await apiServer.kubeconfigFor({ user: "fake-node" }),
    addresses,
    run: async (pod) => {
      running.set(pod.key, pod);
      return {
        stop: async () => {
          await mayStop;
          running.delete(pod.key);
        },
      };
    },
  });
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await node?.stop();
  await addresses?.release();
  await apiServer?.stop();
});

describe("a Deployment", () => {
  test("becomes Ready, with an address of its own for each pod", async () => {
    await apply(workload("Deployment", "fifty", 50));
    await rolledOut("deployment/fifty");

    const told = (await podsOf("fifty")).map(({ status }) => status.podIP);
    expect(new Set(told).size).toBe(50);
    expect([...running.values()].map(({ address }) => address).toSorted()).toEqual(told.toSorted());
  });

  test("rolls out: new pods beside those that are held in terminating", async () => {
    const old = new Set(running.keys());
    const gate = Promise.withResolvers<void>();
    mayStop = gate.promise;
    await kubectl("set", "env", "deployment/fifty", "STEP=2");
    await expect
      .poll(async () => (await podsOf("fifty")).filter(isTerminating).length, PATIENT)
      .toBe(50);
    await expect.poll(async () => (await podsOf("fifty")).length, PATIENT).toBe(100);

    gate.resolve();
    await rolledOut("deployment/fifty");
    await expect.poll(() => running.size, PATIENT).toBe(50);
    expect([...running.keys()].filter((key) => old.has(key))).toEqual([]);
  });

  test("is scaled down", async () => {
    await kubectl("scale", "deployment/fifty", "--replicas=3");
    await expect.poll(async () => (await podsOf("fifty")).length, PATIENT).toBe(3);
    await expect.poll(() => running.size, PATIENT).toBe(3);
    await remove("deployment/fifty");
  });

  test("of type Recreate has no new pod before the old ones are gone", async () => {
    const strategy = { type: "Recreate" };
    await apply(workload("Deployment", "again", 4, { strategy }));
    await rolledOut("deployment/again");
    const gate = Promise.withResolvers<void>();
    mayStop = gate.promise;
    const old = new Set(running.keys());
    await kubectl("set", "env", "deployment/again", "STEP=2");
    await expect
      .poll(async () => (await podsOf("again")).filter(isTerminating).length, PATIENT)
      .toBe(4);
    expect(new Set(running.keys())).toEqual(old);

    gate.resolve();
    await rolledOut("deployment/again");
    await expect.poll(() => [...running.keys()].filter((key) => old.has(key)), PATIENT).toEqual([]);
    await remove("deployment/again");
  });
});

test("a StatefulSet's pods come in parallel, and keep their addresses", async () => {
  const more = { podManagementPolicy: "Parallel", serviceName: "tier" };
  await apply(workload("StatefulSet", "tier", 3, more));
  await rolledOut("statefulset/tier");
  const before = await addressesByName("tier");
  expect(Object.keys(before)).toEqual(["tier-0", "tier-1", "tier-2"]);
  expect(before["tier-1"]).toBe(addresses.of("default/tier-1"));

  await kubectl("rollout", "restart", "statefulset/tier");
  await rolledOut("statefulset/tier");
  expect(await addressesByName("tier")).toEqual(before);
  await remove("statefulset/tier");
});

test("a DaemonSet has one pod on it", async () => {
  await apply(workload("DaemonSet", "each"));
  await rolledOut("daemonset/each");
  expect(await podsOf("each")).toHaveLength(1);
  await remove("daemonset/each");
});

test("the API server is restarted under it", async () => {
  await apiServer.restart();
  await apply(workload("Deployment", "later", 2));
  await rolledOut("deployment/later");
  expect(running.size).toBe(2);
  await remove("deployment/later");
});

test(`${MANY} pods`, { timeout: 1_200_000 }, async () => {
  const startedMs = performance.now();
  await apply(workload("Deployment", "many", MANY));
  await rolledOut("deployment/many");
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  logMeasured(`${MANY} pods of a Deployment Ready in ${seconds} s`);

  expect(running.size).toBe(MANY);
  expect(node.failures).toEqual([]);
});

function workload(kind: string, name: string, replicas?: number, more: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "default" },
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...more,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "server", image: "none.example/server" }] },
      },
    },
  };
}

async function kubectl(...args: readonly string[]): Promise<string> {
  return asked(args);
}

async function asked(args: readonly string[], stdin = ""): Promise<string> {
  const { code, stdout, stderr } = await apiServer.kubectl(args, stdin);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function apply(object: object): Promise<void> {
  await asked(["apply", "--filename=-"], JSON.stringify(object));
}

async function rolledOut(what: string): Promise<void> {
  // The test's own time limit comes first.
  await kubectl("rollout", "status", what, "--timeout=1200s");
}

/** Deletes it, and waits until nothing of it runs. */
async function remove(what: string): Promise<void> {
  await kubectl("delete", what);
  await expect.poll(() => running.size, PATIENT).toBe(0);
}

interface ToldPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: { readonly podIP: string };
}

async function podsOf(app: string): Promise<readonly ToldPod[]> {
  const list: { readonly items: readonly ToldPod[] } = JSON.parse(
    await kubectl("get", "pods", `--selector=app=${app}`, "--output=json"),
  );
  return list.items;
}

function isTerminating({ metadata }: ToldPod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

async function addressesByName(app: string): Promise<Record<string, string>> {
  const pods = await podsOf(app);
  return Object.fromEntries(pods.map(({ metadata, status }) => [metadata.name, status.podIP]));
}
