/** Prints a figure that was measured: people read it, and no test asserts it. */
export function logMeasured(figure: string): void {
  process.stderr.write(`measured: ${figure}\n`);
}

/** Prints a time that a promise to users is about. */
export function logMeasuredTime(what: string, ms: number): void {
  logMeasured(`${what}: ${(ms / 1000).toFixed(2)} s`);
}

/** Prints a figure of docs/rogue-servers.md. */
export function logRefusedShare(what: string, refused: number, tried: number): void {
  const share = ((100 * refused) / tried).toFixed(1);
  logMeasured(`${what}: ${refused} of ${tried} logins refused, ${share} %`);
}

/** Whole milliseconds since a moment of `performance.now()`. */
export function msSince(atMs: number): string {
  return `${Math.round(performance.now() - atMs)} ms`;
}
