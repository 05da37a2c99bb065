import { systemClock, type Clock } from "../../src/runtime/clock.ts";

/** Stands until it is moved; what waits waits as long as by the machine's. */
export function standingClock(): Clock & { readonly pass: (durationMs: number) => void } {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    after: systemClock.after,
    pass: (durationMs) => {
      nowMs += durationMs;
    },
  };
}
