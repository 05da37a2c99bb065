import { z } from "zod";
import { id } from "./page.ts";
import { Refusal } from "./refusal.ts";
import { tool, type Tool } from "./tool.ts";

/** What a tool that works on one row, by its id, is given. */
export const idInput = z.object({ id });

/**
 * The row that a statement was to find.
 *
 * @throws Refusal when there is none
 */
export function found<Row>(rows: readonly Row[], noun: string, wanted: number): Row {
  const [row] = rows;
  if (row === undefined) throw new Refusal(`There is no ${noun} ${wanted}`);
  return row;
}

/** The row of a statement that always returns one. */
export function single<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error("a statement that always returns a row returned none");
  return row;
}

/** A tool that deletes a row by its id; foreign keys refuse it where the row is still used. */
export function deleteTool(noun: string, table: string, description: string): Tool {
  return tool({
    name: `delete_${noun}`,
    description,
    effect: "deletes",
    input: idInput,
    output: z.object({ deleted: id }),
    run: async (args, { database }) =>
      found(
        await database.query<{ deleted: number }>(
          `DELETE FROM ${table} WHERE id = $1 RETURNING id AS deleted`,
          [args.id],
        ),
        noun,
        args.id,
      ),
  });
}
