// A server with the pool, as one is written: set by its environment alone. It works when told to,
// and is ended by a signal.
import { setTimeout as sleep } from "node:timers/promises";
import { pool, type PoolState } from "@weir-dev/pool";
import type { PoolClient } from "pg";
import { takeOrders } from "../system/takeOrders.ts";

/**
 * What drainingServer.ts is told: to check a connection out and keep it; to run something endless on
 * it; to ask for one more statement, of the pool that it has or of pool() anew; to finish what it
 * holds; to send itself SIGTERM; to say how it is; to end.
 */
export type DrainOrder =
  | "hold"
  | "sleep"
  | "ask"
  | "askAnew"
  | "finish"
  | "signal"
  | "report"
  | "exit";

/** How it is. */
export interface DrainReport {
  readonly state: PoolState;
  /** What came of its work, in its order. */
  readonly outcomes: readonly string[];
}

const outcomes: string[] = [];
const held: PoolClient[] = [];

if (process.env["LISTENS"] === "yes") {
  process.once("SIGTERM", () => {
    // It ends when it is told to, long after the pool.
    outcomes.push("signalled");
  });
}

const db = pool({
  limitFile: "none",
  serve: false,
  gracePeriodMs: Number(process.env["GRACE_MS"]),
  drainOnSigterm: process.env["DRAIN"] !== "no",
});
takeOrders<DrainOrder>(
  {
    hold: async () => {
      held.push(await db.connect());
    },
    sleep: async () => {
      note(held[0]?.query("SELECT pg_sleep(600)"), "slept");
    },
    ask: async () => {
      note(db.query("SELECT 1"), "asked");
      await sleep(0);
    },
    finish: async () => {
      const client = held.shift();
      await client?.query("SELECT 1");
      client?.release();
      outcomes.push("finished");
    },
    askAnew: async () => {
      note(pool().query("SELECT 1"), "asked");
      await sleep(0);
    },
    signal: async () => {
      process.kill(process.pid, "SIGTERM");
    },
    report: async () => {},
    exit: async () => {
      setImmediate(() => process.exit(7));
    },
  },
  (): DrainReport => ({ state: db.state(), outcomes }),
);

function note(work: Promise<unknown> | undefined, name: string): void {
  work?.then(
    () => outcomes.push(name),
    (error: unknown) => outcomes.push(error instanceof Error ? error.name : String(error)),
  );
}
