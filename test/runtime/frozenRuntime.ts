import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";

/** Its clock stands until it is moved; what waits waits as long as by the machine's. */
export function frozenRuntime(): Runtime & { readonly pass: (durationMs: number) => void } {
  let nowMs = 0;
  return {
    ...systemRuntime,
    monotonicMs: () => nowMs,
    pass: (durationMs) => {
      nowMs += durationMs;
    },
  };
}
