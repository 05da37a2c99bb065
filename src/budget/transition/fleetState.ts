import { roleOf } from "../../api/connectionBudget.ts";
import { keyOf, type Fleet } from "../../api/fleet.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { formatPostgresAddress, postgresAddressOf } from "../../api/postgresAddress.ts";
import { generationsOf, mostReplicas } from "../sums.ts";
import type { Plan } from "../plan.ts";
import { plannedBudgets, type PlannedBudget, type PlannedServer } from "../planFleet.ts";
import { postgresOf } from "../postgresShares.ts";

/** A fleet and its plan, which must be feasible. */
export interface Planned {
  readonly fleet: Fleet;
  readonly plan: Plan;
}

/** What runs of one fleet, in the numbers that the sums are made of. */
export type Snapshot = ReturnType<typeof snapshotOf>;

export function snapshotOf({ fleet, plan }: Planned) {
  const planned = plannedBudgets(fleet, plan);
  return {
    tiers: new Map(planned.map((each) => [keyOf(each.budget), tierOf(each)])),
    servers: new Map(
      planned.flatMap(({ budget, servers }) =>
        servers.map((each) => [keyOf(each.server), runningOf(each, keyOf(budget))]),
      ),
    ),
    /** What each Postgres admits to all its budgets, by HOST:PORT. */
    available: new Map(
      postgresOf(fleet.budgets).map(({ plan: each }) => [
        formatPostgresAddress(each),
        each.available,
      ]),
    ),
  };
}

/** The servers of one snapshot that the other does not run behind the same PgBouncer, if at all. */
export function serversOnlyIn(one: Snapshot, other: Snapshot): readonly McpServer[] {
  return [...one.servers]
    .filter(([key, { tier }]) => other.servers.get(key)?.tier !== tier)
    .map(([, { server }]) => server);
}

/** One budget's PgBouncer. */
export type Tier = ReturnType<typeof tierOf>;

function tierOf({ budget, plan }: PlannedBudget) {
  return {
    budget,
    plan,
    /** HOST:PORT of its Postgres. */
    postgres: formatPostgresAddress(postgresAddressOf(budget)),
    role: roleOf(budget),
    /** P. */
    share: plan.slots.postgres,
    /** K. */
    processes: plan.slots.processes,
    /** Σ slots of all lines, maintenance included: what one process may open. */
    perProcess: plan.slots.maintenance + plan.slots.granted,
  };
}

/** One server: the sizes that its pods and their pools have. */
export type Running = ReturnType<typeof runningOf>;

function runningOf({ server, plan }: PlannedServer, tier: string) {
  return {
    server,
    /** Key of the budget that it draws from. */
    tier,
    replicas: mostReplicas(server),
    /** Of pods that may exist side by side. */
    generations: generationsOf(server.spec.rollout.type),
    processesPerPod: plan.processesPerPod,
    limit: plan.limit,
    grant: plan.grant,
  };
}
