import type { PoolLogLine } from "../../pool/log.ts";

/** Keeps what a pool logs. */
export function quietLog(): {
  readonly lines: readonly PoolLogLine[];
  readonly log: (line: PoolLogLine) => void;
} {
  const lines: PoolLogLine[] = [];
  return { lines, log: (line) => lines.push(line) };
}
