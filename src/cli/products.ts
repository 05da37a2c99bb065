import { ADAPTERS } from "../verify/adapters/adapters.ts";
import { readKnowledge } from "../verify/knowledge/knowledge.ts";
import type { Products } from "../verify/read/adapter.ts";
import type { Shell } from "./shell.ts";

/** What weir knows of others' products, its tables read from its own package. */
export function productsOf({ table }: Pick<Shell, "table">): Products {
  return { adapters: ADAPTERS, knowledge: readKnowledge(table) };
}
