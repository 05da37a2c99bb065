import { type Observation, UnavailableError } from "../model/observation.ts";

/** How long something may fail before that is news. */
const PATIENCE_MS = 3000;
/** Of these one is a retry. */
const FAILURES_MIN = 2;

/** What is known of something that is asked again and again. */
export interface FailureDebounce<T> {
  readonly observation: () => Observation<T>;
  /** It answered. */
  readonly answered: (value: T) => void;
  /** It did not; it was asked at `askedMs`. */
  readonly failed: (error: unknown, askedMs: number, nowMs: number) => void;
}

/**
 * One failure is no news: what was seen last stays, until it has failed for 3 s and again at a
 * retry. An answer counts at once.
 */
export function failureDebounce<T>(): FailureDebounce<T> {
  let sight: Observation<T> = { state: "pending" };
  let failures = 0;
  let failingSinceMs = 0;
  return {
    observation: () => sight,
    answered: (value) => {
      failures = 0;
      sight = { state: "available", value };
    },
    failed: (error, askedMs, nowMs) => {
      if (failures === 0) failingSinceMs = askedMs;
      failures += 1;
      if (failures < FAILURES_MIN || nowMs - failingSinceMs < PATIENCE_MS) return;
      const { reason, message } = unavailableErrorOf(error);
      sight = { state: "unavailable", reason, message };
    },
  };
}

/** What is no UnavailableError is a mistake of weir's; its words may hold anything. */
function unavailableErrorOf(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const kind = error instanceof Error ? error.name : "an unknown error";
  return new UnavailableError("NotUnderstood", `weir could not read the answer (${kind})`);
}
