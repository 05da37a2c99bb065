import type { EventRecord } from "./decision.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { truncate } from "../text/truncation.ts";
import { conditionIn, type Condition } from "./condition.ts";
import type { Status } from "./serverStatus.ts";

/** The most that an event of events.k8s.io may say, in characters. */
const NOTE_MAX = 1024;

/** A condition, and which of its statuses is well. */
interface Watched {
  readonly type: string;
  readonly well: "True" | "False";
}

/**
 * What a person should know of one object: a condition that turned bad, can't be seen any more, or
 * is well again. The first time only what is bad is told.
 */
export function eventsOf(
  about: EventRecord["about"],
  { status: before }: ObservedObject<unknown>,
  after: Status,
  watched: readonly Watched[],
): readonly EventRecord[] {
  return watched.flatMap(({ type, well }) => {
    const now = conditionIn(after, type);
    if (now === undefined) return [];
    const was = conditionIn(before, type);
    const kind = kindOf(was, now, well);
    if (kind === undefined) return [];
    // What can't be seen of a tier is told of its budget: not once more of each of its servers.
    const isOfServer = about.kind === "McpServer";
    if (isOfServer && (now.status === "Unknown" || isSeenAgain(was, now, well))) return [];
    const note = truncate(`${type} is ${now.status}: ${now.message}`, NOTE_MAX);
    return [{ about, type: kind, reason: now.reason, note }];
  });
}

function kindOf(
  before: Condition | undefined,
  now: Condition,
  well: Watched["well"],
): EventRecord["type"] | undefined {
  if (before?.status === now.status) return undefined;
  if (now.status === well) return before === undefined ? undefined : "Normal";
  if (now.status === "Unknown") return before === undefined ? undefined : "Warning";
  // Nobody needs a warning of what somebody wrote on purpose.
  return now.reason === "Disabled" ? "Normal" : "Warning";
}

function isSeenAgain(
  before: Condition | undefined,
  now: Condition,
  well: Watched["well"],
): boolean {
  return before?.status === "Unknown" && now.status === well;
}
