import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan, Plan, ServerPlan } from "./plan.ts";
import type { SharedPostgres } from "./postgresShares.ts";
import { shareOf } from "./sums.ts";

/** A count of connections and what it stands for: 4 `maintenance`. */
export type Summand = readonly [connections: number, name: string];

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
    const added = terms.map((term) => term.join(" ")).join(" + ");
    super(
      `${of}: ${added} = ${total}, which must be ${exact ? "" : "at most "}${limit.join(" ")}; ` +
        "this is a fault of weir, and no output was made of it: please report it",
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
  const areWhole = [...terms, limit].every(([connections]) => Number.isSafeInteger(connections));
  if (!areWhole || (exact ? total !== limit[0] : total > limit[0])) throw new SumError(sum);
}

function totalOf({ terms }: BudgetSum): number {
  return terms.reduce((total, [connections]) => total + connections, 0);
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
  const sums = [
    ...budgetSums(budget, plan),
    ...(plan.feasible ? plan.servers.flatMap(serverSums) : []),
  ];
  for (const sum of sums) {
    assertSum({ ...sum, of: `ConnectionBudget ${keyOf(budget)}: ${sum.of}` });
  }
}

function budgetSums(
  budget: ConnectionBudget,
  { clients, slots, servers, feasible }: BudgetPlan,
): readonly BudgetSum[] {
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  const processes = processCountOf(budget);
  const share = shareOf(budget);
  const granted = servers.map(({ name, grant }): Summand => [grant, name]);
  const given = servers.map((server): Summand => [server.slots, server.name]);
  const missing: Summand = [clients.missing + slots.missing, "missing"];
  return [
    {
      of: "clients of each PgBouncer process",
      terms: [
        [reserve.consoles, "consoles"],
        [reserve.maintenance, "maintenance"],
        [reserve.logins, "logins"],
        ...granted,
        [clients.headroom, "headroom"],
        [-clients.missing, "missing"],
      ],
      limit: [maxClientConn, "max_client_conn"],
      exact: true,
    },
    {
      of: "backend connections of each PgBouncer process",
      terms: [
        [reserve.maintenanceSlots, "maintenance"],
        ...given,
        [slots.headroom, "headroom"],
        [-slots.missing, "missing"],
      ],
      limit: [Math.floor(share / processes), `of Postgres' ${share} / ${processes}`],
      exact: true,
    },
    { of: "grants", terms: granted, limit: [clients.granted, "in all"], exact: true },
    { of: "slots", terms: given, limit: [slots.granted, "in all"], exact: true },
    {
      of: `backend connections of ${slots.processes} processes`,
      terms: [[slots.processes * slots.perProcess, "of all"]],
      limit: [Math.min(slots.postgres, share), "of Postgres"],
    },
    ...(feasible
      ? [
          {
            of: "missing where all fits",
            terms: [missing],
            limit: [0, "in all"] as const,
            exact: true,
          },
        ]
      : []),
  ];
}

/** A server's numbers against each other: guaranteed ≤ limit ≤ pool max, 1 ≤ slots ≤ grant. */
function serverSums(server: ServerPlan): readonly BudgetSum[] {
  const { name, guaranteed, limit, max, grant, slots, peakPods, processesPerPod } = server;
  const of = `server ${name}`;
  const believed: Summand = [limit * peakPods * processesPerPod, "limit × peak processes"];
  return [
    { of, terms: [believed], limit: [grant, "grant"], exact: true },
    { of, terms: [[guaranteed, "guaranteed"]], limit: [limit, "limit"] },
    { of, terms: [[limit, "limit"]], limit: [max, "pool max"] },
    // 0 would mean unlimited to PgBouncer.
    { of, terms: [[1, "slot at least"]], limit: [slots, "slots"] },
    { of, terms: [[slots, "slots"]], limit: [grant, "grant"] },
  ];
}

/**
 * Asserts that the budgets of one Postgres that fit may together use no more than it admits.
 *
 * @throws SumError
 */
export function assertShares({ plan, budgets }: SharedPostgres, planned: Plan["budgets"]): void {
  const keys = new Set(budgets.map(keyOf));
  assertSum({
    of: `Postgres ${formatPostgresAddress(plan)}: shares of its budgets`,
    terms: planned
      .filter(({ namespace, name, feasible }) => feasible && keys.has(`${namespace}/${name}`))
      .map(({ namespace, name, slots }) => [slots.postgres, `${namespace}/${name}`]),
    limit: [plan.available, "that it admits"],
  });
}
