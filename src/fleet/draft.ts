import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { isWithin, type FieldPath } from "../api/fieldPath.ts";
import type { Kind } from "../api/fieldSchema.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { FieldProblem } from "./problem.ts";

/**
 * An object that may be wrong somewhere: what the rules across objects see, so that one run finds
 * every problem. Reading a wrong field of `object` ends what `unlessWrong` runs.
 */
export interface Draft<T> {
  readonly kind: Kind;
  /** As written, also when the name is not allowed. */
  readonly name: string;
  readonly namespace: string;
  readonly object: T;
}

/** The draft of an object without problems. */
export function draftOf<T extends ConnectionBudget | McpServer>(object: T): Draft<T> {
  const { name, namespace } = object.metadata;
  return { kind: object.kind, name, namespace, object };
}

export interface Drafts {
  readonly budgets: readonly Draft<ConnectionBudget>[];
  readonly servers: readonly Draft<McpServer>[];
  /** False when there are documents of which not even kind and name could be read. */
  readonly complete: boolean;
}

/** A problem of one object that is only one beside others. */
export interface FleetProblem extends FieldProblem {
  readonly draft: Draft<unknown>;
  /** The object that it conflicts with. */
  readonly other?: Draft<unknown> | undefined;
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
    const name = unlessWrong(() => draft.object.spec.budgetRef.name);
    if (name === undefined) continue;
    const key = `${draft.namespace}/${name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [draft]);
    else group.push(draft);
  }
  return groups;
}

/** Thrown where somebody reads a field that is known to be wrong; caught by `unlessWrong`. */
class WrongFieldRead extends Error {}

/**
 * The value, but reading a field at or below one of the `wrong` paths ends the computation that
 * `unlessWrong` runs. So a rule is asked of an object that is wrong elsewhere, and only then.
 */
export function guardWrongFields<T>(value: T, wrong: readonly FieldPath[]): T {
  if (wrong.length === 0 || typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const content: unknown = Reflect.get(target, key);
      if (typeof key === "symbol") return content;
      const segment = Array.isArray(target) && /^\d+$/.test(key) ? Number(key) : key;
      if (wrong.some((path) => isWithin([segment], path))) throw new WrongFieldRead();
      return guardWrongFields(content, below(wrong, segment));
    },
  });
}

/** What `compute` gives; undefined when it read a field that is wrong. */
export function unlessWrong<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof WrongFieldRead) return undefined;
    throw error;
  }
}

function below(paths: readonly FieldPath[], segment: string | number): FieldPath[] {
  return paths.filter((path) => path[0] === segment).map((path) => path.slice(1));
}
