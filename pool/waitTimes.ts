/** Upper bounds of the buckets, in seconds: from a connection at hand to a timeout. */
const BOUNDS_SECONDS: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** How long checkouts waited, as Prometheus counts it. */
export interface WaitTimes {
  /** Checkouts that waited at most `bound` seconds, by bound; the last is for all. */
  readonly buckets: readonly { readonly bound: string; readonly count: number }[];
  readonly sumSeconds: number;
  readonly count: number;
}

/** Counts waits. */
export class WaitCounter {
  readonly #counts = BOUNDS_SECONDS.map(() => 0);
  #sumSeconds = 0;
  #count = 0;

  add(seconds: number): void {
    this.#sumSeconds += seconds;
    this.#count += 1;
    for (const [index, bound] of BOUNDS_SECONDS.entries()) {
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  times(): WaitTimes {
    return {
      buckets: [
        ...BOUNDS_SECONDS.map((bound, index) => ({
          bound: String(bound),
          count: this.#counts[index] ?? 0,
        })),
        { bound: "+Inf", count: this.#count },
      ],
      sumSeconds: this.#sumSeconds,
      count: this.#count,
    };
  }
}
