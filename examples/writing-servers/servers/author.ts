import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, idInput, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = "id, name, biography";

const name = text(200, 1);
const biography = text(10_000);
const row = z.object({ id, name, biography });
type AuthorRow = z.infer<typeof row>;

/** The people who write. */
export const author: Member = {
  name: "author",
  tools: [
    tool({
      name: "list_authors",
      description: "Lists authors by id.",
      effect: "reads",
      input: z.object(pageInput),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<AuthorRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM authors WHERE id > $1 ORDER BY id LIMIT $2`,
        ),
    }),
    tool({
      name: "get_author",
      description: "One author, with the number of their series and books.",
      effect: "reads",
      input: idInput,
      output: row.extend({ series: z.int(), books: z.int() }),
      run: async (args, { database }) =>
        found(
          await database.query<AuthorRow & { series: number; books: number }>(
            `SELECT ${COLUMNS},
               (SELECT count(*)::int FROM series WHERE author_id = authors.id) AS series,
               (SELECT count(*)::int FROM books WHERE author_id = authors.id) AS books
             FROM authors WHERE id = $1`,
            [args.id],
          ),
          "author",
          args.id,
        ),
    }),
    tool({
      name: "create_author",
      description: "Adds an author.",
      effect: "adds",
      input: z.object({ name, biography: biography.default("") }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<AuthorRow>(
            `INSERT INTO authors (name, biography) VALUES ($1, $2) RETURNING ${COLUMNS}`,
            [args.name, args.biography],
          ),
        ),
    }),
    tool({
      name: "update_author",
      description: "Changes an author; what is not given stays.",
      effect: "changes",
      input: z.object({ id, name: name.optional(), biography: biography.optional() }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<AuthorRow>(
            `UPDATE authors SET name = coalesce($2, name), biography = coalesce($3, biography)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.name, args.biography],
          ),
          "author",
          args.id,
        ),
    }),
    deleteTool("author", "authors", "Deletes an author who has neither series nor books."),
  ],
};
