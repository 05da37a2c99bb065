import { cnpg } from "./cnpg.ts";
import { crunchy } from "./crunchy.ts";
import type { Inventory } from "../read/inventory.ts";
import type { OperatorResources } from "./operatorResources.ts";
import type { Scalers } from "../read/scalers.ts";
import { zalando } from "./zalando.ts";

/** What the operators that weir knows make of all objects. */
export function operators(inventory: Inventory, scalers: Scalers): OperatorResources {
  const made = [cnpg(inventory, scalers), zalando(inventory, scalers), crunchy(inventory, scalers)];
  return {
    poolers: made.flatMap(({ poolers }) => poolers),
    postgres: made.flatMap(({ postgres }) => postgres),
    owns: made.flatMap(({ owns }) => owns),
  };
}
