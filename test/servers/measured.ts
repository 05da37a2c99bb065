/** Prints a figure. */
export function logMeasured(what: string): void {
  process.stderr.write(`measured: ${what}\n`);
}

/** Whole milliseconds since a moment of `performance.now()`. */
export function msSince(atMs: number): string {
  return `${Math.round(performance.now() - atMs)} ms`;
}
