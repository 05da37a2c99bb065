import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { SlotSum } from "../budget/plan.ts";

/** Listeners, log, epoll, name resolution, and the pair that libraries keep open. */
const OWN_FILES = 64;

/**
 * The file descriptors that one PgBouncer process needs under any plan of its budget:
 * max_client_conn + 2 × S + K + 64. Twice S, since cancel requests may open as many backend
 * connections again for a moment; K for peers. PgBouncer itself only logs when it has too few, and
 * then fails in accept().
 */
export function nofileLimit(budget: ConnectionBudget, slots: SlotSum): number {
  return budget.spec.pgbouncer.maxClientConn + 2 * slots.perProcess + slots.processes + OWN_FILES;
}
