// A real MCP server as far as connections go: a process with one node-postgres pool, which knows
// nothing but its environment, and does what it is told.
import { once } from "node:events";

import { Pool, type PoolClient } from "pg";

import { isLate } from "./late.ts";
import { WORK_LOCK, type PoolOrder, type PoolReport } from "./poolReport.ts";
import { takeOrders } from "./takeOrders.ts";

const pool = new Pool({
  max: number("DB_POOL_MAX_PER_SERVER"),
  min: number("DB_POOL_MIN"),
  idleTimeoutMillis: number("DB_POOL_IDLE_TIMEOUT"),
  connectionTimeoutMillis: number("DB_POOL_CONNECTION_TIMEOUT"),
});

const held: PoolClient[] = [];
const refusals: Record<string, number> = {};
const losses: string[] = [];
let open = 0;
let highWater = 0;
let logins = 0;
let late = 0;
let queries = 0;
let rest = new AbortController();
let recycling: Promise<void> | undefined;

pool.on("connect", (client) => {
  logins += 1;
  open += 1;
  highWater = Math.max(highWater, open);
  client.on("error", (error) => losses.push(error.message));
});
pool.on("remove", () => {
  open -= 1;
});

takeOrders<PoolOrder>(
  {
    fill: async () => {
      let refused = false;
      while (!refused && held.length < pool.options.max) refused = (await checkOut()) === "refused";
    },
    work: async () => {
      const work = `SELECT pg_advisory_xact_lock_shared(${WORK_LOCK})`;
      await Promise.all(held.map((client) => query(client, work)));
    },
    recycle: async () => {
      rest = new AbortController();
      recycling = recycle(rest.signal);
    },
    rest: async () => {
      rest.abort();
      await recycling;
    },
    report: async () => {},
  },
  (): PoolReport => ({ open, highWater, logins, refusals, late, queries, losses }),
);

/**
 * The others stay, and keep on working, while the last one is replaced again and again. Between its
 * end and the next login lies a query: by then PgBouncer has forgotten it, and this process is
 * never counted with more than its limit.
 */
async function recycle(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const last = held.length === pool.options.max ? held.pop() : undefined;
    if (last !== undefined) {
      const removed = once(pool, "remove");
      last.release(true);
      await removed;
    }
    await Promise.all(held.map((client) => query(client, "SELECT 1")));
    await checkOut();
  }
}

async function checkOut(): Promise<"in" | "late" | "refused"> {
  try {
    held.push(await pool.connect());
    return "in";
  } catch (error) {
    const message = messageOf(error);
    if (isLate(message)) {
      late += 1;
      return "late";
    }
    refusals[message] = (refusals[message] ?? 0) + 1;
    return "refused";
  }
}

async function query(client: PoolClient, sql: string): Promise<void> {
  try {
    await client.query(sql);
    queries += 1;
  } catch (error) {
    losses.push(messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function number(name: string): number {
  const text = process.env[name];
  if (text === undefined || !/^\d+$/.test(text)) throw new Error(`${name} is ${text}`);
  return Number(text);
}
