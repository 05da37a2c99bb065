import { sleep, type Runtime } from "./runtime.ts";

/** A function that is called again and again until it is stopped. */
interface Loop {
  /** Ends the current pause, so that the next turn begins at once. */
  readonly trigger: () => void;
  /** @returns when the turn under way has ended */
  readonly stop: () => Promise<void>;
}

/**
 * Does turn after turn, never two at a time.
 *
 * @param turn must not reject; says how long to pause until the next one
 */
export function loop(runtime: Runtime, turn: (stopped: AbortSignal) => Promise<number>): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Aborting it ends the current pause, or the next one if a turn is under way. */
  let pausing = new AbortController();

  const run = async () => {
    while (!signal.aborted) {
      pausing = new AbortController();
      const pauseMs = await turn(signal);
      await sleep(runtime, pauseMs, pausing.signal).catch(() => {});
    }
  };
  const running = run();
  return {
    trigger: () => pausing.abort(),
    stop: async () => {
      stopping.abort();
      pausing.abort();
      await running;
    },
  };
}
