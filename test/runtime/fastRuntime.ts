import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";

/** A machine that is busy may let nobody run for a second: that must not count as a minute. */
const STALL_MS = 50;

/**
 * Its clock goes so many times as fast as the machine's, which is looked at many times a second.
 * What passes between two looks counts as 50 ms at most. Chance makes no wait longer.
 */
export function fastRuntime(times: number): Runtime {
  let nowMs = 0;
  let lookedMs = systemRuntime.monotonicMs();
  return {
    ...systemRuntime,
    monotonicMs: () => {
      const machineMs = systemRuntime.monotonicMs();
      nowMs += Math.min(machineMs - lookedMs, STALL_MS) * times;
      lookedMs = machineMs;
      return nowMs;
    },
    after: (delayMs, call) => systemRuntime.after(delayMs / times, call),
    random: () => 0,
  };
}
