import { setImmediate } from "node:timers/promises";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { seededRandom } from "./seededRandom.ts";

/** A runtime whose clock stands still until it is told to go on. The same seed is the same chance. */
export interface VirtualRuntime extends Runtime {
  /** Goes on, and makes each call at its time, in their order; what they lead to is done too. */
  readonly pass: (durationMs: number) => Promise<void>;
  /** How many calls are still to come. */
  readonly waiting: () => number;
}

/** When its time begins. */
const EPOCH_MS = Date.UTC(2026, 10, 26, 10);

/** Lets all that was promised, and needs neither time nor the world outside, come about. */
export async function settle(): Promise<void> {
  await setImmediate();
}

export function virtualRuntime(seed = 1): VirtualRuntime {
  const random = seededRandom(seed);
  let nowMs = 0;
  /** In the order of their times. */
  const calls: { readonly atMs: number; readonly call: () => void }[] = [];
  const pass = async (durationMs: number) => {
    const untilMs = nowMs + durationMs;
    await settle();
    for (let due = calls[0]; due !== undefined && due.atMs <= untilMs; due = calls[0]) {
      calls.shift();
      nowMs = Math.max(nowMs, due.atMs);
      due.call();
      await settle();
    }
    nowMs = untilMs;
    await settle();
  };
  const after = (delayMs: number, call: () => void) => {
    const entry = { atMs: nowMs + delayMs, call };
    const later = calls.findIndex(({ atMs }) => atMs > entry.atMs);
    calls.splice(later === -1 ? calls.length : later, 0, entry);
    return () => {
      const index = calls.indexOf(entry);
      if (index !== -1) calls.splice(index, 1);
    };
  };
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  return {
    epochMs: () => EPOCH_MS + nowMs,
    monotonicMs: () => nowMs,
    after,
    random,
    uuid: () => [8, 4, 4, 4, 12].map(hex).join("-"),
    pass,
    waiting: () => calls.length,
  };
}
