/** How long to wait before what failed is tried again. */
export interface Backoff {
  /** About what the first failure costs; each further one costs twice as much. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The time to wait after so many failures in a row (1 or more), in milliseconds: between half and
 * the whole of min(maxMs, firstMs × 2^(failures − 1)), so that those who failed together do not
 * come back together.
 *
 * @param random as Runtime's
 */
export function backoffMs(
  { firstMs, maxMs }: Backoff,
  failures: number,
  random: () => number,
): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return (wholeMs / 2) * (1 + random());
}
