import type { Runtime } from "./runtime.ts";

/** A time limit and somebody's wish to stop, as one signal. */
export interface Deadline {
  /** Aborts with a TimeoutError, or with the reason of the signal that was given. */
  readonly signal: AbortSignal;
  /** The promise's result, or a rejection with the signal's reason if that comes first. */
  readonly race: <T>(promise: Promise<T>) => Promise<T>;
  /** From now on there is no time limit. */
  readonly lift: () => void;
  /** Forgets all: no timer and no listener is left. */
  readonly release: () => void;
}

/**
 * A deadline of a time and, if one is given, of a signal. A thing of our own, since
 * `AbortSignal.any` and `AbortSignal.timeout` keep theirs until the time has passed: at a
 * thousand requests a second that is many.
 */
export function deadlineOf({ after }: Runtime, timeoutMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const lift = after(timeoutMs, () => {
    controller.abort(new DOMException("timeout expired", "TimeoutError"));
  });
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });

  const race = <T>(promise: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const abandon = () => reject(controller.signal.reason);
      if (controller.signal.aborted) abandon();
      controller.signal.addEventListener("abort", abandon, { once: true });
      promise.then(resolve, reject);
    });
  const release = () => {
    lift();
    signal?.removeEventListener("abort", stop);
  };
  return { signal: controller.signal, race, lift, release };
}
