// A server as far as connections go, which behaves well or badly as it is told. From its
// environment: where PgBouncer is, POOL_MAX, and LOCAL_ADDRESS: what it connects from, a pod's.
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "pg";

import { takeOrders } from "../system/takeOrders.ts";
import type { ActOrder, ActReport } from "./actReport.ts";

const LONG_QUERY = "SELECT pg_sleep(60)";
const BUSY_MOST_S = 0.04;
const PAUSE_MOST_MS = 60;

const poolMax = Number(process.env["POOL_MAX"]);
const localAddress = process.env["LOCAL_ADDRESS"];
let held: Client[] = [];
let done = 0;
let calm = new AbortController();
let doing: Promise<unknown> = Promise.resolve();

takeOrders<ActOrder>(
  {
    fill,
    work: async () => begin(held.map((client) => () => transact(client))),
    leave: async () => {
      await held[0]?.query("BEGIN");
      await held[0]?.query("SELECT 1");
    },
    report: async () => {
      await rest();
      const [last, ...others] = held.toReversed();
      void last?.query(LONG_QUERY).catch(() => {});
      begin(others.map((client) => () => transact(client)));
    },
    churn: async () => begin(Array.from({ length: poolMax }, () => comeAndGo)),
    hang: async () => {
      for (const client of held) client.query(LONG_QUERY).catch(() => {});
    },
    drop: async () => {
      for (const client of held) client.connection.stream.destroy();
      held = [];
    },
    rest,
    restart: async () => {
      await rest();
      await Promise.all(held.map((client) => client.end()));
      held = [];
      await fill();
      begin(held.map((client) => () => transact(client)));
    },
  },
  (): ActReport => ({ open: held.length, done }),
);

async function fill(): Promise<void> {
  held = await Promise.all(Array.from({ length: poolMax }, connected));
}

async function connected(): Promise<Client> {
  const client = new Client({ stream: () => socket() });
  client.on("error", () => {});
  await client.connect();
  await client.query("SELECT 1");
  return client;
}

/** One that connects from the given address; node-postgres can't be told. */
function socket(): Socket {
  const made = new Socket();
  const connect = made.connect.bind(made);
  made.connect = (port: unknown, host?: unknown) =>
    connect({
      port: Number(port),
      host: String(host),
      ...(localAddress !== undefined && { localAddress }),
    });
  return made;
}

function begin(loops: readonly (() => Promise<void>)[]): void {
  calm = new AbortController();
  const { signal } = calm;
  doing = Promise.all(
    loops.map(async (loop) => {
      while (!signal.aborted) await loop();
    }),
  );
}

async function rest(): Promise<void> {
  calm.abort();
  await doing;
}

async function transact(client: Client): Promise<void> {
  await client.query("BEGIN");
  await client.query(`SELECT pg_sleep(random() * ${BUSY_MOST_S})`);
  await client.query("COMMIT");
  done += 1;
  await sleep(Math.random() * PAUSE_MOST_MS);
}

async function comeAndGo(): Promise<void> {
  const client = await connected();
  await client.end();
  done += 1;
}
