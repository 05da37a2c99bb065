// Imported by sample.ts, which runs in a pod.
//
// Asks each PgBouncer for SHOW DATABASES, over and over.
import { setTimeout as sleep } from "node:timers/promises";
import {
  CONSOLE_DATABASE,
  MAINTENANCE_LINE,
  PGBOUNCER_PORT,
  STATS_LOGIN,
} from "../../../src/api/names.ts";
import { openConsole, type Console } from "../../../src/protocol/console.ts";
import type { ShowRow } from "../../../src/pgbouncer/show.ts";
import { systemRuntime } from "../../../src/runtime/runtime.ts";

/** What one PgBouncer was seen to do, from the beginning. */
export interface PoolerSeen {
  samples: number;
  /** The largest Σ max(limit, open) over the servers' lines. */
  clients: number;
  /** The largest Σ max(pool size, backend connections) over all lines. */
  slots: number;
  /** The most clients that each line had open. */
  open: Record<string, number>;
  /** How often it could not be asked, and why the last time. */
  unseen: number;
  why: string | undefined;
}

const EVERY_MS = 50;
const ANSWER_MS_MAX = 3000;
/** A PgBouncer that stops lets nobody in any more, and waits for consoles, too. */
const CONSOLE_MS_MAX = 3000;

/** Follows one PgBouncer for ever. @returns what was seen of it so far, at any time */
export function samplePooler(host: string): Readonly<PoolerSeen> {
  const seen: PoolerSeen = {
    samples: 0,
    clients: 0,
    slots: 0,
    open: {},
    unseen: 0,
    why: undefined,
  };
  void follow(host, seen);
  return seen;
}

/** Of one that drains, it lets go when no client is left. */
async function follow(host: string, seen: PoolerSeen): Promise<void> {
  let open: { readonly console: Console; readonly sinceMs: number } | undefined;
  for (;;) {
    const beganMs = performance.now();
    try {
      if (open === undefined || beganMs - open.sinceMs > CONSOLE_MS_MAX) {
        open = await renewed(open, host);
      }
      const clients = add(seen, await open.console.show("DATABASES"));
      if (clients === 0 && beganMs - open.sinceMs > CONSOLE_MS_MAX) {
        await open.console.close();
        open = undefined;
      }
    } catch (error) {
      seen.unseen += 1;
      seen.why = error instanceof Error ? error.message : String(error);
      await open?.console.close();
      open = undefined;
    }
    await sleep(Math.max(0, EVERY_MS - (performance.now() - beganMs)));
  }
}

/** A new console; the old one when none can be had. */
async function renewed(
  old: { readonly console: Console; readonly sinceMs: number } | undefined,
  host: string,
): Promise<{ readonly console: Console; readonly sinceMs: number }> {
  try {
    const login = { host, port: PGBOUNCER_PORT, user: STATS_LOGIN };
    const fresh = {
      console: await openConsole(login, systemRuntime, ANSWER_MS_MAX),
      sinceMs: performance.now(),
    };
    await old?.console.close();
    return fresh;
  } catch (error) {
    if (old === undefined) throw error;
    return old;
  }
}

/** @returns how many clients all lines have */
function add(seen: PoolerSeen, rows: readonly ShowRow[]): number {
  const lines = rows.filter(({ name }) => name !== CONSOLE_DATABASE);
  let [clients, slots, total] = [0, 0, 0];
  for (const row of lines) {
    const name = String(row["name"]);
    const open = Number(row["current_client_connections"]);
    total += open;
    slots += Math.max(Number(row["pool_size"]), Number(row["current_connections"]));
    seen.open[name] = Math.max(seen.open[name] ?? 0, open);
    if (name === MAINTENANCE_LINE) continue;
    clients += Math.max(Number(row["max_client_connections"]), open);
  }
  seen.samples += 1;
  seen.clients = Math.max(seen.clients, clients);
  seen.slots = Math.max(seen.slots, slots);
  return total;
}
