import { processCountOf } from "../api/connectionBudget.ts";
import { CONSOLE_DATABASE } from "../api/names.ts";
import { byNames } from "../text/order.ts";
import { listed } from "../text/wording.ts";
import type {
  BudgetSnapshot,
  LineSight,
  PoolerSight,
  PoolerSnapshot,
  Sight,
} from "../model/budgetSnapshot.ts";
import { few } from "../text/truncation.ts";
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
  /**
   * The names of those that are known to be processes, each another one: all that are seen, and pods
   * that don't answer. Undefined where not even their places are known.
   */
  readonly names?: readonly string[];
  /** How many of these never were one process with another of them. */
  readonly apart?: number;
}

/** What of a snapshot says which there are. */
type Snapshot = Pick<BudgetSnapshot, "budget" | "poolers" | "namespaceAlone" | "unwatchedService">;

export function poolersOf(snapshot: Snapshot): Poolers {
  const { poolers } = snapshot;
  if (poolers.state !== "seen") return { seen: [], ...askedOf("PgBouncer", poolers) };
  // One that is reached by two ways counts once: its clients are no others.
  const sorted = poolers.value
    .filter(({ sameAs }) => sameAs === undefined)
    .toSorted(byNames(({ name }) => [name]));
  const known = sorted.filter(isProcess);
  const none = { what: "PgBouncer", reason: "NoPods", message: "no process of it runs" };
  return {
    names: known.map(({ name }) => name),
    apart: known.filter(isApart).length,
    seen: sorted.flatMap(({ name, sight }) => {
      if (sight.state !== "seen") return [];
      const lines = sight.value.lines.filter((line) => line.name !== CONSOLE_DATABASE);
      return [{ name, sight: sight.value, lines: new Map(lines.map((line) => [line.name, line])) }];
    }),
    ...together([
      { pending: false, blanks: sorted.length === 0 ? [none] : [] },
      ...sorted.map(({ name, sight }) => askedOf(name, sight)),
      { pending: false, blanks: unseenProcesses(snapshot, poolers.value) },
    ]),
  };
}

/**
 * An address that does not answer may lead to a process that another one leads to, or to none; what
 * was not asked yet is no evidence of anything.
 */
function isProcess(pooler: PoolerSnapshot): boolean {
  const { state } = pooler.sight;
  return state === "seen" || (state === "unseen" && !pooler.isAddress && isApart(pooler));
}

function isApart({ sameAs, wasSameAs }: PoolerSnapshot): boolean {
  return sameAs === undefined && wasSameAs === undefined;
}

/**
 * Fewer than the spec says, of a PgBouncer that weir did not make: one address may stand before
 * several, and what the others hold is in no sum. How many there are of weir's own, their pods tell.
 */
function unseenProcesses(
  { budget: { parsed }, namespaceAlone, unwatchedService }: Snapshot,
  poolers: readonly PoolerSnapshot[],
): readonly Blank[] {
  if (!parsed.ok || parsed.value.spec.pgbouncer.existing === undefined) return [];
  const count = processCountOf(parsed.value);
  const found = poolers.filter(isApart);
  if (found.length === 0 || found.length >= count) return [];
  const told = poolers
    .toSorted(byNames(({ name }) => [name]))
    .map(({ name, sameAs, wasSameAs = sameAs }) =>
      wasSameAs === undefined ? name : `${name} has led to the same process as ${wasSameAs}`,
    );
  const message =
    `seen ${found.filter(({ sight }) => sight.state === "seen").length} of ${count} processes ` +
    `that spec.pgbouncer.existing.processes says (${listed(told)}): let existing.host be a Service of this ` +
    "cluster, or a host name with an address for each of them, or correct processes";
  const blind =
    unwatchedService === undefined
      ? ""
      : `; where existing.host is Service ${unwatchedService}: this operator watches namespace ` +
        `${namespaceAlone} alone (--namespace), and does not see what is behind it`;
  return [{ what: "PgBouncer", reason: "ProcessesUnseen", message: `${message}${blind}` }];
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
