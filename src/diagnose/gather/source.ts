import type { UnavailablePart } from "../../model/observation.ts";

/** Something that runs and can be asked again and again. */
export interface Source<T> {
  /** Asks once. @throws what went wrong; then the source is of no more use */
  readonly sample: () => Promise<void>;
  /** The result of all samples; undefined if there were fewer than two. */
  readonly result: () => T | undefined;
  /** What it would show to a login with more rights. */
  readonly unavailable?: readonly UnavailablePart[];
  /** Ends its connection; doesn't throw. */
  readonly close: () => Promise<void>;
}

/**
 * How long a server may take to let weir in, and for each answer. A machine that is busy in earnest
 * took longer than five seconds for it.
 */
export const ANSWER_TIMEOUT_MS = 15_000;
