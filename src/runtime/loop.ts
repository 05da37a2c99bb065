import { sleep, type Runtime } from "./runtime.ts";

/** Something that is done again and again until it is stopped. */
interface Loop {
  /** Ends the pause that is under way. */
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
  /** Ends the next pause, also one that has not begun. */
  let hurry = new AbortController();

  const run = async () => {
    while (!signal.aborted) {
      hurry = new AbortController();
      const pauseMs = await turn(signal);
      await sleep(runtime, pauseMs, hurry.signal).catch(() => {});
    }
  };
  const running = run();
  return {
    trigger: () => hurry.abort(),
    stop: async () => {
      stopping.abort();
      hurry.abort();
      await running;
    },
  };
}
