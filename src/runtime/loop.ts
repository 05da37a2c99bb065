import type { Runtime } from "./runtime.ts";

/** Something that is done again and again until it is stopped. */
export interface Loop {
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
export function loop({ after }: Runtime, turn: (stopped: AbortSignal) => Promise<number>): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;
  let wake = nothing;
  let hurried = false;

  const pause = (pauseMs: number) =>
    new Promise<void>((resolve) => {
      const forget = after(pauseMs, resolve);
      wake = () => {
        forget();
        resolve();
      };
    });
  const run = async () => {
    while (!signal.aborted) {
      hurried = false;
      const pauseMs = await turn(signal);
      if (!signal.aborted && !hurried) await pause(pauseMs);
    }
  };
  const running = run();
  const trigger = () => {
    hurried = true;
    wake();
  };
  return {
    trigger,
    stop: async () => {
      stopping.abort();
      wake();
      await running;
    },
  };
}

function nothing(): void {}
