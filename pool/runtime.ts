/** Time and chance: nothing else of the pool asks the machine for them. */

/** Prevents the calls that are still to come. */
export type Cancel = () => void;

/** Whether a call that is still to come keeps the process alive. */
type Hold = "holds the process" | "lets it end";

/** Milliseconds since some beginning, never fewer than before. */
export function monotonicMs(): number {
  return performance.now();
}

/** From 0 to below 1. */
export function random(): number {
  return Math.random();
}

/** Calls once when so many milliseconds have passed. */
export function after(delayMs: number, call: () => void, hold: Hold = "holds the process"): Cancel {
  const timer = setTimeout(call, delayMs);
  if (hold === "lets it end") timer.unref();
  return () => clearTimeout(timer);
}

/** Calls again and again, so many milliseconds apart. */
export function every(intervalMs: number, call: () => void, hold: Hold): Cancel {
  const timer = setInterval(call, intervalMs);
  if (hold === "lets it end") timer.unref();
  return () => clearInterval(timer);
}
