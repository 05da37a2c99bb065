import type { ConnectionBudget } from "./connectionBudget.ts";
import type { McpServer } from "./mcpServer.ts";

/**
 * What users wrote, parsed, defaulted and valid, each object by itself and all of them together
 * (see fleetRules.ts). The order is that of the file; no result may depend on it.
 */
export interface Fleet {
  readonly budgets: readonly ConnectionBudget[];
  readonly servers: readonly McpServer[];
}

/** `NAMESPACE/NAME`: what identifies an object among those of its kind. */
export function keyOf(object: {
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/** The key of the budget that a server draws from. */
export function budgetKeyOf(server: McpServer): string {
  return `${server.metadata.namespace}/${server.spec.budgetRef.name}`;
}

/**
 * The servers of each budget, by the budget's key, in the order of the fleet. Budgets without
 * servers have an empty list.
 */
export function serversByBudget(fleet: Fleet): ReadonlyMap<string, readonly McpServer[]> {
  const servers = new Map<string, McpServer[]>(fleet.budgets.map((budget) => [keyOf(budget), []]));
  for (const server of fleet.servers) servers.get(budgetKeyOf(server))?.push(server);
  return servers;
}
