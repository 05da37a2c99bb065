import type { Logger } from "pino";

/** What is wrong with each of several things; undefined: nothing. */
export type Problems = ReadonlyMap<string, string | undefined>;

/**
 * Logs what is wrong with something once, until it is well or something else is wrong. What is
 * wrong with several in the same words is told once, of those that have it at the first look.
 */
export function logOnChange(log: Logger): (complaints: Problems) => void {
  const told = new Map<string, string>();
  return (complaints) => {
    const before = new Set(told.values());
    const changed = [...complaints].filter(([about, complaint]) => complaint !== told.get(about));
    for (const [complaint, same] of Map.groupBy(changed, ([, each]) => each)) {
      const names = same.map(([about]) => about);
      for (const name of names) {
        if (complaint === undefined) told.delete(name);
        else told.set(name, complaint);
      }
      const about = names.join(", ");
      if (complaint === undefined) log.info({ about }, "is well again");
      else if (!before.has(complaint)) log.warn({ about }, complaint);
    }
  };
}
