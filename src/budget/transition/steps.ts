import type { ConnectionBudget } from "../../api/connectionBudget.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import type { FieldChange } from "../plan.ts";

/**
 * The steps from one fleet to another, when generated manifests are applied without an operator:
 * data, in the order in which they keep the sums. A step begins when what the one before it waits
 * for is there. Objects are named as in a fleet file; what weir makes of them goes with them.
 */
export type Step = {
  /** What must be so before the next step. */
  readonly waitFor: string;
  /** Why it stands here: which sum it keeps. */
  readonly why: string;
} & (
  | PostgresStep
  /** Make the Secrets that new logins need. */
  | StepOn<"Secrets">
  | GuardStep
  /** Delete what weir made of these servers or budgets. */
  | StepOn<"Delete">
  /** Scale a budget's PgBouncer as it is, without a new ini. */
  | (StepOn<"Scale"> & { readonly from: number; readonly to: number })
  | ApplyStep
  /** Generate manifests from the new fleet, and apply all: `objects` get their new numbers now. */
  | (StepOn<"ApplyAll"> & Pick<ApplyStep, "obsolete">)
);

/** What one step touches. */
export interface ObjectName {
  readonly kind: "ConnectionBudget" | "McpServer" | "HorizontalPodAutoscaler";
  readonly namespace: string;
  readonly name: string;
}

export function stepNames(
  objects: readonly (ConnectionBudget | McpServer)[],
): readonly ObjectName[] {
  return objects.map(({ kind, metadata: { namespace, name } }) => ({ kind, namespace, name }));
}

/** A field of the new fleet that is something else for one step. */
export interface StepChange extends FieldChange {
  readonly namespace: string;
}

export function stepChange(
  { kind, metadata: { namespace, name } }: ConnectionBudget | McpServer,
  field: string,
  from: unknown,
  to: unknown,
): StepChange {
  return { namespace, object: `${kind}/${name}`, field, from, to };
}

interface StepOn<Action extends string> {
  readonly action: Action;
  readonly objects: readonly ObjectName[];
}

/** Set Postgres itself, so that it admits so many connections to all its budgets. */
interface PostgresStep {
  readonly action: "Postgres";
  /** HOST:PORT, the host's full name. */
  readonly postgres: string;
  readonly from: number;
  readonly to: number;
}

/** Set the CONNECTION LIMIT of a budget's role; 0: of a role that is no longer used. */
interface GuardStep extends StepOn<"Guard"> {
  readonly postgres: string;
  readonly role: string;
  /** No budget of the old fleet used it there. */
  readonly isNew: boolean;
  readonly connections: number;
}

/** Generate manifests from the new fleet with these changes, and apply those of these objects. */
interface ApplyStep extends StepOn<"Apply"> {
  /** Empty: the step applies objects of the new fleet unchanged. */
  readonly changes: readonly StepChange[];
  /** Objects that the new manifests no longer have; no apply deletes them. */
  readonly obsolete: readonly ObjectName[];
}
