import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import { budgetNames } from "../src/api/names.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { contentHash } from "../src/render/contentHash.ts";
import { pgbouncerLabels } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { pgbouncerFiles } from "../src/render/pgbouncerFiles.ts";

/**
 * PgBouncer's configuration: the ini that all processes share, one of its own for each ordinal, and
 * who may log in. It is immutable and named by its content, so that no container picks up a change
 * early: the StatefulSet names the new one and rolls its pods.
 */
export function configMap(budget: ConnectionBudget, plan: BudgetPlan): Manifest {
  const { name, namespace } = budget.metadata;
  const { pgbouncer } = budgetNames(name);
  const data = pgbouncerFiles({ budget, plan });
  return k8s.KubeConfigMap.manifest({
    metadata: {
      name: `${pgbouncer}-${contentHash(JSON.stringify(data))}`,
      namespace,
      labels: pgbouncerLabels(name),
    },
    immutable: true,
    data,
  });
}
