import type { ServerPlan } from "../budget/plan.ts";
import type { Paint } from "../text/paint.ts";
import { wrapped } from "../text/wrap.ts";

/** The reason is the same as in the row above. */
const SAME = "″";

/** Narrower than this a reason is not read but spelled. */
const REASON_COLUMNS_MIN = 34;
/** Wider than this the eye does not find the next line. */
const REASON_COLUMNS_MAX = 90;

const HEADINGS = ["pods", "limit", "floor", "grant", "slots"] as const;

/**
 * One row for each server, aligned: its numbers, and why they are what they are. A reason stands
 * beside its numbers, or below them where the terminal is narrow; one that is the same as in the
 * row above is not said again.
 */
export function serverRows(
  servers: readonly ServerPlan[],
  columns: number,
  paint: Paint,
): readonly string[] {
  const rows = servers.map(({ name, peakPods, limit, floor, grant, slots, reason }) => ({
    name,
    numbers: [peakPods, limit, floor, grant, slots].map(String),
    reason,
  }));
  const nameColumns = widest(["server", ...servers.map(({ name }) => name)]);
  const numberColumns = HEADINGS.map((heading, column) =>
    widest([heading, ...rows.map(({ numbers }) => numbers[column] ?? "")]),
  );
  const left = (name: string, cells: readonly string[]): string =>
    [
      name.padEnd(nameColumns),
      ...cells.map((cell, column) => cell.padStart(numberColumns[column] ?? 0)),
    ].join("  ");

  const heading = left("server", HEADINGS);
  const there = columns - heading.length - 2;
  const beside = there >= REASON_COLUMNS_MIN;
  const reasonColumns = Math.min(REASON_COLUMNS_MAX, beside ? there : columns - 4);
  const lines = [paint.dim(beside ? `${heading}  why` : heading)];
  for (const [index, row] of rows.entries()) {
    const same = rows[index - 1]?.reason === row.reason;
    const [first = "", ...further] = wrapped(row.reason, reasonColumns).map(paint.dim);
    const numbers = left(row.name, row.numbers);
    if (same) lines.push(`${numbers}  ${paint.dim(SAME)}`);
    else if (beside) {
      const indent = " ".repeat(heading.length + 2);
      lines.push(`${numbers}  ${first}`, ...further.map((line) => indent + line));
    } else lines.push(numbers, ...[first, ...further].map((line) => `    ${line}`));
  }
  return lines;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, text.length), 0);
}
