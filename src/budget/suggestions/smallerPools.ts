import type { McpServer } from "../../api/mcpServer.ts";
import { fits, peakProcesses, type Room } from "../sums.ts";
import type { FieldChange, Suggestion } from "../plan.ts";
import { counted } from "../../text/wording.ts";

/**
 * Guarantee less: the largest g so that the sums hold when every server guarantees at most g.
 * Servers with less keep it, and every pool.max stays.
 */
export function smallerPools(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const greatest = lines.reduce((most, { spec }) => Math.max(most, spec.pool.guaranteed), 0);
  let size = 0;
  let tooLarge = greatest + 1;
  while (tooLarge - size > 1) {
    const middle = Math.floor((size + tooLarge) / 2);
    if (fits(room, floorsWith(lines, middle), lines.length)) size = middle;
    else tooLarge = middle;
  }
  if (size === 0) return undefined;
  const lowered = lines.filter(({ spec }) => spec.pool.guaranteed > size);
  return {
    kind: "SmallerPools",
    text:
      `The largest uniform pool that fits is ${size}: guarantee ${size} instead of ` +
      `${rangeOf(lowered)} to ${counted(lowered.length, "server")} ` +
      `(${floorsWith(lines, size)} of ${room.clients} client connections).`,
    changes: lowered.flatMap((server) => changesOf(server, size)),
  };
}

/** Σ floors when every server guarantees at most `size`. */
function floorsWith(lines: readonly McpServer[], size: number): number {
  return lines.reduce(
    (total, server) => total + Math.min(size, server.spec.pool.guaranteed) * peakProcesses(server),
    0,
  );
}

/** What is always open must be guaranteed, so minIdle comes down with it. */
function changesOf(server: McpServer, size: number): readonly FieldChange[] {
  const object = `McpServer/${server.metadata.name}`;
  const { guaranteed, minIdle } = server.spec.pool;
  return [
    { object, field: "spec.pool.guaranteed", from: guaranteed, to: size },
    ...(minIdle > size ? [{ object, field: "spec.pool.minIdle", from: minIdle, to: size }] : []),
  ];
}

function rangeOf(lines: readonly McpServer[]): string {
  const sizes = lines.map(({ spec }) => spec.pool.guaranteed);
  const least = sizes.reduce((a, b) => Math.min(a, b));
  const most = sizes.reduce((a, b) => Math.max(a, b));
  return least === most ? `${most}` : `${least} to ${most}`;
}
