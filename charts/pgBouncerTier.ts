import type { ApiObject } from "cdk8s";
import { Construct } from "constructs";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import { budgetNames, PGBOUNCER_PORT } from "../src/api/names.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { addObjects } from "./apiObjects.ts";
import { tierObjects } from "./tierObjects.ts";

export interface PgBouncerTierProps {
  readonly budget: ConnectionBudget;
  /** The budget's plan; see planFleet. */
  readonly plan: BudgetPlan;
}

/**
 * A budget's PgBouncer: StatefulSet, Services, configuration, NetworkPolicy and, with more than one
 * replica, a PodDisruptionBudget; and what the operator may read of it. Its Secrets come from
 * `weir secrets`.
 */
export class PgBouncerTier extends Construct {
  /** Where the budget's servers reach it, in every namespace of the cluster. */
  readonly host: string;
  readonly port: number;
  /** The objects, for a JsonPatch or a dependency. */
  readonly objects: readonly ApiObject[];

  /** @throws Error when the plan is not feasible */
  constructor(scope: Construct, id: string, { budget, plan }: PgBouncerTierProps) {
    super(scope, id);
    const { name, namespace } = budget.metadata;
    if (!plan.feasible) throw new Error(`ConnectionBudget ${namespace}/${name} cannot fit`);
    this.host = `${budgetNames(name).pgbouncer}.${namespace}.svc`;
    this.port = PGBOUNCER_PORT;
    this.objects = addObjects(this, tierObjects(budget, plan));
  }
}
