import { processCountOf } from "../../api/connectionBudget.ts";
import { CONSOLE_DATABASE } from "../../api/names.ts";
import { byNames } from "../../budget/order.ts";
import { listed } from "../../budget/wording.ts";
import type { BudgetSnapshot, LineSight, PoolerSight, PoolerSnapshot, Sight } from "../snapshot.ts";
import { few } from "./few.ts";
import { AS_IS, type Told, type Verdict } from "./condition.ts";

/**
 * A window that is shorter than this, after a start, is too short to say that a cause has stayed
 * away. In milliseconds.
 */
const SETTLED_AFTER_MS = 5_000;

/** A PgBouncer process that answered. */
export interface Pooler {
  readonly name: string;
  readonly sight: PoolerSight;
  /** Its lines by name, the console left out. */
  readonly lines: ReadonlyMap<string, LineSight>;
}

/** Something that was asked in vain. */
export interface Blank {
  readonly what: string;
  readonly reason: string;
  readonly message: string;
}

/** What was asked: what answered, and whether that is all. */
export interface Asked {
  readonly pending: boolean;
  readonly blanks: readonly Blank[];
}

/** The PgBouncer processes of a budget, by name. */
export interface Poolers extends Asked {
  readonly seen: readonly Pooler[];
  /** How many there are, seen or not; undefined where not even that is known. */
  readonly count?: number;
}

export function poolersOf({
  budget,
  poolers,
}: Pick<BudgetSnapshot, "budget" | "poolers">): Poolers {
  if (poolers.state !== "seen") return { seen: [], ...askedOf("PgBouncer", poolers) };
  // One that is reached by two ways counts once: its clients are no others.
  const sorted = poolers.value
    .filter(({ sameAs }) => sameAs === undefined)
    .toSorted(byNames(({ name }) => [name]));
  const none = { what: "PgBouncer", reason: "NoPods", message: "no process of it runs" };
  return {
    count: sorted.length,
    seen: sorted.flatMap(({ name, sight }) => {
      if (sight.state !== "seen") return [];
      const lines = sight.value.lines.filter((line) => line.name !== CONSOLE_DATABASE);
      return [{ name, sight: sight.value, lines: new Map(lines.map((line) => [line.name, line])) }];
    }),
    ...together([
      { pending: false, blanks: sorted.length === 0 ? [none] : [] },
      ...sorted.map(({ name, sight }) => askedOf(name, sight)),
      { pending: false, blanks: unseenProcesses(budget, poolers.value) },
    ]),
  };
}

/**
 * Fewer than the spec says, of a PgBouncer that weir did not make: one address may stand before
 * several, and what the others hold is in no sum. How many there are of weir's own, their pods tell.
 */
function unseenProcesses(
  { parsed }: BudgetSnapshot["budget"],
  poolers: readonly PoolerSnapshot[],
): readonly Blank[] {
  if (!parsed.ok || parsed.value.spec.pgbouncer.existing === undefined) return [];
  const count = processCountOf(parsed.value);
  const found = poolers.filter(({ sameAs }) => sameAs === undefined);
  if (found.length === 0 || found.length >= count) return [];
  const told = poolers
    .toSorted(byNames(({ name }) => [name]))
    .map(({ name, sameAs }) =>
      sameAs === undefined ? name : `${name} is the same process as ${sameAs}`,
    );
  const message =
    `seen ${found.filter(({ sight }) => sight.state === "seen").length} of ${count} processes ` +
    `that spec.pgbouncer.existing.processes says (${listed(told)}): let existing.host be a Service of this ` +
    "cluster, or a host name with an address for each of them, or correct processes";
  return [{ what: "PgBouncer", reason: "ProcessesUnseen", message }];
}

export function askedOf(what: string, sight: Sight<unknown>): Asked {
  if (sight.state !== "unseen") return { pending: sight.state === "pending", blanks: [] };
  return { pending: false, blanks: [{ what, reason: sight.reason, message: sight.message }] };
}

export function together(parts: readonly Asked[]): Asked {
  return {
    pending: parts.some(({ pending }) => pending),
    blanks: parts.flatMap(({ blanks }) => blanks),
  };
}

/**
 * What is bad is bad, whatever else could not be seen; what is well is only well when all was seen.
 * While anything has not been asked yet, what was said before stays.
 */
export function judged(asked: Asked, bad: Told | undefined, well: Told): Verdict {
  if (bad !== undefined) return bad;
  if (asked.pending) return AS_IS;
  return blankOf(asked) ?? well;
}

/** Unknown, with the reason of the first that could not be asked; undefined: all could. */
export function blankOf({ blanks }: Asked): Told | undefined {
  const [first] = blanks;
  if (first === undefined) return undefined;
  const message = few(blanks.map(({ what, message: why }) => `${what}: ${why}`));
  return { status: "Unknown", reason: first.reason, message };
}

/** Some process has not been watched long enough to take back what was said of it. */
export function isTooEarly({ seen }: Poolers): boolean {
  return seen.some(({ sight }) => sight.window.lengthMs < SETTLED_AFTER_MS);
}
