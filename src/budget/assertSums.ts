import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan, Plan, ServerPlan } from "./plan.ts";
import type { SharedPostgres } from "./postgresShares.ts";

/** A count of connections and what it stands for: 4 `maintenance`. */
type Summand = readonly [connections: number, name: string];

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
 * last one, every server that is not Disabled is in it once, and each server's numbers are within
 * its own bounds. Where the budget can't fit, the sums hold with what is missing taken off.
 *
 * Each number is computed here once more, from the user's own fields. No function of the planner is
 * called, nor processCountOf and availableConnections, which it computes with: each may have a fault.
 *
 * @param servers as the planner got them
 * @throws SumError
 */
export function assertPlanSums(
  budget: ConnectionBudget,
  servers: readonly McpServer[],
  plan: BudgetPlan,
): void {
  const counted = new Map(
    servers
      .filter(({ spec }) => spec.activation !== "Disabled")
      .map((server) => [server.metadata.name, server]),
  );
  const lines = Map.groupBy(plan.servers, ({ name }) => name);
  const sums = [
    ...[...new Set([...counted.keys(), ...lines.keys()])].map((name) =>
      equal(
        `server ${name}`,
        [counted.has(name) ? 1 : 0, "by its spec"],
        [lines.get(name)?.length ?? 0, "lines"],
      ),
    ),
    ...budgetSums(budget, plan),
    ...[...counted].flatMap(([name, server]) =>
      (lines.get(name) ?? []).flatMap((line) => serverSums(server, line)),
    ),
  ];
  for (const sum of sums) {
    assertSum({ ...sum, of: `ConnectionBudget ${keyOf(budget)}: ${sum.of}` });
  }
}

function equal(of: string, limit: Summand, ...terms: readonly Summand[]): BudgetSum {
  return { of, terms, limit, exact: true };
}

function atMost(of: string, limit: Summand, ...terms: readonly Summand[]): BudgetSum {
  return { of, terms, limit };
}

function budgetSums(
  budget: ConnectionBudget,
  { clients, slots, servers, feasible }: BudgetPlan,
): readonly BudgetSum[] {
  const { pgbouncer, postgres } = budget.spec;
  const { reserve, maxClientConn } = pgbouncer;
  const processes = pgbouncer.existing?.processes ?? pgbouncer.replicas;
  const share =
    postgres.shareConnections ??
    postgres.maxConnections -
      postgres.superuserReservedConnections -
      postgres.reservedConnections -
      postgres.directConnections;
  const perProcess: Summand = [
    Math.floor(share / processes),
    `of Postgres' ${share} / ${processes}`,
  ];
  const granted = servers.map(({ name, grant }): Summand => [grant, name]);
  const given = servers.map((server): Summand => [server.slots, server.name]);
  return [
    equal(
      "clients of each PgBouncer process",
      [maxClientConn, "max_client_conn"],
      [reserve.consoles, "consoles"],
      [reserve.maintenance, "maintenance"],
      [reserve.logins, "logins"],
      ...granted,
      [clients.headroom, "headroom"],
      [-clients.missing, "missing"],
    ),
    equal(
      "backend connections of each PgBouncer process",
      perProcess,
      [reserve.maintenanceSlots, "maintenance"],
      ...given,
      [slots.headroom, "headroom"],
      [-slots.missing, "missing"],
    ),
    headroomOrMissing("clients", clients),
    headroomOrMissing("backend connections", slots),
    equal("grants", [clients.granted, "in all"], ...granted),
    equal("slots", [slots.granted, "in all"], ...given),
    equal("max_client_conn", [maxClientConn, "in the spec"], [clients.capacity, "planned"]),
    equal("PgBouncer processes", [processes, "in the spec"], [slots.processes, "planned"]),
    equal("share of each process", perProcess, [slots.perProcess, "planned"]),
    // The role's CONNECTION LIMIT.
    equal("connections of Postgres", [share, "in the spec"], [slots.postgres, "planned"]),
    ...(feasible
      ? [
          equal(
            "missing where all fits",
            [0, "in all"],
            [clients.missing, "clients"],
            [slots.missing, "slots"],
          ),
        ]
      : []),
  ];
}

