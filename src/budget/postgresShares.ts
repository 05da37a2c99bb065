import { availableConnections, type ConnectionBudget } from "../api/connectionBudget.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { grouped } from "./grouped.ts";
import { byCodeUnit, byNames } from "../text/order.ts";
import type { PostgresPlan } from "./plan.ts";
import { shareOf } from "./sums.ts";

/** One Postgres, and the budgets that stand before it, by namespace and name. */
export interface SharedPostgres {
  readonly plan: PostgresPlan;
  readonly budgets: readonly ConnectionBudget[];
}

/** The budgets grouped by their Postgres: its full host name and port. Sorted by both. */
export function postgresOf(budgets: readonly ConnectionBudget[]): readonly SharedPostgres[] {
  const sorted = budgets.toSorted(byNames(({ metadata }) => [metadata.namespace, metadata.name]));
  const groups = grouped(sorted, (budget) => formatPostgresAddress(postgresAddressOf(budget)));
  return [...groups.values()]
    .map((group) => ({ plan: planOf(group), budgets: group }))
    .toSorted((a, b) => byCodeUnit(a.plan.host, b.plan.host) || a.plan.port - b.plan.port);
}

/** Whether its shares are worth telling: several budgets, or one that declares a share. */
export function isShared({ budgets }: SharedPostgres): boolean {
  return (
    budgets.length > 1 || budgets.some(({ spec }) => spec.postgres.shareConnections !== undefined)
  );
}

function planOf(budgets: readonly [ConnectionBudget, ...ConnectionBudget[]]): PostgresPlan {
  const { host, port } = postgresAddressOf(budgets[0]);
  const available = budgets
    .map(({ spec }) => availableConnections(spec.postgres))
    .reduce((least, each) => Math.min(least, each));
  const shares = budgets.map((budget) => ({
    budget: budget.metadata.name,
    namespace: budget.metadata.namespace,
    share: shareOf(budget),
  }));
  const given = shares.reduce((total, { share }) => total + share, 0);
  return { host, port, available, shares, missing: Math.max(0, given - available) };
}
