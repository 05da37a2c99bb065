import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import type { Condition } from "../api/kubernetes.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { joinTruncated, listed, truncate } from "../text/wording.ts";
import type { ConditionType, Reason, ReasonOf, Reasons } from "./reasons.ts";

/** The API server takes eight times as many; nobody reads that. In characters. */
const MESSAGE_MAX = 4096;

/** What a check says. */
export interface CheckResult<R extends Reason = Reason> {
  readonly status: Condition["status"];
  readonly reason: R;
  /** The sum in numbers; as long as nothing but traffic changes, only that of a failure changes. */
  readonly message: string;
}

/**
 * Something was not asked yet: what the condition said before stays to the letter, and a condition
 * that was never there stays away.
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
  status: { readonly conditions?: unknown } | undefined,
  type: string,
): Condition | undefined {
  const conditions = status?.conditions;
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((each): each is Condition => isCondition(each, type));
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

/** The API server has checked its other fields by the CRD. */
function isCondition(value: unknown, type: string): value is Condition {
  return typeof value === "object" && value !== null && "type" in value && value.type === type;
}

type Targets = NonNullable<ConnectionBudgetStatus["targets"]>;

/** Fields of the status that an object has. The API server has checked them by the CRD. */
interface StatusFields {
  readonly numbers: Readonly<Partial<Record<"replicas" | "limit" | "grant" | "slots", number>>>;
  readonly selector?: string;
  readonly targets?: Targets;
}

export function statusFieldsOf({ status }: ObservedObject<unknown>): StatusFields {
  const { selector, targets } = status;
  const numbers = (["replicas", "limit", "grant", "slots"] as const).flatMap((field) => {
    const value = status[field];
    return typeof value === "number" ? [[field, value] as const] : [];
  });
  return {
    numbers: Object.fromEntries(numbers),
    ...(typeof selector === "string" && { selector }),
    ...(isTargets(targets) && { targets }),
  };
}

function isTargets(value: unknown): value is Targets {
  return typeof value === "object" && value !== null;
}
