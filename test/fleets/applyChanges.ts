import { connectionBudgetSchema } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { mcpServerSchema } from "../../src/api/mcpServer.ts";
import type { FieldChange } from "../../src/budget/plan.ts";

/**
 * The fleet after the changes that the budget `namespace/…` was told, read by the schemas again.
 * Throws when a field does not hold what the change says it holds, or when a change names nothing:
 * a change that a machine can't apply is worth nothing.
 */
export function applyChanges(
  fleet: Fleet,
  namespace: string,
  changes: readonly FieldChange[],
): Fleet {
  const copy = structuredClone(fleet);
  for (const change of changes) {
    const object = [...copy.budgets, ...copy.servers].find(
      ({ kind, metadata }) =>
        change.object === `${kind}/${metadata.name}` && metadata.namespace === namespace,
    );
    if (object === undefined) throw new Error(`no ${change.object}`);
    setField(object, change.field.split("."), change);
  }
  return {
    budgets: copy.budgets.map((budget) => connectionBudgetSchema.parse(budget)),
    servers: copy.servers.map((server) => mcpServerSchema.parse(server)),
  };
}

function setField(object: object, path: readonly string[], change: FieldChange): void {
  const [key = "", ...rest] = path;
  const value: unknown = Reflect.get(object, key);
  if (rest.length > 0) {
    if (typeof value !== "object" || value === null) throw new Error(`no ${change.field}`);
    setField(value, rest, change);
    return;
  }
  const found = JSON.stringify(value ?? null);
  if (found !== JSON.stringify(change.from)) throw new Error(`${change.field} is ${found}`);
  if (change.to === null) Reflect.deleteProperty(object, key);
  else Reflect.set(object, key, change.to);
}
