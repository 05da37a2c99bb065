/** Prints a figure of docs/rogue-servers.md. */
export function logShare(what: string, refused: number, tried: number): void {
  const share = ((100 * refused) / tried).toFixed(1);
  process.stderr.write(`measured: ${what}: ${refused} of ${tried} logins refused, ${share} %\n`);
}
