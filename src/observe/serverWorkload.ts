import type { McpServer } from "../api/mcpServer.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import type { PodSnapshot, WorkloadSnapshot } from "../model/workload.ts";
import type { ClusterCopy } from "./cluster.ts";
import { type CachedPod, poolMaxOf } from "./cachedObjects.ts";
import { workloadKeyOf } from "./observedObject.ts";
import { selects, selectorText } from "../api/selector.ts";

/** Its pods: those that the workload made, and bare ones that its selector finds. By name. */
export function cachedPodsOf(
  server: ObservedObject<McpServer>,
  cluster: ClusterCopy,
): readonly CachedPod[] {
  const key = workloadKeyOf(server);
  const selector = cluster.workload(key)?.selector;
  const bare =
    selector === undefined
      ? []
      : cluster
          .unownedPods(server.namespace)
          .filter(({ labels = {} }) => selects(selector, labels));
  return [...cluster.podsOf(key), ...bare].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What runs a server now; undefined when nothing does. */
export function workloadOf(
  server: ObservedObject<McpServer>,
  cluster: ClusterCopy,
): WorkloadSnapshot | undefined {
  const key = workloadKeyOf(server);
  const workload = cluster.workload(key);
  if (workload === undefined) return undefined;
  const { kind, name, replicas, rollout } = workload;
  // Usually one autoscaler scales it. If two do, the larger maximum counts.
  const [hpa] = cluster.scalersOf(key).toSorted((a, b) => b.maxReplicas - a.maxReplicas);
  const pool = server.parsed.ok ? server.parsed.value.spec.pool : undefined;
  const max = pool && poolMaxOf(workload, pool);
  const selector = selectorText(workload.selector);
  return {
    kind,
    name,
    replicas,
    ...(hpa !== undefined && { hpa }),
    rollout,
    ...(selector !== undefined && { selector }),
    ...(max !== undefined && { poolMax: max.value, poolMaxFrom: max.from }),
  };
}

/** A pod of a server. An address that other pods have too does not show which pod a client belongs to. */
export function podOf(pod: CachedPod, { parsed }: ObservedObject<McpServer>): PodSnapshot {
  const { name, ip, ready, terminating, hostNetwork } = pod;
  const max = parsed.ok ? poolMaxOf(pod, parsed.value.spec.pool) : undefined;
  return {
    name,
    ...(ip !== undefined && !hostNetwork && { address: ip }),
    ready,
    terminating,
    ...(max !== undefined && { poolMax: max.value }),
  };
}
