/**
 * Says what is waited for, since it may take a while.
 *
 * @returns to be called when it has come, which says how long that took
 */
export function say(what: string): () => void {
  const beganMs = performance.now();
  process.stdout.write(`e2e: … ${what}\n`);
  return () => measured(`${what} after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
}

/** Prints a figure that was measured, which is never asserted. */
export function measured(figure: string): void {
  process.stdout.write(`measured: ${figure}\n`);
}
