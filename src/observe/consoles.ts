import { CONSOLE_DATABASE } from "../api/names.ts";
import { consoleIn } from "../pgbouncer/consoleName.ts";
import { textIn, type ShowRow } from "../pgbouncer/showRows.ts";

/** weir's consoles, as one that asks a PgBouncer process sees them. */
export interface Consoles {
  /** Its own names: the one that is open, and those of the last minute. */
  readonly own: readonly string[];
  /** Those that the process listed when it was asked last, this one among them. */
  readonly listed: readonly string[];
}

/** A PgBouncer that is seen, by its name. */
export interface ConsolesOfProcess {
  readonly name: string;
  readonly consoles: Consoles;
}

/**
 * How long an old name counts: longer than what was seen last stays when nothing answers, so that
 * two that open their consoles anew at the same time are not taken for two processes meanwhile.
 */
const KEPT_MS = 60_000;

/** Those of rows of SHOW CLIENTS. */
export function consolesIn(rows: readonly ShowRow[]): readonly string[] {
  return rows
    .filter((row) => textIn(row, "database") === CONSOLE_DATABASE)
    .flatMap((row) => consoleIn(textIn(row, "application_name") ?? "") ?? [])
    .toSorted();
}

/** What one watch remembers of its consoles. */
export function consoleMemory(): {
  readonly told: () => Consoles;
  readonly asked: (own: string, listed: readonly string[], atMs: number) => void;
} {
  const lastAskedMs = new Map<string, number>();
  let consoles: Consoles = { own: [], listed: [] };
  return {
    told: () => consoles,
    asked: (own, listed, atMs) => {
      lastAskedMs.set(own, atMs);
      for (const [name, lastMs] of lastAskedMs) {
        if (atMs - lastMs > KEPT_MS) lastAskedMs.delete(name);
      }
      consoles = { own: [...lastAskedMs.keys()], listed };
    },
  };
}

/**
 * Which of them are a process that stands earlier in the list: by name, the name of that one. Two
 * addresses may lead to one process, through a proxy or since it listens at both. The consoles give
 * it away: a process lists all of its own, and of two that are asked in turn the later one finds
 * the other's.
 */
export function sameProcesses(seen: readonly ConsolesOfProcess[]): ReadonlyMap<string, string> {
  const same = new Map<string, string>();
  const firsts: ConsolesOfProcess[] = [];
  for (const each of seen) {
    const first = firsts.find(({ consoles }) => isSame(consoles, each.consoles));
    if (first === undefined) firsts.push(each);
    else same.set(each.name, first.name);
  }
  return same;
}

/** Whether they are those of one process. */
export function isSame(a: Consoles, b: Consoles): boolean {
  return (
    a.own.some((name) => b.listed.includes(name)) || b.own.some((name) => a.listed.includes(name))
  );
}
