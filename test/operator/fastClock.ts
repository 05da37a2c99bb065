import { systemClock, type Clock } from "../../src/runtime/clock.ts";

/** A machine that is busy may let nobody run for a second: that must not count as a minute. */
const STALL_MS = 50;

/**
 * Goes so many times as fast as the machine's, which is looked at many times a second. What passes
 * between two looks counts as 50 ms at most.
 */
export function fastClock(times: number): Clock {
  let nowMs = 0;
  let lookedMs = systemClock.monotonicMs();
  return {
    monotonicMs: () => {
      const machineMs = systemClock.monotonicMs();
      nowMs += Math.min(machineMs - lookedMs, STALL_MS) * times;
      lookedMs = machineMs;
      return nowMs;
    },
    after: (delayMs, call) => systemClock.after(delayMs / times, call),
  };
}
