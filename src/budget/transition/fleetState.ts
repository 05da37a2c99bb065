import { roleOf, type ConnectionBudget } from "../../api/connectionBudget.ts";
import { keyOf, type Fleet } from "../../api/fleet.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { formatPostgresAddress, postgresAddressOf } from "../../api/postgresAddress.ts";
import { generationsOf, mostReplicas } from "../sums.ts";
import type { BudgetPlan, Plan } from "../plan.ts";
import { plannedBudgets, type PlannedBudget, type PlannedServer } from "../planned.ts";
import { postgresOf } from "../postgresShares.ts";

/** A fleet and its plan, which must be feasible. */
export interface Planned {
  readonly fleet: Fleet;
  readonly plan: Plan;
}

/** What runs of one fleet, in the numbers that the sums are made of. */
export interface Snapshot {
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly servers: ReadonlyMap<string, Running>;
  /** What each Postgres admits to all its budgets, by HOST:PORT. */
  readonly available: ReadonlyMap<string, number>;
}

/** One budget's PgBouncer. */
export interface Tier {
  readonly budget: ConnectionBudget;
  readonly plan: BudgetPlan;
  /** HOST:PORT of its Postgres. */
  readonly postgres: string;
  readonly role: string;
  /** P. */
  readonly share: number;
  /** K. */
  readonly processes: number;
  /** Σ slots of all lines, maintenance included: what one process may open. */
  readonly perProcess: number;
}

/** One server: the sizes that its pods and their pools have. */
export interface Running {
  readonly server: McpServer;
  /** Key of the budget that it draws from. */
  readonly tier: string;
  readonly replicas: number;
  /** Of pods that may exist side by side. */
  readonly generations: number;
  readonly processesPerPod: number;
  readonly limit: number;
  readonly grant: number;
}

/** What runs of a fleet. */
export function snapshotOf({ fleet, plan }: Planned): Snapshot {
  const planned = plannedBudgets(fleet, plan);
  return {
    tiers: new Map(planned.map((each) => [keyOf(each.budget), tierOf(each)])),
    servers: new Map(
      planned.flatMap(({ budget, servers }) =>
        servers.map((each) => [keyOf(each.server), runningOf(each, keyOf(budget))]),
      ),
    ),
    available: new Map(
      postgresOf(fleet.budgets).map(({ plan: each }) => [
        formatPostgresAddress(each),
        each.available,
      ]),
    ),
  };
}

function tierOf({ budget, plan }: PlannedBudget): Tier {
  return {
    budget,
    plan,
    postgres: formatPostgresAddress(postgresAddressOf(budget)),
    role: roleOf(budget),
    share: plan.slots.postgres,
    processes: plan.slots.processes,
    perProcess: plan.slots.maintenance + plan.slots.granted,
  };
}

function runningOf({ server, plan }: PlannedServer, tier: string): Running {
  return {
    server,
    tier,
    replicas: mostReplicas(server),
    generations: generationsOf(server.spec.rollout.type),
    processesPerPod: plan.processesPerPod,
    limit: plan.limit,
    grant: plan.grant,
  };
}
