import { processCountOf, type ConnectionBudget } from "../src/api/connectionBudget.ts";
import { budgetNames } from "../src/api/names.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { configMap } from "./configMap.ts";
import { pgbouncerLabels, pgbouncerSelector } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { pgbouncerPolicy } from "./networkPolicies.ts";
import { budgetAccess } from "./operatorAccess.ts";
import { podDisruptionBudget } from "./podDisruptionBudget.ts";
import { clientService, peerService } from "./services.ts";
import { statefulSet } from "./statefulSet.ts";

/**
 * All objects of a budget's PgBouncer, in an order that can be applied: what a pod needs stands
 * before the pod. Secrets are not among them: nobody writes a password into a manifest. For a
 * PgBouncer that weir did not make there is only the operator's access to it.
 *
 * @param plan the budget's, feasible
 */
export function tierObjects(budget: ConnectionBudget, plan: BudgetPlan): readonly Manifest[] {
  const { name, namespace } = budget.metadata;
  if (budget.spec.pgbouncer.existing !== undefined) return budgetAccess(budget);
  const config = configMap(budget, plan);
  const metadata = {
    name: budgetNames(name).pgbouncer,
    namespace,
    labels: pgbouncerLabels(name),
  };
  return [
    ...budgetAccess(budget),
    config,
    pgbouncerPolicy(budget),
    clientService(budget),
    peerService(budget),
    ...(processCountOf(budget) > 1 ? [podDisruptionBudget(metadata, pgbouncerSelector(name))] : []),
    statefulSet(budget, plan, config.metadata.name),
  ];
}
