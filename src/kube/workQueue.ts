import { backoffMs, type Backoff } from "../runtime/backoff.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The options of a work queue. */
interface WorkQueueOptions {
  /** The work on one key. If it rejects, the key comes back after a while. */
  readonly work: (key: string) => Promise<void>;
  /** The most keys that are worked on at the same time. */
  readonly concurrency: number;
  readonly backoff: Backoff;
  /** Called for each failure, with the longest time until the key comes back. Must not throw. */
  readonly onFailure: (key: string, error: unknown, againInMs: number) => void;
  readonly runtime: Runtime;
}

/** Keys that wait to be worked on. */
export interface WorkQueue {
  /**
   * Has a key worked on, at once or so many milliseconds from now: when a worker is free, and the
   * key is not under way. What was added before is one with it, and the earlier time counts. So
   * a run that wants another run later says so each time. A key that is added while it is
   * under way is worked on again after.
   */
  readonly add: (key: string, delayMs?: number) => void;
  /**
   * Begins nothing more, and takes nothing more.
   *
   * @returns when what is under way has ended; it never rejects
   */
  readonly stop: () => Promise<void>;
}

/**
 * A queue of keys. Each is in it once, and is worked on by one worker at a time; those that wait
 * are taken in the order in which they came due. What failed comes back with a backoff of its
 * own, that a success resets; an earlier `add` does not wait for it.
 */
export function startWorkQueue({
  work,
  concurrency,
  backoff,
  onFailure,
  runtime,
}: WorkQueueOptions): WorkQueue {
  /** Due, in this order; some are still under way. */
  const due = new Set<string>();
  const later = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  const underWay = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();
  let stopped = false;

  const add = (key: string, delayMs = 0) => {
    if (stopped || due.has(key)) return;
    const dueMs = runtime.monotonicMs() + delayMs;
    const waiting = later.get(key);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    waiting?.cancel();
    if (delayMs > 0) {
      later.set(key, { dueMs, cancel: runtime.after(delayMs, () => comeDue(key)) });
    } else {
      comeDue(key);
    }
  };

  const comeDue = (key: string) => {
    later.delete(key);
    due.add(key);
    begin();
  };

  const begin = () => {
    for (const key of due) {
      if (underWay.size >= concurrency) return;
      if (underWay.has(key)) continue;
      due.delete(key);
      underWay.set(key, run(key));
    }
  };

  const run = async (key: string) => {
    // No work begins inside of `add`: it may add in its turn, and the key is not under way yet.
    await Promise.resolve();
    try {
      if (!stopped) await work(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const againInMs = backoffMs(backoff, count, runtime.random);
      add(key, againInMs);
      onFailure(key, error, againInMs);
    }
    underWay.delete(key);
    begin();
  };

  const stop = async () => {
    stopped = true;
    due.clear();
    for (const { cancel } of later.values()) cancel();
    later.clear();
    await Promise.all(underWay.values());
  };
  return { add, stop };
}
