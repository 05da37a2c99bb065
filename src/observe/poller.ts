import { isDeepStrictEqual } from "node:util";
import {
  type Observation,
  UnavailableError,
  type UnavailableReason,
} from "../model/observation.ts";
import { backoffMs, type Backoff } from "../runtime/backoff.ts";
import { loop } from "../runtime/loop.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Network } from "./network.ts";

/** What pollers ask with, and what they call when they asked. */
export interface ObserverOptions {
  readonly runtime: Runtime;
  readonly network: Network;
  /** Each question that was asked of a PgBouncer. */
  readonly onSample: (result: "answered" | "failed") => void;
}

/** Asks something again and again. */
export interface Poller<T> {
  readonly observation: () => Observation<T>;
  readonly stop: () => Promise<void>;
}

/** The question of a poller, and how often it is asked. */
interface PollerQuestion<T> {
  /**
   * @param failures in a row before this question
   * @throws UnavailableError
   */
  readonly ask: (askedMs: number, stopped: AbortSignal, failures: number) => Promise<T>;
  /** How long to pause after an answer that took so long. */
  readonly pauseMs: (answerMs: number) => number;
  readonly onAnswer?: () => void;
  readonly onFailure?: () => Promise<void> | void;
  /** What remains of an observation while the latest question failed; absent: all of it. */
  readonly whileFailing?: (value: T) => T;
  /** What a judgement can observe beside it. */
  readonly beside?: () => unknown;
}

/** @param onChange is called when what a judgement can observe has changed */
export function poll<T>(
  question: PollerQuestion<T>,
  runtime: Runtime,
  onChange: () => void,
): Poller<T> {
  const { ask, pauseMs, onAnswer, onFailure, whileFailing, beside } = question;
  const debounce = failureDebounce<T>();
  let failures = 0;
  const observation = (): Observation<T> => {
    const last = debounce.observation();
    return whileFailing !== undefined && failures > 0 && last.state === "available"
      ? { ...last, value: whileFailing(last.value) }
      : last;
  };
  const known = () => [observation(), beside?.()];
  const tellAfter = (before: ReturnType<typeof known>) => {
    if (!isDeepStrictEqual(before, known())) onChange();
  };

  const { stop } = loop(runtime, async (stopped) => {
    const askedMs = runtime.monotonicMs();
    const before = known();
    try {
      debounce.answered(await ask(askedMs, stopped, failures));
      failures = 0;
      onAnswer?.();
      tellAfter(before);
      return pauseMs(runtime.monotonicMs() - askedMs);
    } catch (error) {
      await onFailure?.();
      failures += 1;
      debounce.failed(error, askedMs, runtime.monotonicMs());
      tellAfter(before);
      const reason = error instanceof UnavailableError ? error.reason : "Unreachable";
      return backoffMs(retryBackoff(reason), failures, runtime.random);
    }
  });
  return { observation, stop };
}

/** How long to wait after failures: a Secret that is missing or wrong is read ever less often. */
function retryBackoff(reason: UnavailableReason): Backoff {
  if (reason.startsWith("Secret")) return { firstMs: 1000, maxMs: 60_000 };
  if (reason === "LoginRefused") return { firstMs: 1000, maxMs: 10_000 };
  return { firstMs: 500, maxMs: 2000 };
}

/** How long something may fail before that is news. */
const DEBOUNCE_MS = 3000;
/** The first failure, and one retry. */
const FAILURES_MIN = 2;

/**
 * The last state of a source that is asked again and again. One failure changes nothing: the last
 * observation holds until questions have failed for 3 s and again at a retry. An answer counts at
 * once.
 *
 *               answer                   failures of 3 s, 2 at least
 *   pending ───────────────▶ available ──────────────────────────────▶ unavailable
 *      │                      ▲  │ ▲ │                                  │  │ ▲ │
 *      │                      │  └─┘ └ answer, or a failure too few:    │  └─┘ └ another failure:
 *      │                      │        the last value stays             │        its reason counts
 *      │                      └──────────────── answer ─────────────────┘
 *      └──────────────── failures of 3 s, 2 at least ──────────────────▶ unavailable
 *
 * Which available addresses are one process is another matter: see pgbouncer/processIdentity.ts.
 */
export function failureDebounce<T>() {
  let observation: Observation<T> = { state: "pending" };
  let failures = 0;
  let failingSinceMs = 0;
  return {
    observation: () => observation,
    answered: (value: T) => {
      failures = 0;
      observation = { state: "available", value };
    },
    /** @param askedMs when it was asked */
    failed: (error: unknown, askedMs: number, nowMs: number) => {
      if (failures === 0) failingSinceMs = askedMs;
      failures += 1;
      if (failures < FAILURES_MIN || nowMs - failingSinceMs < DEBOUNCE_MS) return;
      const { reason, message } = unavailableErrorOf(error);
      observation = { state: "unavailable", reason, message };
    },
  };
}

/** Any other error is a mistake in weir; its text may contain anything, so it is left out. */
function unavailableErrorOf(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const kind = error instanceof Error ? error.name : "an unknown error";
  return new UnavailableError("NotUnderstood", `weir could not read the answer (${kind})`);
}

/** Pollers by the key of their source. */
export function pollers<T extends { readonly stop: () => Promise<void> }>() {
  const running = new Map<string, T>();
  const stopping = new Set<Promise<void>>();

  /** Stops one, where it runs. */
  const end = (key: string) => {
    const poller = running.get(key);
    if (poller === undefined) return;
    running.delete(key);
    const ending = poller.stop().finally(() => stopping.delete(ending));
    stopping.add(ending);
  };
  /** Starts a poller in place of the running poller. */
  const replace = (key: string, start: () => T) => {
    end(key);
    const poller = start();
    running.set(key, poller);
    return poller;
  };
  return {
    get: (key: string) => running.get(key),
    /** Starts what is missing, and stops all that is not among these. */
    reconcile: (entries: Iterable<readonly [string, () => T]>) => {
      const wanted = new Map(entries);
      for (const key of running.keys()) if (!wanted.has(key)) end(key);
      for (const [key, start] of wanted) if (!running.has(key)) replace(key, start);
    },
    end,
    replace,
    /** Resolves when every poller that was ever started has ended. */
    stop: async () => {
      for (const key of running.keys()) end(key);
      await Promise.all(stopping);
    },
  };
}
