import {
  availableConnections,
  processCountOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";

/** The room that a budget has for its servers, on each of its PgBouncer processes. */
export type Room = ReturnType<typeof roomOf>;

/** The sums of budget.md, from what the user wrote; nothing is clamped. */
export function roomOf(budget: ConnectionBudget) {
  const { maxClientConn, reserve } = budget.spec.pgbouncer;
  const postgres = shareOf(budget);
  const perProcess = Math.floor(postgres / processCountOf(budget));
  return {
    /** U = C − consoles − maintenance − logins: client connections. */
    clients: maxClientConn - reserve.consoles - reserve.maintenance - reserve.logins,
    /** P: connections of Postgres, for all processes together. */
    postgres,
    /** S = ⌊P / K⌋: backend connections, the maintenance line's included. */
    perProcess,
    /** S − maintenance's: backend connections for servers. 0 or less when there is no room at all. */
    slots: perProcess - reserve.maintenanceSlots,
  };
}

/** P: the share that the budget declares, else all that Postgres admits through PgBouncer. */
export function shareOf(budget: ConnectionBudget): number {
  return budget.spec.postgres.shareConnections ?? availableConnections(budget.spec.postgres);
}

/**
 * The most pods of a server that can hold connections at once. A Deployment does not count
 * terminating pods, so during a RollingUpdate a whole old generation may still hold connections
 * beside a whole new one, and no more, since maxSurge is at most all of them; Recreate waits for the
 * old one to be gone.
 */
export function peakPods(server: McpServer): number {
  return generationsOf(server.spec.rollout.type) * mostReplicas(server);
}

/** The most processes of a server that can hold connections at once, each with a pool. */
export function peakProcesses(server: McpServer): number {
  return peakPods(server) * server.spec.pool.processesPerPod;
}

/**
 * Generations of a Deployment's pods that may exist side by side: 2 for RollingUpdate, which is
 * also what Kubernetes does by default, 1 for Recreate.
 */
export function generationsOf(rollout: string): number {
  return rollout === "Recreate" ? 1 : 2;
}

/** The highest replica count: an autoscaler's maximum included, and never below `replicas`. */
export function mostReplicas(server: McpServer): number {
  return Math.max(server.spec.replicas, server.spec.autoscaling?.maxReplicas ?? 0);
}

/** Client connections that a server always gets: guaranteed, or `most` if that is less, × peak processes. */
export function floorOf(server: McpServer, most = Infinity): number {
  return Math.min(server.spec.pool.guaranteed, most) * peakProcesses(server);
}

/** Σ floors. */
export function floorsOf(servers: readonly McpServer[], most = Infinity): number {
  return servers.reduce((total, server) => total + floorOf(server, most), 0);
}

/** How far servers with these floors, each with a line, are from fitting; 0 and 0 when they do. */
export function missingFor(
  room: Room,
  floors: number,
  lines: number,
): { readonly clients: number; readonly slots: number } {
  return { clients: Math.max(0, floors - room.clients), slots: Math.max(0, lines - room.slots) };
}

/** Whether both sums hold for these servers at their floors. */
export function fits(room: Room, floors: number, lines: number): boolean {
  const missing = missingFor(room, floors, lines);
  return missing.clients === 0 && missing.slots === 0;
}
