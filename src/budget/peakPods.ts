import type { McpServer } from "../api/mcpServer.ts";

/**
 * The most pods of a server that can hold connections at once. A Deployment does not count
 * terminating pods, so during a RollingUpdate a whole old generation may still hold connections
 * beside a whole new one, whatever maxSurge says; Recreate waits for the old one to be gone.
 */
export function peakPods(server: McpServer): number {
  return generations(server) * mostReplicas(server);
}

/** The most processes of a server that can hold connections at once, each with a pool. */
export function peakProcesses(server: McpServer): number {
  return peakPods(server) * server.spec.pool.processesPerPod;
}

/** Generations of pods that may exist side by side: 2 for RollingUpdate, 1 for Recreate. */
export function generations(server: McpServer): number {
  return server.spec.rollout.type === "RollingUpdate" ? 2 : 1;
}

/** The highest replica count: an autoscaler's maximum included, and never below `replicas`. */
export function mostReplicas(server: McpServer): number {
  return Math.max(server.spec.replicas, server.spec.autoscaling?.maxReplicas ?? 0);
}
