import { k8s } from "cdk8s-plus-27";
import { processCountOf, type ConnectionBudget } from "../src/api/connectionBudget.ts";
import { assertWrittenProcesses } from "../src/budget/assertSums.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { pgbouncerSelector, tierMetadata } from "../src/api/labels.ts";
import { contentHash } from "../src/render/contentHash.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { pgbouncerFiles } from "../src/render/pgbouncerFiles.ts";
import { pgbouncerPolicy } from "./networkPolicies.ts";
import { budgetAccess } from "./operatorAccess.ts";
import { podDisruptionBudget } from "./podDisruptionBudget.ts";
import { clientService, peerService } from "./services.ts";
import { statefulSet } from "./statefulSet.ts";

/**
 * All objects of a budget's PgBouncer, in an order that can be applied: what a pod needs stands
 * before the pod. Secrets are not among them: no manifest holds a password. For a
 * PgBouncer that weir did not make there is only the operator's access to it.
 *
 * @param plan the budget's, feasible
 * @throws SumError when the StatefulSet, as it is written, has another number of processes
 */
export function tierObjects(budget: ConnectionBudget, plan: BudgetPlan): readonly Manifest[] {
  const { name } = budget.metadata;
  if (budget.spec.pgbouncer.existing !== undefined) return budgetAccess(budget);
  const config = configMap(budget, plan);
  const metadata = tierMetadata(budget);
  const processes = statefulSet(budget, plan, config.metadata.name);
  // 1 is what a StatefulSet has that says nothing.
  assertWrittenProcesses(budget, plan, processes.spec?.replicas ?? 1);
  return [
    ...budgetAccess(budget),
    config,
    pgbouncerPolicy(budget),
    clientService(budget),
    peerService(budget),
    ...(processCountOf(budget) > 1 ? [podDisruptionBudget(metadata, pgbouncerSelector(name))] : []),
    processes,
  ];
}

/**
 * PgBouncer's configuration: the ini that all processes share, one of its own for each ordinal, and
 * the logins it admits.
 */
export function configMap(budget: ConnectionBudget, plan: BudgetPlan): Manifest {
  return immutableConfigMap(tierMetadata(budget), pgbouncerFiles(budget, plan));
}

/**
 * Files for pods. It is immutable and named by its content, so that no container picks up a change
 * early: the StatefulSet names the new one and rolls its pods.
 */
export function immutableConfigMap(
  metadata: k8s.ObjectMeta & { readonly name: string },
  data: Readonly<Record<string, string>>,
): Manifest {
  const name = `${metadata.name}-${contentHash(JSON.stringify(data))}`;
  return k8s.KubeConfigMap.manifest({ metadata: { ...metadata, name }, immutable: true, data });
}
