/** Prints a time that a promise to users is about: it is read, and not asserted. */
export function measured(what: string, ms: number): void {
  process.stderr.write(`measured: ${what}: ${(ms / 1000).toFixed(2)} s\n`);
}
