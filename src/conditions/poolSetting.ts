/** When a pod holds more than its setting allows: the rule of the operator and of `weir diagnose`. */

/**
 * The connections of one pod on one PgBouncer process, over the samples of a window. Those that wait
 * for a server connection are left out: PgBouncer reads nothing of them, so that their pool may have
 * given them up long ago.
 */
export interface HeldInWindow {
  /** In the sample with most of them. */
  readonly most: number;
  /** In the sample with fewest of them. */
  readonly least: number;
}

/**
 * How many connections a pod certainly held at one time: the most on one process, or what all
 * processes together had in every sample. The sum of what each process had at most proves nothing: a
 * pool may move its connections from one process to another.
 */
export function heldForCertain(processes: readonly HeldInWindow[]): number {
  const together = processes.reduce((sum, { least }) => sum + least, 0);
  return Math.max(together, ...processes.map(({ most }) => most));
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