/** The smaller of the two is 0: neither is negative, and nothing is missing where something is left. */
function headroomOrMissing(
  of: string,
  { headroom, missing }: Pick<BudgetPlan["clients"], "headroom" | "missing">,
): BudgetSum {
  return equal(
    `headroom and missing ${of}`,
    [0, "in any plan"],
    [Math.min(headroom, missing), `the smaller of ${headroom} and ${missing}`],
  );
}

/** A server's numbers against its spec and each other: guaranteed ≤ limit ≤ pool max, slots ≤ grant. */
function serverSums({ metadata, spec }: McpServer, plan: ServerPlan): readonly BudgetSum[] {
  const of = `server ${metadata.name}`;
  const { guaranteed, max, processesPerPod } = spec.pool;
  const replicas = Math.max(spec.replicas, spec.autoscaling?.maxReplicas ?? 0);
  const pods = generations(spec.rollout.type) * replicas;
  const processes = pods * processesPerPod;
  return [
    equal(of, [pods, "by its rollout and replicas"], [plan.peakPods, "peak pods"]),
    equal(of, [processesPerPod, "in the spec"], [plan.processesPerPod, "processes a pod"]),
    equal(of, [guaranteed, "in the spec"], [plan.guaranteed, "guaranteed"]),
    equal(of, [max, "in the spec"], [plan.max, "pool max"]),
    equal(of, [guaranteed * processes, "guaranteed × peak processes"], [plan.floor, "floor"]),
    equal(of, [plan.grant, "grant"], [plan.limit * processes, "limit × peak processes"]),
    atMost(of, [plan.limit, "limit"], [guaranteed, "guaranteed"]),
    atMost(of, [max, "pool max"], [plan.limit, "limit"]),
    // 0 would mean unlimited to PgBouncer.
    atMost(of, [plan.slots, "slots"], [1, "slot at least"]),
    atMost(of, [plan.grant, "grant"], [plan.slots, "slots"]),
  ];
}

/**
 * Generations of pods that can hold connections at once. A rollout makes at most as many new pods
 * as it replaces: maxSurge is at most all of them.
 */
function generations(rollout: string | undefined): number {
  return rollout === "Recreate" ? 1 : 2;
}

/**
 * Asserts that the processes that an output makes of a server together believe in no more
 * connections than its grant.
 *
 * @param written what the output says: the most pods of a generation, which are the replicas or an
 * autoscaler's maximum, and every text from which a process may take its limit
 * @throws SumError
 */
export function assertWritten(
  { metadata, spec }: McpServer,
  { grant }: ServerPlan,
  written: {
    readonly replicas: number;
    readonly rollout: string | undefined;
    readonly limits: readonly (string | undefined)[];
  },
): void {
  const pods = generations(written.rollout) * written.replicas;
  // Anything else is no limit: the process would take a default of its own, or none.
  const limit = Math.max(
    ...written.limits.map((text = "") => (/^[1-9]\d*$/.test(text) ? Number(text) : NaN)),
  );
  assertSum(
    atMost(
      `McpServer ${keyOf({ metadata })} as it is written`,
      [grant, "grant"],
      [
        limit * pods * spec.pool.processesPerPod,
        `${limit} × ${pods} pods × ${spec.pool.processesPerPod} processes`,
      ],
    ),
  );
}

/**
 * Asserts that an output makes as many PgBouncer processes of a budget as are planned: each of them
 * may open its whole share of Postgres.
 *
 * @throws SumError
 */
export function assertWrittenProcesses(
  budget: ConnectionBudget,
  { slots }: BudgetPlan,
  written: number,
): void {
  assertSum(
    equal(
      `ConnectionBudget ${keyOf(budget)}: PgBouncer processes as they are written`,
      [slots.processes, "planned"],
      [written, "written"],
    ),
  );
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
