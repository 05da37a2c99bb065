import type { Flip } from "./conditions.ts";
import type { Scene } from "./scene.ts";

/**
 * Waits until the budget and all these servers say Ready=True.
 *
 * @param patienceMs as of `until` when absent
 * @throws with what one says instead
 */
export async function allReady(
  { conditions }: Scene,
  servers: readonly string[],
  patienceMs?: number,
): Promise<void> {
  const ready = { type: "Ready", status: "True" } as const;
  await Promise.all([
    conditions.until({ kind: "ConnectionBudget", name: "writing", ...ready }, patienceMs),
    ...servers.map((name) => conditions.until({ kind: "McpServer", name, ...ready }, patienceMs)),
  ]);
}

/** Of some flips: those that tell people of something bad or unknown, in words. */
export function alarmsAmong(flips: readonly Flip[]): readonly string[] {
  return flips
    .filter(({ type, to }) => to !== (type === "PoolSettingIgnored" ? "False" : "True"))
    .map(({ object, type, to, reason }) => `${object}: ${type}=${to} (${reason})`);
}
