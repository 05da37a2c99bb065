import type { McpServer } from "../../api/mcpServer.ts";
import { fits, floorOf, floorsOf, type Room } from "../sums.ts";
import { byCodeUnit } from "../../text/order.ts";
import type { Suggestion } from "../plan.ts";
import { counted, listed } from "../../text/wording.ts";

/**
 * Put servers to sleep: the lowest priority first, then the largest floor, then by name, until
 * both sums hold; then those wake again that were put to sleep in vain. Not all of them: a budget
 * without servers is no answer.
 */
export function fewerLines(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const order = lines.toSorted(
    (a, b) =>
      a.spec.priority - b.spec.priority ||
      floorOf(b) - floorOf(a) ||
      byCodeUnit(a.metadata.name, b.metadata.name),
  );
  let floors = floorsOf(lines);
  let asleep: McpServer[] = [];
  for (const server of order) {
    if (fits(room, floors, lines.length - asleep.length)) break;
    asleep.push(server);
    floors -= floorOf(server);
  }
  for (const server of asleep.toReversed()) {
    if (!fits(room, floors + floorOf(server), lines.length - asleep.length + 1)) continue;
    asleep = asleep.filter((other) => other !== server);
    floors += floorOf(server);
  }
  if (!fits(room, floors, lines.length - asleep.length)) return undefined;
  if (asleep.length === 0 || asleep.length === lines.length) return undefined;
  return {
    kind: "Disable",
    text:
      `Put ${counted(asleep.length, "server")} to sleep, the lowest priority first: ` +
      `${listed(asleep.map(({ metadata }) => metadata.name))} ` +
      `(${floors} of ${room.clients} client connections).`,
    changes: asleep.map(({ metadata, spec }) => ({
      object: `McpServer/${metadata.name}`,
      field: "spec.activation",
      from: spec.activation,
      to: "Disabled",
    })),
  };
}
