import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "pg";

import { socketFrom } from "../diagnose/foreignPgBouncer.ts";
import type { ConnectionLoad, PodProgramSpec, PodReport } from "./podOrders.ts";

/** The connections of one pod. */
export interface HeldConnections {
  /** Opens and closes what is missing or too much; returns when each was tried once. */
  readonly carry: (load: ConnectionLoad) => Promise<void>;
  readonly report: () => PodReport;
  /** Tears all of them down. */
  readonly drop: () => void;
}

const RETRY_INTERVAL_MS = 200;
const TRANSACTION_S_MAX = 0.02;
const PAUSE_MS_MAX = 30;

/** None is open yet. Each connection has a place of its own, which it is tried for until it is open. */
export function heldConnections({
  address,
  targets,
  login,
}: Pick<PodProgramSpec, "address" | "targets" | "login">): HeldConnections {
  let load: ConnectionLoad = { open: 0, busy: 0 };
  const places = new Map<number, Client>();
  const tried = new Map<number, Promise<void>>();
  const refusals: Record<string, number> = {};
  const losses: Record<string, number> = {};
  let done = 0;

  const isWanted = (place: number) => place < load.open;
  /** What is closed because it is not wanted any more ends, too. */
  const loses = (place: number, message: string) => {
    if (isWanted(place)) count(losses, message);
  };
  const keepOpen = async (place: number, onTried: () => void) => {
    while (isWanted(place)) {
      const target = targets[place % targets.length];
      const client = new Client({ ...target, ...login, stream: () => socketFrom(address) });
      const lost = new Promise<string>((resolve) => {
        client.on("error", ({ message }) => resolve(message));
        client.on("end", () => resolve("it ended"));
      });
      try {
        await client.connect();
        places.set(place, client);
        onTried();
        await Promise.race([lost.then((message) => loses(place, message)), work(place, client)]);
      } catch (error) {
        if (places.has(place)) loses(place, messageOf(error));
        else count(refusals, messageOf(error));
        onTried();
      }
      places.delete(place);
      client.connection.stream.destroy();
      if (isWanted(place)) await sleep(RETRY_INTERVAL_MS);
    }
  };
  /** Until the place is not wanted any more. */
  const work = async (place: number, client: Client) => {
    while (isWanted(place)) {
      if (place < load.busy) {
        await client.query("BEGIN");
        await client.query(`SELECT pg_sleep(${Math.random() * TRANSACTION_S_MAX})`);
        await client.query("COMMIT");
        done += 1;
      }
      await sleep(Math.random() * PAUSE_MS_MAX);
    }
    await client.end();
  };
  const carry = async (wanted: ConnectionLoad) => {
    load = wanted;
    const firstTries: Promise<void>[] = [];
    for (let place = 0; place < wanted.open; place++) {
      if (tried.has(place)) continue;
      const first = Promise.withResolvers<void>();
      firstTries.push(first.promise);
      const kept = keepOpen(place, first.resolve).finally(() => tried.delete(place));
      tried.set(place, kept);
    }
    const left = [...tried].filter(([place]) => place >= wanted.open).map(([, kept]) => kept);
    await Promise.all([...firstTries, ...left]);
  };
  return {
    carry,
    report: () => ({ open: places.size, done, refusals, losses }),
    drop: () => {
      load = { open: 0, busy: 0 };
      for (const client of places.values()) client.connection.stream.destroy();
    },
  };
}

function count(counts: Record<string, number>, message: string): void {
  counts[message] = (counts[message] ?? 0) + 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
