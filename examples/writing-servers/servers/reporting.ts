import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { found, idInput, single } from "../rows.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, book_id AS "bookId", to_char(
  made_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
) AS "madeAt", chapters, scenes, words, target_words AS "targetWords"`;

/** A book's figures now; the caller says which book. */
const FIGURES = `SELECT b.id AS book_id, count(DISTINCT c.id)::int AS chapters,
    count(s.id)::int AS scenes, coalesce(sum(s.words), 0)::int AS words, b.target_words
  FROM books b LEFT JOIN chapters c ON c.book_id = b.id LEFT JOIN scenes s ON s.chapter_id = c.id
  WHERE b.id = $1 GROUP BY b.id`;

const count = z.int().min(0);
const figures = z.object({
  bookId: id,
  chapters: count,
  scenes: count,
  words: count,
  targetWords: count,
});
const row = figures.extend({ id, madeAt: z.string() });
const totals = z.object({
  authors: count,
  series: count,
  books: count,
  finishedBooks: count,
  chapters: count,
  scenes: count,
  words: count,
});
type ReportRow = z.infer<typeof row>;

/** How the writing goes. */
export const reporting: Member = {
  name: "reporting",
  tools: [
    tool({
      name: "book_progress",
      description: "A book's chapters, scenes and words now, and the words it is to have.",
      effect: "reads",
      input: z.object({ bookId: id }),
      output: figures,
      run: async (args, { database }) =>
        found(
          await database.query<z.infer<typeof figures>>(
            `SELECT book_id AS "bookId", chapters, scenes, words, target_words AS "targetWords"
             FROM (${FIGURES}) AS now`,
            [args.bookId],
          ),
          "book",
          args.bookId,
        ),
    }),
    tool({
      name: "studio_totals",
      description: "How much of everything there is.",
      effect: "reads",
      input: z.object({}),
      output: totals,
      run: async (_, { database }) =>
        single(
          await database.query<z.infer<typeof totals>>(
            `SELECT (SELECT count(*)::int FROM authors) AS authors,
               (SELECT count(*)::int FROM series) AS series,
               (SELECT count(*)::int FROM books) AS books,
               (SELECT count(*)::int FROM books WHERE status = 'finished') AS "finishedBooks",
               (SELECT count(*)::int FROM chapters) AS chapters,
               (SELECT count(*)::int FROM scenes) AS scenes,
               (SELECT coalesce(sum(words), 0)::int FROM scenes) AS words`,
          ),
        ),
    }),
    tool({
      name: "make_report",
      description: "Keeps a book's figures as they are now.",
      effect: "adds",
      input: z.object({ bookId: id }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<ReportRow>(
            `INSERT INTO reports (book_id, chapters, scenes, words, target_words)
             ${FIGURES} RETURNING ${COLUMNS}`,
            [args.bookId],
          ),
          "book",
          args.bookId,
        ),
    }),
    tool({
      name: "list_reports",
      description: "Lists the reports of a book by id.",
      effect: "reads",
      input: z.object({ ...pageInput, bookId: id }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<ReportRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM reports WHERE id > $1 AND book_id = $3 ORDER BY id LIMIT $2`,
          [args.bookId],
        ),
    }),
    tool({
      name: "get_report",
      description: "One report.",
      effect: "reads",
      input: idInput,
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<ReportRow>(`SELECT ${COLUMNS} FROM reports WHERE id = $1`, [
            args.id,
          ]),
          "report",
          args.id,
        ),
    }),
  ],
};
