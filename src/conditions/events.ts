import type { Condition } from "../api/kubernetes.ts";
import { truncate } from "../text/wording.ts";
import { conditionIn } from "./condition.ts";
import type { EventRecord, JudgedObject } from "./decision.ts";
import type { Reasons } from "./reasons.ts";

/** The most that an event of events.k8s.io may say, in characters. */
const NOTE_MAX = 1024;

/**
 * What a person should know of one object: a condition that turned to failure, can't be known any
 * more, or is a success again. The first time only a failure is an event.
 */
export function eventsOf({
  kind,
  object: { name, status: before },
  checks,
  status: after,
}: JudgedObject): readonly EventRecord[] {
  return checks.flatMap(({ type, success }) => {
    const now = conditionIn(after, type);
    if (now === undefined) return [];
    const was = conditionIn(before, type);
    const severity = severityOf(was, now, success);
    if (severity === undefined) return [];
    // What can't be known of a tier is an event of its budget: not once more of each of its servers.
    const isKnownAgain = was?.status === "Unknown" && now.status === success;
    if (kind === "McpServer" && (now.status === "Unknown" || isKnownAgain)) return [];
    const note = truncate(`${type} is ${now.status}: ${now.message}`, NOTE_MAX);
    return [{ about: { kind, name }, type: severity, reason: now.reason, note }];
  });
}

function severityOf(
  before: Condition | undefined,
  now: Condition,
  success: Condition["status"],
): EventRecord["type"] | undefined {
  if (before?.status === now.status) return undefined;
  if (now.status === success) return before === undefined ? undefined : "Normal";
  if (now.status === "Unknown") return before === undefined ? undefined : "Warning";
  // A user who disables a server needs no warning.
  return now.reason === DISABLED ? "Normal" : "Warning";
}

const DISABLED: Reasons["Admitted"] = "Disabled";
