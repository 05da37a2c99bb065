import type { McpServer } from "../../api/mcpServer.ts";
import { fits, floorOf, floorsOf, type Room } from "../sums.ts";
import { byCodeUnit } from "../../text/order.ts";
import type { Suggestion } from "../plan.ts";
import { counted, listed } from "../../text/wording.ts";

/**
 * Replace pods one generation after the other: a server needs half of it then, and is away while
 * its pods change. The fewest servers that suffice: those that save most, ties by name.
 */
export function recreate(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const rolling = lines
    .filter(({ spec }) => spec.rollout.type === "RollingUpdate")
    .toSorted((a, b) => floorOf(b) - floorOf(a) || byCodeUnit(a.metadata.name, b.metadata.name));
  const changed: McpServer[] = [];
  let floors = floorsOf(lines);
  for (const server of rolling) {
    if (fits(room, floors, lines.length)) break;
    changed.push(server);
    floors -= floorOf(server) / 2;
  }
  if (changed.length === 0 || !fits(room, floors, lines.length)) return undefined;
  return {
    kind: "Recreate",
    text:
      `Recreate instead of RollingUpdate for ${counted(changed.length, "server")}: ` +
      `${listed(changed.map(({ metadata }) => metadata.name))} ` +
      `(${floors} of ${room.clients} client connections; each is away while its pods are replaced).`,
    changes: changed.map(({ metadata }) => ({
      object: `McpServer/${metadata.name}`,
      field: "spec.rollout.type",
      from: "RollingUpdate",
      to: "Recreate",
    })),
  };
}
