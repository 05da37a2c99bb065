import { textIn, textOf, numberIn, type ShowRow } from "../pgbouncer/showRows.ts";
import {
  configOf,
  isSelf,
  linesOf,
  loggingInOf,
  poolsOf,
  usedClientsOf,
} from "../pgbouncer/liveRows.ts";
import type { ClientCount, LineState, PgBouncerState } from "../model/pgbouncer.ts";

/** What a console said in one go. */
export interface StateRows {
  readonly databases: readonly ShowRow[];
  readonly clients: readonly ShowRow[];
  readonly lists: readonly ShowRow[];
  readonly pools: readonly ShowRow[];
  readonly config: readonly ShowRow[];
}

/** A sight without what earlier ones add to it. */
export type StateSample = Omit<PgBouncerState, "window" | "version" | "address">;

/**
 * @param self the application name of weir's own console
 * @throws ShowError
 */
export function stateSample(rows: StateRows, self: string): StateSample {
  const config = configOf(rows.config);
  const openServers = new Map<string, number>();
  const users = new Map<string, readonly string[]>();
  for (const { line, user, servers } of poolsOf(rows.pools)) {
    openServers.set(line, (openServers.get(line) ?? 0) + servers);
    users.set(line, [...(users.get(line) ?? []), user]);
  }
  const openClients = new Map(
    rows.databases.map((row) => [textOf(row, "name"), numberIn(row, "current_client_connections")]),
  );
  return {
    config,
    lines: linesOf(rows.databases, config).map((line): LineState => {
      const open = openClients.get(line.name);
      return {
        ...line,
        ...(open !== undefined && { openClients: open }),
        openServers: openServers.get(line.name) ?? 0,
        // Of one that was forced before a RELOAD an empty pool may be left.
        roles:
          line.forceUser === undefined ? (users.get(line.name) ?? []).toSorted() : [line.forceUser],
      };
    }),
    clients: clientCounts(rows.clients, self),
    usedClients: usedClientsOf(rows.lists),
    loggingIn: loggingInOf(rows.lists),
  };
}

function clientCounts(rows: readonly ShowRow[], self: string): readonly ClientCount[] {
  const counts = new Map<string, ClientCount>();
  for (const row of rows) {
    if (isSelf(row, { self })) continue;
    const line = textIn(row, "database") ?? "";
    const user = textIn(row, "user") ?? "";
    const address = textIn(row, "addr") ?? "";
    const key = JSON.stringify([line, user, address]);
    const { count, idle, waiting } = counts.get(key) ?? { count: 0, idle: 0, waiting: 0 };
    counts.set(key, {
      line,
      user,
      address,
      count: count + 1,
      idle: idle + (isIdle(row) ? 1 : 0),
      waiting: waiting + (isWaiting(row) ? 1 : 0),
    });
  }
  // In an order of their own, so that the same clients are the same sight.
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

/** `waiting`, and what has a queue of its own: `waiting_cancel_req`. */
function isWaiting(row: ShowRow): boolean {
  return textIn(row, "state")?.startsWith("waiting") ?? false;
}

/** Before 1.24 one without a transaction is `active` too, but linked to no server. */
function isIdle(row: ShowRow): boolean {
  const state = textIn(row, "state");
  return state === "idle" || (state === "active" && textIn(row, "link") === undefined);
}
