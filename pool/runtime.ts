/** Prevents the calls that are still to come. */
export type Cancel = () => void;

/** Whether a call that is still to come keeps the process alive. */
type Hold = "holds the process" | "lets it end";

/** Time and chance: nothing else of the pool asks the machine for them. */
export interface PoolRuntime {
  /** Milliseconds since some beginning, never fewer than before. */
  readonly monotonicMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Calls once when so many milliseconds have passed; it holds the process when it does not say. */
  readonly after: (delayMs: number, call: () => void, hold?: Hold) => Cancel;
}

/** The machine's. */
export const systemRuntime: PoolRuntime = {
  monotonicMs: () => performance.now(),
  random: Math.random,
  after: (delayMs, call, hold) => {
    const timer = setTimeout(call, delayMs);
    if (hold === "lets it end") timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Calls again and again, so many milliseconds apart. */
export function every(
  { after }: PoolRuntime,
  intervalMs: number,
  call: () => void,
  hold: Hold,
): Cancel {
  const next = () => {
    cancel = after(intervalMs, next, hold);
    call();
  };
  let cancel = after(intervalMs, next, hold);
  return () => cancel();
}
