import { availableConnections, type ConnectionBudget } from "../api/connectionBudget.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
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
  const groups = Map.groupBy(sorted, (budget) => formatPostgresAddress(postgresAddressOf(budget)));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      // What its budgets say of it must agree, else the smallest counts.
      const available = Math.min(...group.map(({ spec }) => availableConnections(spec.postgres)));
      const shares = group.map((budget) => ({
        budget: budget.metadata.name,
        namespace: budget.metadata.namespace,
        share: shareOf(budget),
      }));
      const given = shares.reduce((total, { share }) => total + share, 0);
      const missing = Math.max(0, given - available);
      return [
        { plan: { ...postgresAddressOf(first), available, shares, missing }, budgets: group },
      ];
    })
    .toSorted((a, b) => byCodeUnit(a.plan.host, b.plan.host) || a.plan.port - b.plan.port);
}

/** Whether its shares are part of a plan: several budgets, or a budget that declares a share. */
export function isShared({ budgets }: SharedPostgres): boolean {
  return (
    budgets.length > 1 || budgets.some(({ spec }) => spec.postgres.shareConnections !== undefined)
  );
}
