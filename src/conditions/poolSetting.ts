/** When a pod holds more than its setting allows: the rule of the operator and of `weir diagnose`. */

/**
 * The connections of one pod on one PgBouncer process, over the samples of a window. Those that wait
 * for a backend connection are left out: PgBouncer reads nothing of them, so that their pool may have
 * given them up long ago.
 */
interface HeldInWindow {
  /**
   * In two samples in a row: the smaller of both, where it is largest. One sample proves nothing: a
   * correct node-postgres pool opens its next connection while the last one still closes.
   */
  readonly mostInRow: number;
  /** In the sample with fewest of them. */
  readonly least: number;
}

/** @param counts of the samples of one process, in the order they were taken */
export function heldIn(counts: readonly number[]): HeldInWindow {
  const pairs = counts.slice(1).map((count, index) => Math.min(count, counts[index] ?? 0));
  return { mostInRow: Math.max(0, ...pairs), least: pairs.length === 0 ? 0 : Math.min(...pairs) };
}

/**
 * How many connections a pod certainly held: the most on one process in two samples in a row, or
 * what all processes together had in every sample. The sum of what each process had at most proves
 * nothing: a pool may move its connections from one process to another.
 */
export function heldForCertain(processes: readonly HeldInWindow[]): number {
  const together = processes.reduce((sum, { least }) => sum + least, 0);
  return Math.max(together, ...processes.map(({ mostInRow }) => mostInRow));
}

/** What the setting of a pod allows all its processes; undefined where the setting is not known. */
export function allowedByPod({
  poolMax,
  processesPerPod,
}: {
  readonly poolMax?: number;
  readonly processesPerPod: number;
}): number | undefined {
  return poolMax === undefined ? undefined : poolMax * processesPerPod;
}
