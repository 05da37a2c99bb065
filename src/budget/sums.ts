import {
  availableConnections,
  processCountOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";

/** What a budget has for its servers, on each of its PgBouncer processes. */
export interface Room {
  /** U = C − consoles − maintenance − logins: client connections. */
  readonly clients: number;
  /** P: connections of Postgres, for all processes together. */
  readonly postgres: number;
  /** S = ⌊P / K⌋: server connections, the maintenance line's included. */
  readonly perProcess: number;
  /** S − maintenance's: server connections for servers. 0 or less when there is no room at all. */
  readonly slots: number;
}

/** The sums of budget.md, from what the user wrote; nothing is clamped. */
export function roomOf(budget: ConnectionBudget): Room {
  const { maxClientConn, reserve } = budget.spec.pgbouncer;
  const postgres = shareOf(budget);
  const perProcess = Math.floor(postgres / processCountOf(budget));
  return {
    clients: maxClientConn - reserve.consoles - reserve.maintenance - reserve.logins,
    postgres,
    perProcess,
    slots: perProcess - reserve.maintenanceSlots,
  };
}

/** P: the share that the budget declares, else all that Postgres admits through PgBouncer. */
export function shareOf(budget: ConnectionBudget): number {
  return budget.spec.postgres.shareConnections ?? availableConnections(budget.spec.postgres);
}
