import type { Clock } from "../runtime/clock.ts";

/** What the watchers are given of the world, and whom they tell that they looked at it. */
export interface ObserverOptions {
  readonly clock: Clock;
  /** As Math.random. */
  readonly random: () => number;
  /** Each question that was asked of a PgBouncer. */
  readonly onSample: (result: "seen" | "failed") => void;
}
