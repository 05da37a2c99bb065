import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { postgresOf, type CachedObject } from "./observedObject.ts";

/** Of one that can't be read so many of its problems are told. */
const PROBLEMS_MAX = 3;

/** The other budgets of the cluster, and those of the same Postgres that can't be read. */
export function budgetsSharingPostgres(
  budget: CachedObject<ConnectionBudget>,
  all: readonly CachedObject<ConnectionBudget>[],
): Pick<BudgetSnapshot, "neighbours" | "unreadNeighbours"> {
  const address = postgresOf(budget);
  const others = all.filter(({ observed }) => observed.uid !== budget.observed.uid);
  return {
    neighbours: others.flatMap(({ observed: { parsed } }) => (parsed.ok ? [parsed.value] : [])),
    unreadNeighbours: others
      .flatMap((other) => {
        const { namespace, name, parsed } = other.observed;
        if (parsed.ok || address === undefined || postgresOf(other) !== address) return [];
        const problems = parsed.problems.slice(0, PROBLEMS_MAX).join("; ");
        return [
          `ConnectionBudget/${name} of namespace ${namespace} shares Postgres ${address}: ${problems}`,
        ];
      })
      .toSorted(),
  };
}
