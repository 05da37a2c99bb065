import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/runtime/clock.ts";

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /** Goes on, and makes each call at its time, in their order; what they lead to is done too. */
  readonly pass: (durationMs: number) => Promise<void>;
  /** How many calls are still to come. */
  readonly waiting: () => number;
}

/** Lets all that was promised, and needs neither time nor the world outside, come about. */
export async function settle(): Promise<void> {
  await setImmediate();
}

/** At zero. */
export function virtualClock(): VirtualClock {
  let nowMs = 0;
  const calls = new Set<{ readonly atMs: number; readonly call: () => void }>();
  const next = () => [...calls].toSorted((a, b) => a.atMs - b.atMs)[0];
  const pass = async (durationMs: number) => {
    const untilMs = nowMs + durationMs;
    await settle();
    for (let due = next(); due !== undefined && due.atMs <= untilMs; due = next()) {
      calls.delete(due);
      nowMs = Math.max(nowMs, due.atMs);
      due.call();
      await settle();
    }
    nowMs = untilMs;
    await settle();
  };
  const after = (delayMs: number, call: () => void) => {
    const entry = { atMs: nowMs + delayMs, call };
    calls.add(entry);
    return () => {
      calls.delete(entry);
    };
  };
  return { monotonicMs: () => nowMs, after, pass, waiting: () => calls.size };
}
