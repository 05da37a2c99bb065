import { randomUUID } from "node:crypto";

/**
 * Time and chance, handed in to all that needs them: this is the only way to them. So a test can
 * run the same code on a clock and with chances of its own.
 */
export interface Runtime {
  /** Milliseconds since 1970. The clock may be set while the process runs: for people to read. */
  readonly epochMs: () => number;
  /**
   * Milliseconds since some beginning, never fewer than before. It goes on while this process is
   * paused, but may stand still while the whole machine is.
   */
  readonly monotonicMs: () => number;
  /**
   * Calls once when so many milliseconds have passed, at the latest after 24 days.
   *
   * @returns prevents the call; does nothing after it
   */
  readonly after: (delayMs: number, call: () => void) => () => void;
  /** From 0 to below 1. Not for secrets: a test can repeat these numbers. */
  readonly random: () => number;
  /** A unique name. */
  readonly uuid: () => string;
}

/** The longest that Node's timers can wait; they would call at once after anything longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's. */
export const systemRuntime: Runtime = {
  epochMs: Date.now,
  monotonicMs: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, Math.min(delayMs, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
  random: Math.random,
  uuid: randomUUID,
};

/**
 * Waits for so many milliseconds.
 *
 * @throws the signal's reason when that ends it
 */
export function sleep({ after }: Runtime, durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      forget();
      reject(signal?.reason);
    };
    const forget = after(durationMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
