import { setTimeout as sleep } from "node:timers/promises";

import type { KubeClient } from "../../src/kube/client.ts";
import { isMapping } from "../../src/json/fields.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { reflect } from "../../src/kube/reflector.ts";
import { scenarioTime, type ScenarioTime } from "./scenarioTime.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/**
 * Whether the cluster itself is well. Starved, here: a node or a pod of kube-system is not Ready, or
 * the API server does not answer. A node without CPU makes them fail, whatever weir does.
 */
export interface ClusterHealth {
  /** Waits until all is well. @throws what is not well, after 20 minutes of it */
  readonly untilWell: () => Promise<void>;
  /** Whether it was starved between two moments of the wall clock, or up to 30 s before or after. */
  readonly wasStarved: (fromMs: number, toMs: number) => boolean;
  /** Calls the listener when it gets starved and when all is well again. @returns ends that */
  readonly listen: (listener: (isStarved: boolean) => void) => () => void;
  readonly stop: () => Promise<void>;
}

/** A node, or one of the cluster's own pods. */
interface ClusterPart {
  readonly name: string;
  readonly ready: boolean;
  /** A pod that is going, or has done its work, need not be Ready. */
  readonly over: boolean;
}

const LOOK_MS = 1000;
/** An API server that takes so long to say that it is ready serves nobody. */
const ANSWER_MS_MAX = 10_000;
/** A connection may break once. */
const ASKED_TIMES = 2;
/** What is not well for so long stays so. */
const STARVED_MS_MAX = 20 * 60_000;
/** Probes fail and containers restart up to this long before or after a pod is seen not Ready. */
const AROUND_MS = 30_000;

/** Watches the cluster. While it is not well the time of scenarios stands still, and it says so. */
export async function watchHealth(
  client: KubeClient,
  time: ScenarioTime = scenarioTime,
): Promise<ClusterHealth> {
  const follow = (selection: { kind: string; plural: string; namespace?: string }) =>
    reflect({
      client,
      runtime: systemRuntime,
      selection: { apiVersion: "v1", ...selection },
      keep: partOf,
      onChange: () => {},
    });
  const nodes = follow({ kind: "Node", plural: "nodes" });
  const pods = follow({ kind: "Pod", plural: "pods", namespace: "kube-system" });
  await Promise.all([nodes.synced, pods.synced]);
  const listeners = new Set<(isStarved: boolean) => void>();
  let starved: readonly string[] = [];
  /** When it was starved; the last one may go on. */
  const times: { readonly fromMs: number; toMs: number }[] = [];
  const stopped = new AbortController();

  const look = async () => {
    const answers = await apiAnswers(client);
    const wasStarved = starved.length > 0;
    starved = [
      ...(answers ? [] : ["the API server does not answer"]),
      ...unready("node", nodes.all()),
      ...unready("pod", pods.all()),
    ];
    const isStarved = starved.length > 0;
    const nowMs = Date.now();
    const last = times.at(-1);
    if (isStarved && !wasStarved) times.push({ fromMs: nowMs, toMs: nowMs });
    else if (isStarved && last !== undefined) last.toMs = nowMs;
    if (isStarved === wasStarved) return;
    if (isStarved) {
      time.pause();
      tell(`the cluster is not well, scenarios are suspended: ${starved.join(", ")}`);
    } else {
      time.goOn();
      tell(`all is well again, scenarios go on; suspended for ${seconds(time.pausedMs())} so far`);
    }
    for (const listener of listeners) listener(isStarved);
  };
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await sleep(LOOK_MS);
    }
  })();
  return {
    untilWell: async () => {
      const untilMs = performance.now() + STARVED_MS_MAX;
      await look();
      while (starved.length > 0) {
        if (performance.now() > untilMs) throw new Error(`not well: ${starved.join(", ")}`);
        await sleep(LOOK_MS);
      }
    },
    wasStarved: (fromMs, toMs) =>
      times.some((each) => each.fromMs - AROUND_MS <= toMs && fromMs <= each.toMs + AROUND_MS),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      stopped.abort();
      await Promise.all([watching, nodes.stop(), pods.stop()]);
      time.goOn();
    },
  };
}

/** What is not Ready, a sentence each. */
function unready(kind: string, parts: readonly ClusterPart[]): readonly string[] {
  return parts
    .filter(({ ready, over }) => !ready && !over)
    .map(({ name }) => `${kind} ${name} is not Ready`);
}

async function apiAnswers(client: KubeClient): Promise<boolean> {
  for (let asked = 0; asked < ASKED_TIMES; asked++) if (await apiAnswersOnce(client)) return true;
  return false;
}

async function apiAnswersOnce(client: KubeClient): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ANSWER_MS_MAX, false, { signal: timer.signal }).catch(() => false);
  const answer = client.get("/readyz").then(
    ({ status }) => status === 200,
    () => false,
  );
  const answers = await Promise.race([late, answer]);
  timer.abort();
  return answers;
}

function partOf({ metadata, status }: KubeObject): ClusterPart {
  const { name, deletionTimestamp } = isMapping(metadata) ? metadata : {};
  const { phase, conditions } = isMapping(status) ? status : {};
  return {
    name: String(name),
    ready: Array.isArray(conditions) && conditions.some(saysReady),
    over: deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed",
  };
}

function saysReady(condition: unknown): boolean {
  return isMapping(condition) && condition["type"] === "Ready" && condition["status"] === "True";
}

function tell(text: string): void {
  process.stdout.write(`e2e: ${text}\n`);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
