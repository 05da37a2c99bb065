const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/**
 * How long to wait before the next login after `failures` that failed in a row: twice as long each
 * time, up to a second, and by half at random, so that those who were refused together don't come
 * back together.
 *
 * @param random in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return longest * (0.5 + random / 2);
}
