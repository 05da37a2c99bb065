// A server whose clients go away in the middle of long queries, again and again, as timeouts and
// killed pods make them: the socket is gone, and nobody says a word to PgBouncer.
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { takeOrders } from "./takeOrders.ts";

/** What a dying server (dyingServer.ts) can be asked over IPC. */
export type DyingOrder = "die" | "report";

/** What it answers. */
export interface DyingReport {
  /** Clients that got an answer to a first query, and went away in the middle of the next. */
  readonly dropped: number;
}

/** Far longer than the client stays. */
const QUERY = "SELECT pg_sleep(12)";
const STAYS_MS = 200;
const BACKOFF_MS = 50;

const clients = Number(process.env["DB_POOL_MAX_PER_SERVER"]);
let dropped = 0;

takeOrders<DyingOrder>(
  {
    die: async () => {
      for (let index = 0; index < clients; index++) void dieAgainAndAgain();
    },
    report: async () => {},
  },
  (): DyingReport => ({ dropped }),
);

async function dieAgainAndAgain(): Promise<never> {
  for (;;) {
    const client = new Client();
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("SELECT 1");
      const query = client.query(QUERY);
      query.catch(() => {});
      await sleep(STAYS_MS);
      client.connection.stream.destroy();
      dropped += 1;
    } catch {
      // The line is full of those who went before, or Postgres is: the next may find room.
      client.connection.stream.destroy();
      await sleep(BACKOFF_MS);
    }
  }
}
