import { setTimeout as sleep } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** Waits until a check passes; that it throws counts as "not yet". Whoever waits sets the limit. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo().catch(() => false))) await sleep(POLL_INTERVAL_MS);
}
