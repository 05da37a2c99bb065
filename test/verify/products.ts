import { readFileSync } from "node:fs";
import { ADAPTERS } from "../../src/verify/adapters/adapters.ts";
import { readKnowledge } from "../../src/verify/knowledge/knowledge.ts";
import type { Products } from "../../src/verify/read/adapter.ts";

/** The text of a table of knowledge/. */
export function tableText(table: string): string {
  return readFileSync(new URL(`../../knowledge/${table}.yaml`, import.meta.url), "utf8");
}

/** Everything that weir knows of others' products. */
export const PRODUCTS: Products = { adapters: ADAPTERS, knowledge: readKnowledge(tableText) };
