import { cnpg } from "./cnpg.ts";
import { crunchy } from "./crunchy.ts";
import type { Inventory } from "./inventory.ts";
import type { FoundPooler } from "./poolers.ts";
import type { FoundPostgres } from "./postgresServers.ts";
import type { Scalers } from "./scalers.ts";
import { zalando } from "./zalando.ts";

/** What operators make of their objects, whether what they made is among the objects or not. */
export interface Made {
  readonly poolers: readonly FoundPooler[];
  readonly postgres: readonly FoundPostgres[];
  /** Workloads that they make, and their own objects, by key: not to be counted once more. */
  readonly owns: readonly string[];
}

export function operators(inventory: Inventory, scalers: Scalers): Made {
  const made = [cnpg(inventory, scalers), zalando(inventory, scalers), crunchy(inventory, scalers)];
  return {
    poolers: made.flatMap(({ poolers }) => poolers),
    postgres: made.flatMap(({ postgres }) => postgres),
    owns: made.flatMap(({ owns }) => owns),
  };
}
