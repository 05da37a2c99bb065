import { processCountOf } from "../api/connectionBudget.ts";
import { CONSOLE_DATABASE } from "../api/names.ts";
import { byNames } from "../text/order.ts";
import { joinTruncated, listed } from "../text/wording.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import type { Observation } from "../model/observation.ts";
import type { LineState, PgBouncerSnapshot, PgBouncerState } from "../model/pgbouncer.ts";
import { UNCHANGED, type CheckOutcome, type CheckResult } from "./condition.ts";
import type { ConditionType, ReasonOf, UnknownReason } from "./reasons.ts";

/**
 * A window that is shorter than this, after a start, is too short to say that a cause has stayed
 * away. In milliseconds.
 */
const SETTLED_AFTER_MS = 5_000;

/** A PgBouncer process that answered. */
export interface ObservedPgBouncer {
  readonly name: string;
  readonly state: PgBouncerState;
  /** Its lines by name, the console left out. */
  readonly lines: ReadonlyMap<string, LineState>;
}

/** Something that was asked in vain. */
interface UnavailableSource {
  readonly what: string;
  readonly reason: UnknownReason;
  readonly message: string;
}

/** The sources that a check needs: whether answers are pending, and which are unavailable. */
interface SourceStatus {
  readonly pending: boolean;
  readonly unavailable: readonly UnavailableSource[];
}

/** The PgBouncer processes of a budget, by name. */
export interface ObservedPgBouncers extends SourceStatus {
  readonly available: readonly ObservedPgBouncer[];
  /**
   * The names of those that are known to be processes, each another one: all that answer, and pods
   * that don't. Undefined where not even their addresses are known.
   */
  readonly names?: readonly string[];
  /** How many of these never were one process with another of them. */
  readonly apart?: number;
}

/** What of a snapshot says which processes there are. */
type ProcessSources = Pick<
  BudgetSnapshot,
  "budget" | "pgbouncers" | "namespaceAlone" | "unwatchedService"
>;

export function pgbouncersOf(snapshot: ProcessSources): ObservedPgBouncers {
  const { pgbouncers } = snapshot;
  if (pgbouncers.state !== "available")
    return { available: [], ...sourceStatusOf("PgBouncer", pgbouncers) };
  // A process that two addresses reach counts once: both show the same clients.
  const sorted = pgbouncers.value
    .filter(({ sameProcessAs }) => sameProcessAs === undefined)
    .toSorted(byNames(({ name }) => [name]));
  const known = sorted.filter(isProcess);
  const none = {
    what: "PgBouncer",
    reason: "NoPods" as const,
    message: "no process of it runs",
  };
  return {
    names: known.map(({ name }) => name),
    apart: known.filter(isApart).length,
    available: sorted.flatMap(({ name, observation }) => {
      if (observation.state !== "available") return [];
      const lines = observation.value.lines.filter((line) => line.name !== CONSOLE_DATABASE);
      return [
        { name, state: observation.value, lines: new Map(lines.map((line) => [line.name, line])) },
      ];
    }),
    ...combined([
      { pending: false, unavailable: sorted.length === 0 ? [none] : [] },
      ...sorted.map(({ name, observation }) => sourceStatusOf(name, observation)),
      { pending: false, unavailable: unseenProcesses(snapshot, pgbouncers.value) },
    ]),
  };
}

/**
 * An address that does not answer may lead to a process that another one leads to, or to none; what
 * was not asked yet is no evidence of anything.
 */
function isProcess(pgbouncer: PgBouncerSnapshot): boolean {
  const { state } = pgbouncer.observation;
  return (
    state === "available" || (state === "unavailable" && !pgbouncer.isAddress && isApart(pgbouncer))
  );
}

function isApart({ sameProcessAs, previouslySameProcessAs }: PgBouncerSnapshot): boolean {
  return sameProcessAs === undefined && previouslySameProcessAs === undefined;
}

/**
 * Fewer than the spec says, of a PgBouncer that weir did not make: one address may stand before
 * several, and what the others hold is in no sum. How many of weir's own there are, their pods say.
 */
function unseenProcesses(
  { budget: { parsed }, namespaceAlone, unwatchedService }: ProcessSources,
  pgbouncers: readonly PgBouncerSnapshot[],
): readonly UnavailableSource[] {
  if (!parsed.ok || parsed.value.spec.pgbouncer.existing === undefined) return [];
  const count = processCountOf(parsed.value);
  const found = pgbouncers.filter(isApart);
  if (found.length === 0 || found.length >= count) return [];
  const descriptions = pgbouncers
    .toSorted(byNames(({ name }) => [name]))
    .map(({ name, sameProcessAs, previouslySameProcessAs = sameProcessAs }) =>
      previouslySameProcessAs === undefined
        ? name
        : `${name} has led to the same process as ${previouslySameProcessAs}`,
    );
  const message =
    `found ${found.filter(({ observation }) => observation.state === "available").length} of ${count} processes ` +
    `that spec.pgbouncer.existing.processes says (${listed(descriptions)}): let existing.host be a Service of this ` +
    "cluster, or a host name with an address for each of them, or correct processes";
  const unwatched =
    unwatchedService === undefined
      ? ""
      : `; where existing.host is Service ${unwatchedService}: this operator watches namespace ` +
        `${namespaceAlone} alone (--namespace), and does not see what is behind it`;
  return [{ what: "PgBouncer", reason: "ProcessesUnseen", message: `${message}${unwatched}` }];
}

export function sourceStatusOf(what: string, observation: Observation<unknown>): SourceStatus {
  const { state } = observation;
  if (state !== "unavailable") return { pending: state === "pending", unavailable: [] };
  const { reason, message } = observation;
  return { pending: false, unavailable: [{ what, reason, message }] };
}

export function combined(parts: readonly SourceStatus[]): SourceStatus {
  return {
    pending: parts.some(({ pending }) => pending),
    unavailable: parts.flatMap(({ unavailable }) => unavailable),
  };
}

/**
 * A failure is one whatever else is not known; success, or what else a check says without a failure,
 * only when all was asked. While any source has not been asked yet, the condition keeps what it said
 * before.
 */
export function outcomeOf<Type extends ConditionType>(
  sources: SourceStatus,
  failure: CheckResult<ReasonOf<Type>> | undefined,
  success: CheckResult<ReasonOf<Type>>,
): CheckOutcome<Type> {
  if (failure !== undefined) return failure;
  if (sources.pending) return UNCHANGED;
  return unknownBecause(sources) ?? success;
}

/** Unknown, with the reason of the first that could not be asked; undefined: all could. */
function unknownBecause({ unavailable }: SourceStatus): CheckResult<UnknownReason> | undefined {
  const [first] = unavailable;
  if (first === undefined) return undefined;
  const message = joinTruncated(unavailable.map(({ what, message: why }) => `${what}: ${why}`));
  return { status: "Unknown", reason: first.reason, message };
}

/** Some process has been watched for too short a time to take back what was said of it. */
export function isTooEarly({ available }: ObservedPgBouncers): boolean {
  return available.some(({ state }) => state.window.lengthMs < SETTLED_AFTER_MS);
}
