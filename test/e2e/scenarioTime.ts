/**
 * The time in which a scenario waits for what has to come. It stands still while the node is starved:
 * what a slow machine changes is how long a scenario takes, not how it ends.
 */
export interface ScenarioTime {
  readonly elapsedMs: () => number;
  /** How long it has stood still so far. */
  readonly pausedMs: () => number;
  readonly isPaused: () => boolean;
  /** Does nothing when it stands still already. */
  readonly pause: () => void;
  /** Does nothing when it goes on already. */
  readonly goOn: () => void;
}

/** @param nowMs a clock that never stands still */
export function pausableTime(nowMs: () => number): ScenarioTime {
  let left = 0;
  let pausedAtMs: number | undefined;
  const pausedMs = () => left + (pausedAtMs === undefined ? 0 : nowMs() - pausedAtMs);
  return {
    elapsedMs: () => nowMs() - pausedMs(),
    pausedMs,
    isPaused: () => pausedAtMs !== undefined,
    pause: () => {
      pausedAtMs ??= nowMs();
    },
    goOn: () => {
      left = pausedMs();
      pausedAtMs = undefined;
    },
  };
}

/** The time of the one cluster that the suite uses. */
export const scenarioTime = pausableTime(() => performance.now());
