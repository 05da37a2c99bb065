import type { Condition } from "../api/kubernetes.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { conditionIn, conditionOf, UNCHANGED, type CheckOutcome } from "./condition.ts";
import { WINDOW_FAILURES, type ConditionType, type ReadyReason } from "./reasons.ts";

const ALL_WELL: ReadyReason = "Ready";
const NOT_ASKED_YET: ReadyReason = "NotAskedYet";

/** One condition of an object, and the function that decides it. */
export interface Check<Input> {
  readonly type: ConditionType;
  /** The status that is success: True, but False of PoolSettingIgnored. */
  readonly success: "True" | "False";
  /** @param before what the condition said last; undefined: it is not there yet */
  readonly check: (input: Input, before: Condition | undefined) => CheckOutcome;
}

/** The input of a chain of checks, and the object whose conditions they make. */
interface ChainRun<Input> {
  readonly object: ObservedObject<unknown>;
  readonly input: Input;
  readonly atMs: number;
  /** Some process has been observed for too short a time to know that a cause is gone. */
  readonly isTooEarly: boolean;
  /** Added to what Ready says. */
  readonly remark?: string;
}

/** The conditions of an object in the order of its checks, Ready last. */
export function runChain<Input>(
  chain: readonly Check<Input>[],
  { object, input, atMs, isTooEarly, remark = "" }: ChainRun<Input>,
): Condition[] {
  const parts = chain.map((each) => {
    const before = conditionIn(object.status, each.type);
    const outcome = each.check(input, before);
    const waits = isTooEarly && needsWindow(each, before, outcome);
    const condition = conditionOf(object, each.type, waits ? UNCHANGED : outcome, atMs);
    return { type: each.type, success: each.success, condition };
  });
  const ready = conditionOf(object, "Ready", readyOf(parts, remark), atMs);
  return [...parts.map(({ condition }) => condition), ready].filter((each) => each !== undefined);
}

/**
 * Whether only windows that are long enough allow this outcome after what a condition said: a
 * PgBouncer that has just come back has few clients yet, whatever broke a sum before. The return to
 * success needs them whatever the reason was, since that may have replaced one that windows showed.
 * A failure never needs them.
 */
function needsWindow(
  check: Pick<Check<never>, "type" | "success">,
  before: Condition | undefined,
  outcome: CheckOutcome,
): boolean {
  const failures = WINDOW_FAILURES[check.type];
  if (failures === undefined || before === undefined) return false;
  if (outcome === UNCHANGED || isFailure(check, outcome)) return false;
  if (outcome.status === "Unknown") return failures.some((reason) => reason === before.reason);
  return before.status !== check.success;
}

function isFailure(
  { success }: Pick<Check<never>, "success">,
  outcome: Pick<Condition, "status"> | typeof UNCHANGED | undefined,
): boolean {
  return (
    outcome !== undefined &&
    outcome !== UNCHANGED &&
    outcome.status !== "Unknown" &&
    outcome.status !== success
  );
}

/** A condition that Ready is made of. */
interface Part extends Pick<Check<never>, "type" | "success"> {
  /** Undefined: not asked yet. */
  readonly condition: Condition | undefined;
}

/**
 * Ready: False when any part is a failure, else Unknown when any is unknown, else True. It names the
 * parts with their reasons and not their numbers, which stand there.
 */
function readyOf(
  parts: readonly Part[],
  remark: string,
): Pick<Condition, "status" | "reason" | "message"> {
  const failures = parts.filter((part) => isFailure(part, part.condition));
  const unknown = parts.filter(({ condition }) => (condition?.status ?? "Unknown") === "Unknown");
  const [first] = [...failures, ...unknown];
  if (first === undefined) {
    const message = `${parts.map(({ type, success }) => `${type}=${success}`).join(", ")}${remark}`;
    return { status: "True", reason: ALL_WELL, message };
  }
  const named = (failures.length > 0 ? failures : unknown).map(
    ({ type, condition }) =>
      `${type}=${condition?.status ?? "Unknown"} (${condition?.reason ?? NOT_ASKED_YET})`,
  );
  return {
    status: failures.length > 0 ? "False" : "Unknown",
    reason: first.condition?.reason ?? NOT_ASKED_YET,
    message: `${named.join(", ")}${remark}`,
  };
}
