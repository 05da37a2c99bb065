import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import { assertSum } from "../budget/assertSums.ts";
import type { BudgetPlan } from "../budget/plan.ts";
import { shareOf } from "../budget/sums.ts";

/** One database entry of PgBouncer's ini: a server's line is its bulkhead. */
export interface Line {
  /** Also its login. */
  readonly name: string;
  /** max_db_client_connections: clients on each process, ≥ 1 (0 would mean unlimited). */
  readonly clients: number;
  /** pool_size: backend connections of each process, ≥ 1 (0 would mean unlimited). */
  readonly slots: number;
}

/**
 * The lines of one budget that are to be written: every planned server's, by name, and maintenance
 * last.
 *
 * @throws SumError when they do not fit what the budget has: a fault of weir
 */
export function linesOf(budget: ConnectionBudget, plan: BudgetPlan): readonly Line[] {
  const lines = plannedLines(budget, plan);
  assertLines(budget, lines, budget.spec.pgbouncer.maxClientConn);
  return lines;
}

/** The lines of a plan, even of a plan that can't fit: for comparison only, never to be written. */
export function plannedLines(budget: ConnectionBudget, plan: BudgetPlan): readonly Line[] {
  const { reserve } = budget.spec.pgbouncer;
  return [
    ...plan.servers.map(({ name, grant, slots }) => ({ name, clients: grant, slots })),
    { name: MAINTENANCE_LINE, clients: reserve.maintenance, slots: reserve.maintenanceSlots },
  ];
}

/**
 * Asserts that all clients that the lines admit, consoles and logins fit one process, and that the
 * backend connections of all processes fit Postgres. P and the number of processes come from the
 * planner's own functions: assertPlanSums compares their results with the spec.
 *
 * @param maxClientConn max_client_conn as it is written
 * @throws SumError
 */
export function assertLines(
  budget: ConnectionBudget,
  lines: readonly Line[],
  maxClientConn: number,
): void {
  const { consoles, logins } = budget.spec.pgbouncer.reserve;
  const of = `ConnectionBudget ${keyOf(budget)}: `;
  for (const { name, clients, slots } of lines) {
    assertSum({
      of: `${of}line ${name}`,
      // To PgBouncer 0 means unlimited.
      terms: [[1, "at least"]],
      limit: [Math.min(clients, slots), `the least of line ${name}`],
    });
  }
  assertSum({
    of: `${of}clients of all lines of a PgBouncer process`,
    terms: [
      [consoles, "consoles"],
      [logins, "logins"],
      ...lines.map(({ name, clients }) => [clients, name] as const),
    ],
    limit: [maxClientConn, "max_client_conn"],
  });
  const processes = processCountOf(budget);
  const share = shareOf(budget);
  assertSum({
    of: `${of}backend connections of all lines of a PgBouncer process`,
    terms: lines.map(({ name, slots }) => [slots, name]),
    limit: [Math.floor(share / processes), `of Postgres' ${share} / ${processes}`],
  });
}
