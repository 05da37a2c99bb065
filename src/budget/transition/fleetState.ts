import { roleOf, type ConnectionBudget } from "../../api/connectionBudget.ts";
import { keyOf, serversByBudget, type Fleet } from "../../api/fleet.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { formatPostgresAddress, postgresAddressOf } from "../../api/postgresAddress.ts";
import { generationsOf, mostReplicas } from "../sums.ts";
import type { BudgetPlan, Plan } from "../plan.ts";
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
  const plans = new Map(plan.budgets.map((each) => [`${each.namespace}/${each.name}`, each]));
  const byBudget = serversByBudget(fleet);
  const tiers = new Map<string, Tier>();
  const servers = new Map<string, Running>();
  for (const budget of fleet.budgets) {
    const key = keyOf(budget);
    const budgetPlan = plans.get(key);
    if (budgetPlan === undefined) continue;
    tiers.set(key, tierOf(budget, budgetPlan));
    for (const running of runningOf(key, byBudget.get(key) ?? [], budgetPlan)) {
      servers.set(keyOf(running.server), running);
    }
  }
  const available = new Map(
    postgresOf(fleet.budgets).map(({ plan: each }) => [
      formatPostgresAddress(each),
      each.available,
    ]),
  );
  return { tiers, servers, available };
}

function tierOf(budget: ConnectionBudget, plan: BudgetPlan): Tier {
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

function runningOf(
  tier: string,
  servers: readonly McpServer[],
  plan: BudgetPlan,
): readonly Running[] {
  const numbers = new Map(plan.servers.map((each) => [each.name, each]));
  return servers.flatMap((server) => {
    const planned = numbers.get(server.metadata.name);
    if (planned === undefined) return [];
    return {
      server,
      tier,
      replicas: mostReplicas(server),
      generations: generationsOf(server.spec.rollout.type),
      processesPerPod: planned.processesPerPod,
      limit: planned.limit,
      grant: planned.grant,
    };
  });
}
