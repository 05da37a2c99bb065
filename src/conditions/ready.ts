import type { Condition, CheckResult } from "./condition.ts";

/** A condition that Ready is made of. */
export interface Part {
  readonly type: string;
  /** The status that is well: True, but False of PoolSettingIgnored. */
  readonly well: "True" | "False";
  /** Undefined: not asked yet. */
  readonly condition: Condition | undefined;
}

/**
 * Ready: False when any part is bad, else Unknown when any is unknown, else True. It names the parts
 * with their reasons and not their numbers, which stand there.
 */
export function ready(parts: readonly Part[], remark = ""): CheckResult {
  const bad = parts.filter(
    ({ condition, well }) =>
      condition && condition.status !== "Unknown" && condition.status !== well,
  );
  const unknown = parts.filter(({ condition }) => (condition?.status ?? "Unknown") === "Unknown");
  const [first] = [...bad, ...unknown];
  if (first === undefined) {
    const message = `${parts.map(({ type, well }) => `${type}=${well}`).join(", ")}${remark}`;
    return { status: "True", reason: "Ready", message };
  }
  const told = (bad.length > 0 ? bad : unknown).map(
    ({ type, condition }) =>
      `${type}=${condition?.status ?? "Unknown"} (${condition?.reason ?? "NotAskedYet"})`,
  );
  return {
    status: bad.length > 0 ? "False" : "Unknown",
    reason: first.condition?.reason ?? "NotAskedYet",
    message: `${told.join(", ")}${remark}`,
  };
}
