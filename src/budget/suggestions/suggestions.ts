import type { ConnectionBudget } from "../../api/connectionBudget.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { fewerLines } from "./fewerLines.ts";
import { largerCapacity } from "./largerCapacity.ts";
import type { Suggestion } from "../plan.ts";
import { recreate } from "./recreate.ts";
import type { Room } from "../sums.ts";
import { sharedProcesses } from "./sharedProcesses.ts";
import { smallerPools } from "./smallerPools.ts";

/**
 * What would make a budget that can't fit feasible, in the order to consider it. Each suffices
 * alone, for both sums; one that doesn't is left out. `lines` are the servers that are counted,
 * by name.
 */
export function suggestionsFor(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  room: Room,
): readonly Suggestion[] {
  return [
    smallerPools(lines, room),
    recreate(lines, room),
    sharedProcesses(lines, room),
    fewerLines(lines, room),
    largerCapacity(budget, lines, room),
  ].filter((suggestion) => suggestion !== undefined);
}
