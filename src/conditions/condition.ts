import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { truncate } from "../text/truncation.ts";

/** The API server takes eight times as many; nobody reads that. In characters. */
const MESSAGE_MAX = 4096;

/** A condition as Kubernetes has it. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** What a check says. */
export interface CheckResult {
  readonly status: Condition["status"];
  /** In CamelCase. */
  readonly reason: string;
  /** The sum in numbers; the same as long as nothing but traffic changes, unless it is bad. */
  readonly message: string;
}

/**
 * What a check says; `AsIs`: not asked yet, so that what the condition said before stays to the
 * letter, and one that was never there stays away.
 */
export type Verdict = CheckResult | { readonly status: "AsIs" };

export const UNCHANGED: Verdict = { status: "AsIs" };

/** The condition of that type that a status has. */
export function conditionIn(
  status: Readonly<Record<string, unknown>>,
  type: string,
): Condition | undefined {
  const { conditions } = status;
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((each): each is Condition => isCondition(each, type));
}

/** The condition that an object gets from a verdict; undefined: none yet. */
export function conditionOf(
  object: ObservedObject<unknown>,
  type: string,
  verdict: Verdict,
  atMs: number,
): Condition | undefined {
  const before = conditionIn(object.status, type);
  if (verdict.status === "AsIs") return before;
  const { status, reason, message } = verdict;
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

function isCondition(value: unknown, type: string): value is Condition {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  if (value.type !== type || !("status" in value)) return false;
  const { status } = value;
  const isStatus = status === "True" || status === "False" || status === "Unknown";
  const texts = ["lastTransitionTime", "reason", "message"];
  return isStatus && texts.every((key) => typeof Reflect.get(value, key) === "string");
}
