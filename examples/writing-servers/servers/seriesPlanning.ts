import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, idInput, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, author_id AS "authorId", title, premise, planned_books AS "plannedBooks"`;

const title = text(300, 1);
const premise = text(10_000);
const plannedBooks = z.int().min(1).max(100);
const row = z.object({ id, authorId: id, title, premise, plannedBooks });
const books = z.array(z.object({ id, position: z.int(), title: z.string(), status: z.string() }));
type SeriesRow = z.infer<typeof row>;

/** Series of books. */
export const seriesPlanning: Member = {
  name: "series-planning",
  tools: [
    tool({
      name: "list_series",
      description: "Lists series by id, of all authors or of one.",
      effect: "reads",
      input: z.object({ ...pageInput, authorId: id.optional() }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<SeriesRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM series
           WHERE id > $1 AND ($3::int IS NULL OR author_id = $3) ORDER BY id LIMIT $2`,
          [args.authorId],
        ),
    }),
    tool({
      name: "get_series",
      description: "One series, with its books in their order.",
      effect: "reads",
      input: idInput,
      output: row.extend({ books }),
      run: async (args, { database }) =>
        found(
          await database.query<SeriesRow & { books: z.infer<typeof books> }>(
            `SELECT ${COLUMNS}, coalesce(
               (SELECT json_agg(json_build_object(
                  'id', b.id, 'position', b.position, 'title', b.title, 'status', b.status
                ) ORDER BY b.position) FROM books b WHERE b.series_id = series.id),
               '[]') AS books
             FROM series WHERE id = $1`,
            [args.id],
          ),
          "series",
          args.id,
        ),
    }),
    tool({
      name: "create_series",
      description: "Adds a series of an author.",
      effect: "adds",
      input: z.object({ authorId: id, title, premise: premise.default(""), plannedBooks }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<SeriesRow>(
            `INSERT INTO series (author_id, title, premise, planned_books)
             VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
            [args.authorId, args.title, args.premise, args.plannedBooks],
          ),
        ),
    }),
    tool({
      name: "update_series",
      description: "Changes a series; what is not given stays.",
      effect: "changes",
      input: z.object({
        id,
        title: title.optional(),
        premise: premise.optional(),
        plannedBooks: plannedBooks.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<SeriesRow>(
            `UPDATE series SET title = coalesce($2, title), premise = coalesce($3, premise),
               planned_books = coalesce($4, planned_books)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.title, args.premise, args.plannedBooks],
          ),
          "series",
          args.id,
        ),
    }),
    deleteTool("series", "series", "Deletes a series that has no books."),
  ],
};
