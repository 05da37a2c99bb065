import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { KubeClient } from "../../src/kube/client.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  type ApiServer,
  startApiServer,
} from "../cluster/apiServer.ts";
import { answered } from "./eventually.ts";
import { watchHealth } from "./health.ts";
import { pausableTime } from "./scenarioTime.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

/** What suspends a scenario, made on a real API server: its node, and a pod of the cluster's own. */

let apiServer: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  apiServer = await startApiServer({ controllerManager: true });
  client = kubeClientOf(apiServer);
  await kubectl(["create", "-f", "-"], {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "one" },
  });
  // The controllers make it a moment after the namespace.
  await answered(() => kubectl(["get", "serviceaccount/default", "-n", "kube-system"]));
  await kubectl(["create", "-f", "-"], {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "dns", namespace: "kube-system" },
    spec: { containers: [{ name: "dns", image: "dns" }] },
  });
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await apiServer?.stop();
});

async function kubectl(args: readonly string[], object?: object): Promise<void> {
  const { code, stderr } = await apiServer.kubectl(args, object && JSON.stringify(object));
  if (code !== 0) throw new Error(stderr);
}

async function setReady(object: string, isReady: boolean): Promise<void> {
  const conditions = [{ type: "Ready", status: isReady ? "True" : "False" }];
  const patch = JSON.stringify({ status: { conditions } });
  const where = ["-n", "kube-system", "--subresource=status", "--type=merge"];
  await kubectl(["patch", object, ...where, `--patch=${patch}`]);
}

test("while the node or a pod of the cluster's own is not Ready, scenarios' time stands still", async () => {
  await setReady("node/one", true);
  await setReady("pod/dns", true);
  const time = pausableTime(() => performance.now());
  const health = await watchHealth(client, time);
  const turns: boolean[] = [];
  const leave = health.listen((isStarved) => turns.push(isStarved));
  await health.untilWell();
  const beganMs = Date.now();
  expect(time.pausedMs()).toBe(0);

  for (const object of ["node/one", "pod/dns"]) {
    turns.length = 0;
    await setReady(object, false);
    await expect.poll(() => turns).toEqual([true]);
    const elapsedMs = time.elapsedMs();
    const isWell = health.untilWell();
    await setReady(object, true);
    await isWell;
    await expect.poll(() => turns).toEqual([true, false]);
    expect(health.wasStarved(beganMs, Date.now())).toBe(true);
    expect(health.wasStarved(beganMs - 7_200_000, beganMs - 3_600_000)).toBe(false);
    expect(time.pausedMs()).toBeGreaterThan(0);
    expect(time.elapsedMs()).toBeGreaterThanOrEqual(elapsedMs);
  }

  turns.length = 0;
  await apiServer.restart();
  await expect.poll(() => turns).toEqual([true, false]);
  leave();
  await health.stop();
});

test("time that stands still ends nobody's patience, and what was left out is reported", async () => {
  let nowMs = 0;
  const time = pausableTime(() => nowMs);
  nowMs = 1000;
  time.pause();
  nowMs = 5000;
  time.pause();
  expect(time.elapsedMs()).toBe(1000);
  time.goOn();
  time.goOn();
  nowMs = 6000;
  expect(time.elapsedMs()).toBe(2000);
  expect(time.pausedMs()).toBe(4000);

  /** Fails once, after an hour in which the node was starved, or was not. */
  const lateAnswer = (isStarved: boolean) => {
    let asked = 0;
    return answered(() => {
      asked += 1;
      if (asked > 1) return "an answer";
      if (isStarved) time.pause();
      nowMs += 3_600_000;
      time.goOn();
      throw new Error("nobody answers");
    }, time);
  };
  await expect(lateAnswer(true)).resolves.toBe("an answer");
  await expect(lateAnswer(false)).rejects.toThrow("nobody answers");
});

test("while the node is starved nobody is asked", async () => {
  const time = pausableTime(() => 0);
  time.pause();
  let asked = 0;
  const answer = answered(() => (asked += 1), time);
  await sleep(1000);
  expect(asked).toBe(0);
  time.goOn();
  expect(await answer).toBe(1);
});
