import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import type { ListCounts } from "../model/pgbouncer.ts";
import { clientsMaxOn, consolesOpen, numberAt } from "./clientUse.ts";
import type { ObservedPgBouncer } from "./observed.ts";

/** More logins at a time than are reserved, where they took what the rest of the reserve needs. */
export interface LoginStorm extends ListCounts {
  /** Of the reserve, what was not open. */
  readonly consoles: number;
  readonly maintenance: number;
  /** Those two and all that was used. */
  readonly total: number;
  /** max_client_conn as applied. */
  readonly capacity: number;
}

/**
 * The worst such moment in the window; undefined: there was none. PgBouncer counts a socket that is
 * logging in before it knows its line, so that no line's limit holds it.
 */
export function loginStormOf(
  pooler: ObservedPgBouncer,
  budget: ConnectionBudget,
): LoginStorm | undefined {
  const { state } = pooler;
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  const [worst] = state.window.logins
    .filter(({ loggingIn }) => loggingIn > reserve.logins)
    .toSorted((a, b) => b.usedClients - a.usedClients || b.loggingIn - a.loggingIn);
  if (worst === undefined) return undefined;
  const consoles = Math.max(0, reserve.consoles - consolesOpen(state));
  const maintenance = Math.max(0, reserve.maintenance - clientsMaxOn(MAINTENANCE_LINE, pooler));
  const total = worst.usedClients + consoles + maintenance;
  const capacity = numberAt(state, "max_client_conn") ?? maxClientConn;
  return total > capacity ? { ...worst, consoles, maintenance, total, capacity } : undefined;
}
