import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "vitest";

import { scenarioTime, type ScenarioTime } from "./scenarioTime.ts";

/** How long something that has to come may take, in the time of scenarios. */
const TIMEOUT_MS = 600_000;
const INTERVAL_MS = 250;

/** For kubectl, whose time does not stand still: only ends one that hangs. */
export const KUBECTL_TIMEOUT = "--timeout=1800s";

/** Waits until what is looked at is as expected. */
export async function eventually<T>(look: () => T | Promise<T>, expected: unknown): Promise<void> {
  await answered(async () => expect(await look()).toEqual(expected));
}

/**
 * Asks until there is an answer: in a cluster that is busy a connection may break. While the cluster
 * is starved it does not ask.
 *
 * @param ask may be done twice without harm
 * @throws the last error, when no answer came within 10 minutes of scenario time
 */
export async function answered<T>(
  ask: () => T | Promise<T>,
  time: Pick<ScenarioTime, "elapsedMs" | "isPaused"> = scenarioTime,
): Promise<T> {
  const untilMs = time.elapsedMs() + TIMEOUT_MS;
  for (;;) {
    while (time.isPaused()) await sleep(INTERVAL_MS);
    try {
      return await ask();
    } catch (error) {
      if (time.elapsedMs() > untilMs) throw error;
    }
    await sleep(INTERVAL_MS);
  }
}
