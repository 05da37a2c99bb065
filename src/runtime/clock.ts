/** The longest that Node's timers can wait; they would call at once after anything longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Time, as it is handed to what waits: so that tests need not. */
export interface Clock {
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
}

/** The machine's. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, Math.min(delayMs, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
