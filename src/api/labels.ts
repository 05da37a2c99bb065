import type { ConnectionBudget } from "./connectionBudget.ts";
import type { McpServer } from "./mcpServer.ts";
import { BUDGET_LABEL, budgetNames } from "./names.ts";

export type Labels = Readonly<Record<string, string>>;

/**
 * Labels of weir's objects, and the part of them that selectors use. A selector holds
 * `managed-by: weir`, which no other tool's pods carry, so that a pod of another app with the same
 * name and instance never gets into a Service, a budget of disruptions or a NetworkPolicy. It does
 * not hold the budget's label: a Deployment's selector can't change, a server's budget can.
 */
const NAME = "app.kubernetes.io/name";
const INSTANCE = "app.kubernetes.io/instance";
const COMPONENT = "app.kubernetes.io/component";
const PART_OF = "app.kubernetes.io/part-of";
const MANAGED_BY = "app.kubernetes.io/managed-by";
const WEIR = "weir";

/** Selects the PgBouncer pods of a budget, in the budget's namespace. */
export function pgbouncerSelector(budget: string): Labels {
  return { [NAME]: "pgbouncer", [INSTANCE]: budget, [MANAGED_BY]: WEIR };
}

/** metadata of the objects of a budget's PgBouncer, which have its name if they have no other. */
export function tierMetadata({
  metadata: { name, namespace },
}: Pick<ConnectionBudget, "metadata">) {
  return { name: budgetNames(name).pgbouncer, namespace, labels: pgbouncerLabels(name) };
}

/** Labels of a budget's PgBouncer: its pods and all objects around them. */
export function pgbouncerLabels(budget: string): Labels {
  return {
    ...pgbouncerSelector(budget),
    [COMPONENT]: "connection-pooler",
    [PART_OF]: budget,
    [BUDGET_LABEL]: budget,
  };
}

/** Selects a server's pods, in the server's namespace. */
export function serverSelector(server: string): Labels {
  return { [NAME]: "mcp-server", [INSTANCE]: server, [MANAGED_BY]: WEIR };
}

/** metadata of a server's objects; its pods have the labels too. */
export function serverMetadata({ metadata: { name, namespace }, spec }: McpServer) {
  const budget = spec.budgetRef.name;
  const labels: Labels = {
    ...serverSelector(name),
    [COMPONENT]: "server",
    [PART_OF]: budget,
    [BUDGET_LABEL]: budget,
  };
  return { name, namespace, labels };
}

/** Selects the pods that draw from a budget or carry it: its servers and its PgBouncer. */
export function budgetSelector(budget: string): Labels {
  return { [BUDGET_LABEL]: budget };
}

/** Selects weir's operator, in its own namespace. */
export const OPERATOR_SELECTOR: Labels = { [NAME]: WEIR, [COMPONENT]: "operator" };

/** Labels of the operator: its pods and all objects around them. */
export const OPERATOR_LABELS: Labels = {
  ...OPERATOR_SELECTOR,
  [INSTANCE]: WEIR,
  [MANAGED_BY]: WEIR,
};

/** Label of objects that belong to no budget alone. */
export const MANAGED_LABELS: Labels = { [MANAGED_BY]: WEIR };

/** Selects a Postgres for trying out, in its namespace. */
export function tryoutSelector(name: string): Labels {
  return { [NAME]: "postgres", [INSTANCE]: name, [MANAGED_BY]: WEIR };
}

/** Labels of a Postgres for trying out and of all objects around it. */
export function tryoutLabels(name: string): Labels {
  return {
    ...tryoutSelector(name),
    [COMPONENT]: "database",
    "weir.dev/tryout": "true",
  };
}
