// A server that has gone wrong: it wants 200 connections whatever it was told, on its own line with
// its own login, and tries again whenever it is refused.
import { Client } from "pg";
import { isLate } from "./late.ts";
import { takeOrders } from "./takeOrders.ts";

/** What a rogue (rogueServer.ts) can be asked over IPC. */
export type RogueOrder = "storm" | "stop" | "report";

/** What it answers. */
export interface RogueReport {
  readonly open: number;
  /** Logins that failed and were not late (late.ts), by message. */
  readonly refusals: Readonly<Record<string, number>>;
}

const WANTED = 200;
/** How many logins it has under way at the same time. */
const atOnce = Number(process.env["ROGUE_LOGINS_AT_ONCE"]);
/** Whether it lets one query of its own come between a refusal and the next try. */
const looksAround = process.env["ROGUE_LOOKS_AROUND"] === "true";

const held: Client[] = [];
const refusals: Record<string, number> = {};
const calm = new AbortController();
let storm: Promise<unknown> | undefined;

takeOrders<RogueOrder>(
  {
    storm: async () => {
      storm = Promise.all(
        Array.from({ length: atOnce }, (_, index) => logInAgainAndAgain(index, calm.signal)),
      );
    },
    stop: async () => {
      calm.abort();
      await storm;
    },
    report: async () => {},
  },
  (): RogueReport => ({ open: held.length, refusals }),
);

async function logInAgainAndAgain(index: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && held.length < WANTED) {
    const client = new Client();
    client.on("error", () => {});
    try {
      await client.connect();
      held.push(client);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!isLate(message)) refusals[message] = (refusals[message] ?? 0) + 1;
      // A login is over when its socket is closed.
      await client.end();
      if (looksAround) await held[index]?.query("SELECT 1");
    }
  }
}
