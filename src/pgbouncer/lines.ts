import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import type { BudgetPlan } from "../budget/plan.ts";

/** One database entry of PgBouncer's ini: a server's line is its bulkhead. */
export interface Line {
  /** Also its login. */
  readonly name: string;
  /** max_db_client_connections: clients on each process, ≥ 1 (0 would mean unlimited). */
  readonly clients: number;
  /** pool_size: server connections of each process, ≥ 1 (0 would mean unlimited). */
  readonly slots: number;
}

/** The lines of one budget: every planned server's, by name, and maintenance last. */
export function linesOf(budget: ConnectionBudget, plan: BudgetPlan): readonly Line[] {
  const { reserve } = budget.spec.pgbouncer;
  return [
    ...plan.servers.map(({ name, grant, slots }) => ({ name, clients: grant, slots })),
    { name: MAINTENANCE_LINE, clients: reserve.maintenance, slots: reserve.maintenanceSlots },
  ];
}
