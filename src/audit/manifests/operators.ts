import type { Inventory } from "./inventory.ts";
import type { FoundPooler } from "./poolers.ts";
import type { FoundPostgres } from "./postgresServers.ts";

/** What operators make of their objects, whether what they made is among the objects or not. */
export interface Made {
  readonly poolers: readonly FoundPooler[];
  readonly postgres: readonly FoundPostgres[];
  /** Workloads that they make, by key: not to be counted once more. */
  readonly owns: ReadonlySet<string>;
}

export function operators(_inventory: Inventory): Made {
  return { poolers: [], postgres: [], owns: new Set() };
}
