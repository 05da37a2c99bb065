import type { PoolLog } from "./log.ts";
import type { PoolRuntime } from "./runtime.ts";

/**
 * Reports once when a checkout is held for too long.
 *
 * @param place who took it
 * @param leakAfterMs 0: no connection is reported
 * @returns to call when it is given back
 */
export function watchLeak(
  place: string | undefined,
  leakAfterMs: number,
  log: PoolLog,
  { after }: PoolRuntime,
): () => void {
  if (leakAfterMs === 0) return () => {};
  const warn = () =>
    log({
      level: "warn",
      message: `a connection is held for more than ${leakAfterMs} ms`,
      place: place ?? "unknown",
    });
  return after(leakAfterMs, warn, "lets it end");
}

/**
 * Where a function was called: file, line and column.
 *
 * @param callee it and all that it called is left out
 */
export function placeOfCall(callee: (...given: never[]) => unknown): string | undefined {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  return trace.stack
    ?.split("\n")
    .find((line) => line.trimStart().startsWith("at "))
    ?.trim()
    .slice("at ".length);
}
