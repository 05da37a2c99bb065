import {
  MOST_CONNECTIONS,
  processCountOf,
  type ConnectionBudget,
} from "../../api/connectionBudget.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { fits, floorsOf, type Room } from "../sums.ts";
import type { Suggestion } from "../plan.ts";

/**
 * A larger max_client_conn: comes last, since it admits more clients to the same server
 * connections. The text says how many those are: raising it alone is what failed in the incident.
 */
export function largerCapacity(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  room: Room,
): Suggestion | undefined {
  const { maxClientConn } = budget.spec.pgbouncer;
  const floors = floorsOf(lines);
  const needed = maxClientConn - room.clients + floors;
  if (needed > MOST_CONNECTIONS) return undefined;
  if (!fits({ ...room, clients: floors }, floors, lines.length)) return undefined;
  const carried =
    floors <= room.slots
      ? `Postgres could carry it: ${room.slots} slots are there for ${floors} connections.`
      : `Postgres could not carry it: the slots stay at ${room.slots} on each of ${processCountOf(budget)} ` +
        `PgBouncer processes, so of ${floors} connections at most ${room.slots} work at once ` +
        `there and the others wait. Raising this alone is what failed in the incident.`;
  return {
    kind: "MaxClientConn",
    text: `Raise maxClientConn from ${maxClientConn} to ${needed}. ${carried}`,
    changes: [
      {
        object: `ConnectionBudget/${budget.metadata.name}`,
        field: "spec.pgbouncer.maxClientConn",
        from: maxClientConn,
        to: needed,
      },
    ],
  };
}
