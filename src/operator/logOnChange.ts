import type { Logger } from "pino";

/** The fault of each of several things; undefined: none. */
export type Problems = ReadonlyMap<string, string | undefined>;

/**
 * Logs a problem of something once, until it has none or another one. A problem that several have
 * in the same words is logged once, with those that have it at the first check.
 */
export function logOnChange(log: Logger): (problems: Problems) => void {
  const logged = new Map<string, string>();
  return (problems) => {
    const before = new Set(logged.values());
    const changed = [...problems].filter(([about, problem]) => problem !== logged.get(about));
    for (const [problem, same] of Map.groupBy(changed, ([, each]) => each)) {
      const names = same.map(([about]) => about);
      for (const name of names) {
        if (problem === undefined) logged.delete(name);
        else logged.set(name, problem);
      }
      const about = names.join(", ");
      if (problem === undefined) log.info({ about }, "is well again");
      else if (!before.has(problem)) log.warn({ about }, problem);
    }
  };
}
