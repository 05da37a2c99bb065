import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan, Plan, ServerPlan } from "./plan.ts";
import type { SharedPostgres } from "./postgresShares.ts";
import { shareOf } from "./sums.ts";

/** A count of connections and what it stands for: 4 `maintenance`. */
export interface Summand {
  readonly name: string;
  readonly connections: number;
}

/** A sum of weir's own and what it must not exceed. */
export interface BudgetSum {
  /** `ConnectionBudget writing/writing: clients of each PgBouncer process`. */
  readonly of: string;
  readonly terms: readonly Summand[];
  readonly limit: Summand;
  /** The terms have what is left among them, so that they make up the limit exactly. */
  readonly exact?: boolean;
}

/**
 * weir was about to give out connections that are not there. Whatever the fleet says, this is a
 * fault of weir: what does not fit is refused in a plan, and never comes so far.
 */
export class SumError extends Error {
  readonly sum: BudgetSum;
  readonly total: number;

  constructor(sum: BudgetSum) {
    const { of, terms, limit, exact = false } = sum;
    const total = totalOf(sum);
    const added = terms.map(({ name, connections }) => `${connections} ${name}`).join(" + ");
    super(
      `${of}: ${added} = ${total}, which must be ${exact ? "" : "at most "}${limit.connections} ` +
        `${limit.name}; this is a fault of weir, and no output was made of it: please report it`,
    );
    this.name = "SumError";
    this.sum = sum;
    this.total = total;
  }
}

/** @throws SumError when the sum does not hold, or one of its numbers is not whole */
export function assertSum(sum: BudgetSum): void {
  const { terms, limit, exact = false } = sum;
  const total = totalOf(sum);
  const areWhole = [...terms, limit].every(({ connections }) => Number.isSafeInteger(connections));
  if (!areWhole || (exact ? total !== limit.connections : total > limit.connections)) {
    throw new SumError(sum);
  }
}

/**
 * Asserts both sums of budget.md for a plan as it leaves the planner, against what the user wrote:
 * what was granted, reserved and left makes up max_client_conn and Postgres' connections to the
 * last one, and each server's numbers are within its own bounds. Where the budget can't fit, the
 * sums hold with what is missing taken off.
 *
 * @throws SumError
 */
export function assertPlanSums(budget: ConnectionBudget, plan: BudgetPlan): void {
  const of = `ConnectionBudget ${keyOf(budget)}`;
  const { clients, slots, servers } = plan;
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  const processes = processCountOf(budget);
  const share = shareOf(budget);
  const granted = servers.map(({ name, grant }) => ({ name, connections: grant }));
  const given = servers.map((server) => ({ name: server.name, connections: server.slots }));
  assertSum({
    of: `${of}: clients of each PgBouncer process`,
    terms: [
      { name: "consoles", connections: reserve.consoles },
      { name: "maintenance", connections: reserve.maintenance },
      { name: "logins", connections: reserve.logins },
      ...granted,
      { name: "headroom", connections: clients.headroom },
      { name: "missing", connections: -clients.missing },
    ],
    limit: { name: "max_client_conn", connections: maxClientConn },
    exact: true,
  });
  assertSum({
    of: `${of}: server connections of each PgBouncer process`,
    terms: [
      { name: "maintenance", connections: reserve.maintenanceSlots },
      ...given,
      { name: "headroom", connections: slots.headroom },
      { name: "missing", connections: -slots.missing },
    ],
    limit: {
      name: `of Postgres' ${share} / ${processes}`,
      connections: Math.floor(share / processes),
    },
    exact: true,
  });
  assertTotal(`${of}: grants`, granted, clients.granted);
  assertTotal(`${of}: slots`, given, slots.granted);
  assertSum({
    of: `${of}: server connections of ${slots.processes} processes`,
    terms: [{ name: "of all", connections: slots.processes * slots.perProcess }],
    limit: { name: "of Postgres", connections: Math.min(slots.postgres, share) },
  });
  if (!plan.feasible) return;
  const missing = clients.missing + slots.missing;
  assertTotal(`${of}: missing where all fits`, [{ name: "missing", connections: missing }], 0);
  for (const server of servers) assertServer(`${of}: server ${server.name}`, server);
}

/** What a plan says of all its servers together. */
function assertTotal(of: string, terms: readonly Summand[], total: number): void {
  assertSum({ of, terms, limit: { name: "in all", connections: total }, exact: true });
}

/** A server's numbers against each other: guaranteed ≤ limit ≤ pool max, 1 ≤ slots ≤ grant. */
function assertServer(of: string, server: ServerPlan): void {
  const { guaranteed, limit, max, grant, slots, peakPods, processesPerPod } = server;
  assertSum({
    of,
    terms: [{ name: "limit × peak processes", connections: limit * peakPods * processesPerPod }],
    limit: { name: "grant", connections: grant },
    exact: true,
  });
  const rising = [
    [
      { name: "guaranteed", connections: guaranteed },
      { name: "limit", connections: limit },
    ],
    [
      { name: "limit", connections: limit },
      { name: "pool max", connections: max },
    ],
    // 0 would mean unlimited to PgBouncer.
    [
      { name: "slot at least", connections: 1 },
      { name: "slots", connections: slots },
    ],
    [
      { name: "slots", connections: slots },
      { name: "grant", connections: grant },
    ],
  ] as const;
  for (const [less, more] of rising) assertSum({ of, terms: [less], limit: more });
}

/**
 * Asserts that the budgets of one Postgres that fit may together use no more than it admits.
 *
 * @throws SumError
 */
export function assertShares({ plan, budgets }: SharedPostgres, planned: Plan["budgets"]): void {
  const keys = new Set(budgets.map(keyOf));
  const sharing = planned.flatMap(({ namespace, name, feasible, slots }) =>
    feasible && keys.has(`${namespace}/${name}`)
      ? [{ name: `${namespace}/${name}`, connections: slots.postgres }]
      : [],
  );
  assertSum({
    of: `Postgres ${formatPostgresAddress(plan)}: shares of its budgets`,
    terms: sharing,
    limit: { name: "that it admits", connections: plan.available },
  });
}

function totalOf({ terms }: BudgetSum): number {
  return terms.reduce((total, { connections }) => total + connections, 0);
}
