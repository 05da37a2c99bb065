import { z } from "zod";
import type { Database } from "./database.ts";
import { Refusal } from "./refusal.ts";

/** An id as Postgres' integer has it. */
export const id = z.int().min(1).max(2_147_483_647);

const PREFIX = "after:";

/** Arguments of every tool that lists. */
export const pageInput = {
  limit: z.int().min(1).max(100).default(20).describe("The most items to return."),
  cursor: z
    .string()
    .max(100)
    .optional()
    .describe("nextCursor of the page before; none: the first."),
};

interface PageArgs {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One page of a list. */
interface ItemPage<Item> {
  items: Item[];
  nextCursor?: string;
}

/** The result of a tool that lists. */
export function pageOutput<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe("For the next page; absent on the last."),
  });
}

/**
 * Reads one page, by id: items that come or go meanwhile make no other be missed or seen twice.
 *
 * @param sql must keep to ids above $1, order by id, and take $2 rows; `values` are from $3 on
 * @throws Refusal for a cursor that is none
 */
export async function page<Item extends { readonly id: number }>(
  database: Database,
  { limit, cursor }: PageArgs,
  sql: string,
  values: readonly unknown[] = [],
): Promise<ItemPage<Item>> {
  const rows = await database.query<Item>(sql, [afterOf(cursor), limit + 1, ...values]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined
    ? { items, nextCursor: Buffer.from(`${PREFIX}${last.id}`).toString("base64url") }
    : { items };
}

function afterOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const text = Buffer.from(cursor, "base64url").toString();
  const after = Number(text.slice(PREFIX.length));
  if (!text.startsWith(PREFIX) || !id.safeParse(after).success) {
    throw new Refusal(`cursor: found "${cursor}"; must be the nextCursor of another page`);
  }
  return after;
}
