import type { Database } from "./database.ts";
import type { Outcome } from "./outcome.ts";
import { isCheckDue, verdict, type Evidence, type Readiness } from "./readiness.ts";

/** How often it is considered whether to ask the database. */
const TICK_MS = 500;
/**
 * Half of what a call waits for a connection at the least, so that one which comes while a check has
 * the only connection is still served.
 */
export const CHECK_TIMEOUT_MS = 1000;

/** What is known of the database at each moment. */
interface DatabaseWatch {
  readonly note: (outcome: Outcome) => void;
  readonly verdict: () => Readiness;
  /** Starts asking where work does not tell. */
  start(database: Database): void;
  stop(): void;
}

/** @param nowMs a clock that never goes back */
export function watch(nowMs: () => number): DatabaseWatch {
  let evidence: Evidence | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isChecking = false;

  async function tick(database: Database): Promise<void> {
    if (isChecking || !isCheckDue(evidence, database.state(), nowMs())) return;
    isChecking = true;
    await database.check(CHECK_TIMEOUT_MS);
    isChecking = false;
  }

  return {
    note: (outcome) => {
      evidence = { outcome, atMs: nowMs() };
    },
    verdict: () => verdict(evidence, nowMs()),
    start: (database) => {
      void tick(database);
      timer = setInterval(() => void tick(database), TICK_MS);
    },
    stop: () => clearInterval(timer),
  };
}
