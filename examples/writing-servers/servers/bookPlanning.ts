import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, idInput, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, author_id AS "authorId", series_id AS "seriesId", position, title, status,
  target_words AS "targetWords"`;

const title = text(300, 1);
const status = z.enum(["planned", "drafting", "revising", "finished"]);
const targetWords = z.int().min(1).max(10_000_000);
const position = z.int().min(1).max(100).describe("Which book of the series it is.");
const row = z.object({
  id,
  authorId: id,
  seriesId: id.nullable(),
  position: position.nullable(),
  title,
  status,
  targetWords,
});
const chapters = z.array(z.object({ id, number: z.int(), title: z.string() }));
type BookRow = z.infer<typeof row>;

/** Books, alone or in a series. */
export const bookPlanning: Member = {
  name: "book-planning",
  tools: [
    tool({
      name: "list_books",
      description: "Lists books by id: all, those of an author, of a series, or in a status.",
      effect: "reads",
      input: z.object({
        ...pageInput,
        authorId: id.optional(),
        seriesId: id.optional(),
        status: status.optional(),
      }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<BookRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM books
           WHERE id > $1 AND ($3::int IS NULL OR author_id = $3)
             AND ($4::int IS NULL OR series_id = $4) AND ($5::text IS NULL OR status = $5)
           ORDER BY id LIMIT $2`,
          [args.authorId, args.seriesId, args.status],
        ),
    }),
    tool({
      name: "get_book",
      description: "One book, with its chapters in their order.",
      effect: "reads",
      input: idInput,
      output: row.extend({ chapters }),
      run: async (args, { database }) =>
        found(
          await database.query<BookRow & { chapters: z.infer<typeof chapters> }>(
            `SELECT ${COLUMNS}, coalesce(
               (SELECT json_agg(json_build_object('id', c.id, 'number', c.number, 'title', c.title)
                  ORDER BY c.number) FROM chapters c WHERE c.book_id = books.id),
               '[]') AS chapters
             FROM books WHERE id = $1`,
            [args.id],
          ),
          "book",
          args.id,
        ),
    }),
    tool({
      name: "create_book",
      description: "Adds a book of an author; in a series, at a position that is free.",
      effect: "adds",
      input: z.object({
        authorId: id,
        title,
        targetWords,
        status: status.default("planned"),
        seriesId: id.optional(),
        position: position.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<BookRow>(
            `INSERT INTO books (author_id, series_id, position, title, status, target_words)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
            [
              args.authorId,
              args.seriesId,
              args.position,
              args.title,
              args.status,
              args.targetWords,
            ],
          ),
        ),
    }),
    tool({
      name: "update_book",
      description: "Changes a book, or moves it within or into a series; what is not given stays.",
      effect: "changes",
      input: z.object({
        id,
        title: title.optional(),
        status: status.optional(),
        targetWords: targetWords.optional(),
        seriesId: id.optional(),
        position: position.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<BookRow>(
            `UPDATE books SET title = coalesce($2, title), status = coalesce($3, status),
               target_words = coalesce($4, target_words), series_id = coalesce($5, series_id),
               position = coalesce($6, position)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.title, args.status, args.targetWords, args.seriesId, args.position],
          ),
          "book",
          args.id,
        ),
    }),
    deleteTool("book", "books", "Deletes a book of which there is nothing but the plan."),
  ],
};
