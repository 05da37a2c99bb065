import {
  availableConnections,
  processCountOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";
import { CONSOLE_DATABASE, MAINTENANCE_LINE } from "../api/names.ts";
import { shareOf } from "../budget/sums.ts";
import type { Observation } from "../model/observation.ts";
import type { PgBouncerState } from "../model/pgbouncer.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { clientLimitOf, numberSetting, serverLimitOf } from "../pgbouncer/lineLimits.ts";
import type { ObservedPgBouncer, ObservedPgBouncers } from "./sources.ts";

export type ClientUse = ReturnType<typeof clientUseOf>;

/**
 * The client sum of one PgBouncer process as it is: what is open or may be opened. All are
 * connections; the total is their sum. Counts are the most in the process' window: what broke the
 * sum a moment ago counts.
 */
export function clientUseOf(pgbouncer: ObservedPgBouncer, budget: ConnectionBudget) {
  const { state, lines } = pgbouncer;
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  let limited = 0;
  let limitedLines = 0;
  let openMax = 0;
  let openNow = 0;
  let openLines = 0;
  for (const line of lines.values()) {
    if (line.name === MAINTENANCE_LINE) continue;
    const limit = clientLimitOf(line, state.config);
    if (limit === undefined) {
      openMax += clientsMaxOn(line.name, pgbouncer);
      openNow += clientsOn(line.name, pgbouncer);
      openLines += 1;
    } else {
      limited += Math.max(limit, clientsMaxOn(line.name, pgbouncer));
      limitedLines += 1;
    }
  }
  // Each line's most may have been at another moment: at no moment there were more than all used.
  const open = Math.max(openNow, Math.min(openMax, state.window.usedClientsMax));
  const line = lines.get(MAINTENANCE_LINE);
  const maintenance = Math.max(
    reserve.maintenance,
    clientsMaxOn(MAINTENANCE_LINE, pgbouncer),
    (line && clientLimitOf(line, state.config)) ?? 0,
  );
  const consoles = Math.max(reserve.consoles, consolesOpen(state));
  return {
    /** Σ max(limit, open) over the servers' lines that have a limit. */
    limited,
    limitedLines,
    /** Open on the lines without a limit. */
    open,
    openLines,
    /** The reserve, or what is more than it. */
    maintenance,
    consoles,
    logins: reserve.logins,
    total: limited + open + maintenance + consoles + reserve.logins,
    /** max_client_conn as applied. */
    capacity: numberSetting(state.config, "max_client_conn") ?? maxClientConn,
  };
}

/** The most clients that a line had in the window. */
export function clientsMaxOn(line: string, pgbouncer: ObservedPgBouncer): number {
  return Math.max(
    pgbouncer.state.window.lines.get(line)?.clientsMax ?? 0,
    clientsOn(line, pgbouncer),
  );
}

/** The clients that a line has now. */
export function clientsOn(line: string, { state, lines }: ObservedPgBouncer): number {
  const open = lines.get(line)?.openClients;
  if (open !== undefined) return open;
  return state.clients.reduce((sum, each) => sum + (each.line === line ? each.count : 0), 0);
}

/** Consoles that are open: weir's own, which its list leaves out, and the others. */
function consolesOpen(state: PgBouncerState): number {
  const others = state.clients.filter(({ line }) => line === CONSOLE_DATABASE);
  return 1 + others.reduce((sum, { count }) => sum + count, 0);
}

/**
 * The worst moment in the window at which more were logging in than are reserved, and took what the
 * rest of the reserve needs; undefined: there was none. PgBouncer counts a socket that is logging in
 * before it knows its line, so that no line's limit holds it.
 */
export function loginStormOf(pgbouncer: ObservedPgBouncer, budget: ConnectionBudget) {
  const { state } = pgbouncer;
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  const [worst] = state.window.logins
    .filter(({ loggingIn }) => loggingIn > reserve.logins)
    .toSorted((a, b) => b.usedClients - a.usedClients || b.loggingIn - a.loggingIn);
  if (worst === undefined) return undefined;
  // The part of the reserve that was not open.
  const consoles = Math.max(0, reserve.consoles - consolesOpen(state));
  const maintenance = Math.max(0, reserve.maintenance - clientsMaxOn(MAINTENANCE_LINE, pgbouncer));
  const total = worst.usedClients + consoles + maintenance;
  const capacity = numberSetting(state.config, "max_client_conn") ?? maxClientConn;
  return total > capacity ? { ...worst, consoles, maintenance, total, capacity } : undefined;
}

export type SlotRoom = ReturnType<typeof slotRoomOf>;

/** The slot sum of one PgBouncer process as it is: backend connections. */
export function slotUseOf({ state, lines }: ObservedPgBouncer, budget: ConnectionBudget) {
  // Σ max(pools × (pool size + reserve pool), open) over the lines of servers.
  let sum = 0;
  // The reserve, or what is more than it.
  let maintenance = budget.spec.pgbouncer.reserve.maintenanceSlots;
  for (const line of lines.values()) {
    const open = Math.max(line.openServers, state.window.lines.get(line.name)?.serversMax ?? 0);
    const most = Math.max(serverLimitOf(line, line.roles.length) ?? 0, open);
    if (line.name === MAINTENANCE_LINE) maintenance = Math.max(maintenance, most);
    else sum += most;
  }
  return { lines: sum, maintenance, total: sum + maintenance };
}

/** The Postgres connections that all processes together may use, and the share of each: S = ⌊P / K⌋. */
export function slotRoomOf(
  budget: ConnectionBudget,
  { names = [] }: ObservedPgBouncers,
  live: Observation<PostgresSnapshot>,
) {
  const postgres = live.state === "available" ? liveShareOf(budget, live.value) : shareOf(budget);
  // A process that is away for a moment comes back, and opens its share again.
  const processes = Math.max(processCountOf(budget), names.length);
  return { postgres, processes, perProcess: Math.floor(postgres / processes) };
}

/** P as Postgres has it. */
export function liveShareOf(budget: ConnectionBudget, live: PostgresSnapshot): number {
  return Math.min(shareOf(budget), liveRoomOf(budget, live));
}

/** What Postgres really admits through PgBouncer, to all that share it. */
export function liveRoomOf(budget: ConnectionBudget, live: PostgresSnapshot): number {
  const { directConnections } = budget.spec.postgres;
  return availableConnections({ ...live, directConnections });
}
