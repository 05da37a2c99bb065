import { logMeasured } from "../measured.ts";

/**
 * Says what is waited for, since it may take a while.
 *
 * @returns to be called when it has come, which says how long that took
 */
export function logStart(what: string): () => void {
  const beganMs = performance.now();
  process.stdout.write(`e2e: … ${what}\n`);
  return () => logMeasured(`${what} after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
}
