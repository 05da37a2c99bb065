import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { FieldPath } from "../api/fieldPath.ts";
import type { Kind } from "../api/fieldSchema.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { unlessPoisoned } from "./poisonedFields.ts";

/**
 * An object that may be wrong somewhere: what the rules across objects see, so that one run finds
 * every problem. Reading a wrong field of `object` ends what `ifSound` runs.
 */
export interface Draft<T> {
  readonly kind: Kind;
  /** As written, also when the name is not allowed. */
  readonly name: string;
  readonly namespace: string;
  readonly object: T;
}

export interface Drafts {
  readonly budgets: readonly Draft<ConnectionBudget>[];
  readonly servers: readonly Draft<McpServer>[];
  /** False when there are documents of which not even kind and name could be read. */
  readonly complete: boolean;
}

/** A problem of one object that is only one beside others. */
export interface FleetProblem {
  readonly draft: Draft<unknown>;
  readonly path: FieldPath;
  readonly found?: string;
  readonly allowed: string;
  /** The object that it conflicts with. */
  readonly other?: Draft<unknown>;
}

/** NAMESPACE/NAME. */
export function keyOfDraft({ namespace, name }: Draft<unknown>): string {
  return `${namespace}/${name}`;
}

/** The servers of each budget that is referred to, by the budget's key. */
export function byBudget(
  servers: readonly Draft<McpServer>[],
): ReadonlyMap<string, readonly Draft<McpServer>[]> {
  const groups = new Map<string, Draft<McpServer>[]>();
  for (const draft of servers) {
    const name = unlessPoisoned(() => draft.object.spec.budgetRef.name);
    if (name === undefined) continue;
    const key = `${draft.namespace}/${name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [draft]);
    else group.push(draft);
  }
  return groups;
}
