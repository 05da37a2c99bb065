const INTERVAL_MS = 30_000;

/**
 * Says on stderr that something is done which takes a while, that it still goes on each 30 s, and
 * how long it took.
 *
 * @param what what is done: `making etcd`
 */
export async function tellingProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const elapsed = () => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  tell(what);
  const progress = setInterval(() => tell(`still ${what} (${elapsed()})`), INTERVAL_MS);
  try {
    const result = await work();
    tell(`done in ${elapsed()}: ${what}`);
    return result;
  } finally {
    clearInterval(progress);
  }
}

/** Says something on stderr. */
export function tell(text: string): void {
  process.stderr.write(`test parts: ${text}\n`);
}
