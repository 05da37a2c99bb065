/** How many connections each holder (an address, a pod, a workload) had in one sample. */
type HeldCounts<Holder> = ReadonlyMap<Holder, number>;

/** The connections on one PgBouncer process, over the samples of a window. */
export interface HeldInWindow<Holder> {
  /** What each had in two samples in a row, where it is most: see `heldTwice`. */
  readonly mostInRow: HeldCounts<Holder>;
  /** What each had in every sample. */
  readonly least: HeldCounts<Holder>;
}

/** @param samples the counts of one process, in the order they were taken, none missed */
export function heldIn<Holder>(samples: readonly HeldCounts<Holder>[]): HeldInWindow<Holder> {
  return {
    mostInRow: mostOf(samples.map((now, index) => heldTwice(samples[index - 1], now))),
    least: samples.length < 2 ? new Map() : leastOf(samples),
  };
}

/**
 * What each had in two samples in a row: the smaller of both counts. One sample proves nothing: a
 * correct node-postgres pool opens its next connection while the last one still closes.
 *
 * @param before the sample before; undefined: the process did not answer then
 */
export function heldTwice<Holder>(
  before: HeldCounts<Holder> | undefined,
  now: HeldCounts<Holder>,
): HeldCounts<Holder> {
  return before === undefined ? new Map() : leastOf([before, now]);
}

/** The smallest of the counts of each that is in all of them. */
export function leastOf<Holder>(
  samples: readonly HeldCounts<Holder>[],
): ReadonlyMap<Holder, number> {
  const [first = new Map<Holder, number>(), ...others] = samples;
  const least = new Map<Holder, number>();
  for (const [holder, count] of first) {
    const smallest = others.reduce((min, each) => Math.min(min, each.get(holder) ?? 0), count);
    if (smallest > 0) least.set(holder, smallest);
  }
  return least;
}

export function mostOf<Holder>(
  samples: readonly HeldCounts<Holder>[],
): ReadonlyMap<Holder, number> {
  const most = new Map<Holder, number>();
  for (const counts of samples) {
    for (const [holder, count] of counts) {
      most.set(holder, Math.max(most.get(holder) ?? 0, count));
    }
  }
  return most;
}
