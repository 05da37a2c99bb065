import { get } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningProcess } from "../processes/processes.ts";

const POLL_INTERVAL_MS = 50;
/** Of checks that cost little. */
const CHECK_INTERVAL_MS = 20;
// 2 to 3 s on an idle machine, 20 s for a whole cluster; the rest is for one that runs other tests too.
const READY_TIMEOUT_MS = 300_000;
const LOG_TAIL_LINES = 20;

/**
 * Waits until a check passes.
 *
 * @param what is waited for, for the error
 * @param isReady a check; that it throws counts as "not yet"
 * @param process what has to run meanwhile
 * @throws with the end of the process' log, when it ends or is not ready after 5 minutes
 */
export async function untilReady(
  what: string,
  process: RunningProcess,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const ended = process.closed.then(() => "the process ended");
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady().catch(() => false))) {
    const late = performance.now() > deadlineMs ? `${READY_TIMEOUT_MS / 1000} s have passed` : "";
    const failure = await Promise.race([ended, sleep(POLL_INTERVAL_MS, late)]);
    if (failure === "") continue;
    const tail = process.log().trim().split("\n").slice(-LOG_TAIL_LINES).join("\n");
    throw new Error(`${what} is not ready: ${failure}. Its log ends with:\n${tail}`);
  }
}

/** Whether an API server answers a GET with 200; rejects when it does not answer at all. */
export async function answersOk(url: string, token: string, ca: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // Without an agent, no connection stays open behind the test's back.
    const options = { ca, agent: false, headers: { authorization: `Bearer ${token}` } };
    get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", reject);
  });
}

/** Waits until a check passes; that it throws counts as "not yet". Whoever waits sets the limit. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo().catch(() => false))) await sleep(CHECK_INTERVAL_MS);
}
