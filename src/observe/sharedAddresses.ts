import { isSame, type ConsolesOfProcess } from "./consoles.ts";

/** Where a PgBouncer is asked. */
export interface Place extends ConsolesOfProcess {
  /** Another one once something else stands there. */
  readonly key: string;
  readonly isSeen: boolean;
}

/** Remembers which places ever led to one process. */
export interface SharedPlaces {
  /**
   * Takes in how they are now, and forgets those that are gone. By name: the name of the place with
   * which it shared a process at some time, one that is seen if any is.
   */
  readonly look: (places: readonly Place[]) => ReadonlyMap<string, string>;
}

/**
 * Behind a load balancer each new console lands where it may: two places that lead to two processes
 * now may lead to one in a minute, and while they do the other one is not seen. So what ever led to
 * one process proves no second one, for as long as both places stay.
 */
export function sharedPlaces(): SharedPlaces {
  const shared = new Map<string, ReadonlySet<string>>();

  const note = (places: readonly Place[]) => {
    const seen = places.filter(({ isSeen }) => isSeen);
    const keys = new Set(places.map(({ key }) => key));
    for (const key of shared.keys()) if (!keys.has(key)) shared.delete(key);
    for (const { key, consoles } of places) {
      const now = seen.filter((other) => other.key !== key && isSame(consoles, other.consoles));
      const before = [...(shared.get(key) ?? [])].filter((other) => keys.has(other));
      shared.set(key, new Set([...before, ...now.map((other) => other.key)]));
    }
  };
  return {
    look: (places) => {
      note(places);
      const firsts: Place[] = [];
      const names = new Map<string, string>();
      for (const each of places.toSorted((a, b) => Number(b.isSeen) - Number(a.isSeen))) {
        const first = firsts.find(({ key }) => shared.get(each.key)?.has(key));
        if (first === undefined) firsts.push(each);
        else names.set(each.name, first.name);
      }
      return names;
    },
  };
}
