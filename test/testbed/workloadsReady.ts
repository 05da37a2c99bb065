import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { KubeClient } from "../../src/kube/client.ts";
import { listObjects } from "../../src/kube/list.ts";

const WORKLOAD = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), generation: z.number() }),
  spec: z.object({ replicas: z.number() }),
  status: z.object({
    observedGeneration: z.number().default(0),
    replicas: z.number().default(0),
    updatedReplicas: z.number().default(0),
    readyReplicas: z.number().default(0),
    availableReplicas: z.number().default(0),
  }),
});

const KINDS = [
  { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments" },
  { kind: "StatefulSet", apiVersion: "apps/v1", plural: "statefulsets" },
] as const;

const POLL_INTERVAL_MS = 100;
/** Of hundreds a look is work, which those who make the pods need the machine for. */
const PAUSE_PER_LOOK = 10;
const PATIENCE_MS = 300_000;

/**
 * Waits until all Deployments and StatefulSets of a namespace are rolled out: every pod that they
 * count is new and Ready.
 *
 * @param why says, when it takes too long, what else is known
 * @throws after five minutes, with those that are not ready
 */
export async function workloadsReady(
  client: KubeClient,
  namespace: string,
  why: () => string,
): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const startedMs = performance.now();
    const late = await notReady(client, namespace);
    if (late.length === 0) return;
    const nowMs = performance.now();
    if (nowMs > deadlineMs) throw new Error(`not ready: ${late.join(", ")}\n${why()}`);
    await sleep(Math.max(POLL_INTERVAL_MS, PAUSE_PER_LOOK * (nowMs - startedMs)));
  }
}

async function notReady(client: KubeClient, namespace: string): Promise<readonly string[]> {
  const lists = await Promise.all(KINDS.map((listed) => listObjects(client, listed, namespace)));
  return lists
    .flat()
    .map((object) => WORKLOAD.parse(object))
    .filter(({ metadata, spec, status }) => {
      const { observedGeneration, replicas, updatedReplicas, readyReplicas } = status;
      const counts = [replicas, updatedReplicas, readyReplicas];
      return (
        observedGeneration < metadata.generation || counts.some((count) => count !== spec.replicas)
      );
    })
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}
