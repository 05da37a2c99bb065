import { afterEach, expect, test } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import { frozenRuntime } from "../../test/runtime/frozenRuntime.ts";
import type { KubeClient } from "../kube/client.ts";
import type { ClusterCopy } from "./cluster.ts";
import type { Network } from "./network.ts";
import { toCachedBudget, toCachedServer } from "./observedObject.ts";
import { observeBudgets } from "./observer.ts";

const KEY = "writing/writing";
const existing = { host: "10.0.0.9", port: 6432, processes: 1, statsSecretRef: { name: "old" } };
const POD = { namespace: "writing", uid: "u", hostNetwork: false, ready: true, env: [] };

let observer: ReturnType<typeof observeBudgets>;

afterEach(async () => {
  await observer.stop();
});

/** An observer, and all that it asks of the API server and over the network. */
function observing(cluster: Partial<ClusterCopy>): readonly string[] {
  const asked: string[] = [];
  const refuse = async (what: string): Promise<never> => {
    asked.push(what);
    throw new Error("connect ECONNREFUSED");
  };
  const client: KubeClient = {
    server: "https://api",
    request: ({ path }) => refuse(path),
    get: refuse,
    stream: refuse,
    close: async () => {},
  };
  const network: Network = {
    openConsole: ({ host }) => refuse(host),
    askPostgres: ({ host }) => refuse(host),
    handshake: async ({ host, pod }) => {
      asked.push(host);
      return { ok: false, pod, message: "connect ECONNREFUSED" };
    },
    addressesOf: async (host) => {
      asked.push(host);
      return [host];
    },
  };
  observer = observeBudgets({
    client,
    network,
    runtime: { ...frozenRuntime(), epochMs: () => 0 },
    cluster: clusterWith(cluster),
    statusOf: ({ observed }) => observed.status,
    onSample: () => {},
    onChange: () => {},
  });
  return asked;
}

function clusterWith(parts: Partial<ClusterCopy>): ClusterCopy {
  const { spec, ...object } = budgetOf();
  const pgbouncer = { ...spec.pgbouncer, existing };
  const budget = toCachedBudget({ ...object, spec: { ...spec, mode: "Observe", pgbouncer } });
  const server = toCachedServer({ ...serverOf("author") });
  return {
    budget: (key) => (key === KEY ? budget : undefined),
    budgets: () => [budget],
    budgetKeys: () => new Set([KEY]),
    serversOf: () => [server],
    workload: () => undefined,
    podsOf: () => [{ ...POD, name: "author-0", ip: "10.0.0.1", terminating: false }],
    unownedPods: () => [],
    pgbouncerPods: () => [],
    scalersOf: () => [],
    service: () => undefined,
    slicesOf: () => [],
    synced: Promise.resolve(true),
    states: () => [],
    stop: async () => {},
    ...parts,
  };
}

test("a snapshot opens nothing and changes nothing", async () => {
  const asked = observing({});
  const before = observer.snapshot(KEY);
  expect(before).toMatchObject({
    pgbouncers: { state: "pending" },
    postgres: { state: "pending" },
    servers: [{ pods: [{ name: "author-0" }], handshake: { state: "pending" } }],
  });
  expect(observer.snapshot(KEY)).toEqual(before);
  // A connection would be opened in a later turn.
  await new Promise(setImmediate);
  expect(asked).toEqual([]);
});

test("retarget opens what is missing, once, and a snapshot then says the same each time", async () => {
  const asked = observing({});
  observer.retarget(KEY);
  await expect.poll(() => new Set(asked)).toContain("10.0.0.1");
  expect(asked).toContain("10.0.0.9");
  observer.retarget(KEY);
  await expect
    .poll(() => observer.snapshot(KEY)?.pgbouncers)
    .toMatchObject({ state: "available", value: [{ name: "10.0.0.9:6432" }] });
  expect(observer.snapshot(KEY)).toEqual(observer.snapshot(KEY));
  // A handshake is under way or done for a minute: it was not begun anew.
  expect(asked.filter((each) => each === "10.0.0.9")).toHaveLength(1);
});

test("of a budget that is gone nothing is asked any more", async () => {
  let isThere = true;
  const cached = clusterWith({}).budget(KEY);
  const asked = observing({ budget: () => (isThere ? cached : undefined) });
  observer.retarget(KEY);
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  isThere = false;
  observer.retarget(KEY);
  expect(observer.snapshot(KEY)).toBeUndefined();
  expect(observer.orphans(KEY)).toMatchObject([{ handshake: { state: "pending" } }]);
});
