import type { McpServer } from "../api/mcpServer.ts";
import { peakProcesses } from "./peakPods.ts";
import type { Room } from "./room.ts";

/** Client connections that a server always gets: guaranteed × peak processes. */
export function floorOf(server: McpServer): number {
  return server.spec.pool.guaranteed * peakProcesses(server);
}

/** Σ floors. */
export function floorsOf(servers: readonly McpServer[]): number {
  return servers.reduce((total, server) => total + floorOf(server), 0);
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
