import type { HeldInWindow } from "../pgbouncer/held.ts";

/**
 * How many connections a pod certainly held: the most on one process in two samples in a row, or
 * what all processes together had in every sample. The sum of what each process had at most proves
 * nothing: a pool may move its connections from one process to another. The rule of the operator and
 * of `weir diagnose`.
 *
 * @param processes what each had without the clients that wait for a backend connection: PgBouncer
 *   reads nothing of these, so that their pool may have given them up long ago
 */
export function heldForCertain<Holder>(
  holder: Holder,
  processes: readonly HeldInWindow<Holder>[],
): number {
  const together = processes.reduce((sum, { least }) => sum + (least.get(holder) ?? 0), 0);
  return Math.max(together, ...processes.map(({ mostInRow }) => mostInRow.get(holder) ?? 0));
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
