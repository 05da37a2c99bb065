import type { Condition } from "../api/kubernetes.ts";
import type { ObservedStatus } from "../api/status.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { joinTruncated, listed, truncate } from "../text/wording.ts";
import type { ConditionType, Reason, ReasonOf, Reasons } from "./reasons.ts";

/** In characters. The API server takes eight times as many, too many to read. */
const MESSAGE_MAX = 4096;

/** The outcome of a check: status, reason and message of its condition. */
export interface CheckResult<R extends Reason = Reason> {
  readonly status: Condition["status"];
  readonly reason: R;
  /** The sum in numbers; as long as nothing but traffic changes, only that of a failure changes. */
  readonly message: string;
}

/**
 * Some source was not asked yet: the condition keeps its old status, reason and message, and a
 * condition that does not exist yet is not made.
 */
export const UNCHANGED = "Unchanged";

/** What comes out of the check of one condition. */
export type CheckOutcome<Type extends ConditionType = ConditionType> =
  | CheckResult<ReasonOf<Type>>
  | typeof UNCHANGED;

/** One of the causes for which a condition fails. */
export interface FailureCause<Type extends ConditionType> {
  readonly reason: Reasons[Type];
  readonly text: string;
}

/** What fails for several causes has the reason of the first; undefined: there is no cause. */
export function failureFrom<Type extends ConditionType>(
  causes: readonly FailureCause<Type>[],
  join: (texts: readonly string[]) => string = joinTruncated,
): CheckResult<Reasons[Type]> | undefined {
  const [first] = causes;
  if (first === undefined) return undefined;
  const message = join(causes.map(({ text }) => text));
  return { status: "False", reason: first.reason, message };
}

/** Objects that this weir can't read: no sum is known. */
export function notUnderstood(problems: readonly string[]): CheckResult<"NotUnderstood"> {
  return { status: "Unknown", reason: "NotUnderstood", message: listed(problems) };
}

/** The condition of that type that a status has. */
export function conditionIn(
  status: Pick<ObservedStatus, "conditions"> | undefined,
  type: string,
): Condition | undefined {
  return status?.conditions?.find((each) => each.type === type);
}

/** The condition that an object gets from what its check said; undefined: none yet. */
export function conditionOf(
  object: ObservedObject<unknown>,
  type: ConditionType | "Ready",
  outcome: Pick<Condition, "status" | "reason" | "message"> | typeof UNCHANGED,
  atMs: number,
): Condition | undefined {
  const before = conditionIn(object.status, type);
  if (outcome === UNCHANGED) return before;
  const { status, reason, message } = outcome;
  return {
    type,
    status,
    observedGeneration: object.generation,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : timeOf(atMs),
    reason,
    message: truncate(message, MESSAGE_MAX),
  };
}

/** As Kubernetes writes it: whole seconds. */
function timeOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
