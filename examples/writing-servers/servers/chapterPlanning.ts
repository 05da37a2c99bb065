import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { Refusal } from "../refusal.ts";
import { deleteTool, found } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, book_id AS "bookId", number, title, summary`;

const LAST_NUMBER = 1000;
const number = z.int().min(1).max(LAST_NUMBER).describe("Which chapter of the book it is.");
const title = text(300, 1);
const summary = text(20_000);
const row = z.object({ id, bookId: id, number, title, summary });
type ChapterRow = z.infer<typeof row>;

/** The chapters of a book. */
export const chapterPlanning: Member = {
  name: "chapter-planning",
  tools: [
    tool({
      name: "list_chapters",
      description: "Lists the chapters of a book by id, which is not their order in the book.",
      effect: "reads",
      input: z.object({ ...pageInput, bookId: id }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<ChapterRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM chapters WHERE id > $1 AND book_id = $3 ORDER BY id LIMIT $2`,
          [args.bookId],
        ),
    }),
    tool({
      name: "create_chapter",
      description: "Adds a chapter; without a number after all others of the book.",
      effect: "adds",
      input: z.object({
        bookId: id,
        number: number.optional(),
        title,
        summary: summary.default(""),
      }),
      output: row,
      run: async (args, { database }) => {
        const [created] = await database.query<ChapterRow>(
          `INSERT INTO chapters (book_id, number, title, summary)
           SELECT $1::int, number, $3::text, $4::text
           FROM chapter_number($1, $2) AS number WHERE number <= ${LAST_NUMBER}
           RETURNING ${COLUMNS}`,
          [args.bookId, args.number, args.title, args.summary],
        );
        if (created !== undefined) return created;
        throw new Refusal(`number: none was given, and no chapter comes after ${LAST_NUMBER}`);
      },
    }),
    tool({
      name: "update_chapter",
      description: "Changes a chapter's text; what is not given stays.",
      effect: "changes",
      input: z.object({ id, title: title.optional(), summary: summary.optional() }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<ChapterRow>(
            `UPDATE chapters SET title = coalesce($2, title), summary = coalesce($3, summary)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.title, args.summary],
          ),
          "chapter",
          args.id,
        ),
    }),
    tool({
      name: "move_chapter",
      description: "Gives a chapter another number; those between move up or down by one.",
      effect: "changes",
      input: z.object({ id, number }),
      output: z.object({ moved: z.int().describe("Chapters whose number changed.") }),
      run: async (args, { database }) =>
        found(
          // One call, so that a connection is held no longer than Postgres needs.
          await database.query<{ moved: number }>(
            "SELECT moved FROM move_chapter($1, $2) AS moved WHERE moved IS NOT NULL",
            [args.id, args.number],
          ),
          "chapter",
          args.id,
        ),
    }),
    deleteTool("chapter", "chapters", "Deletes a chapter that has no scenes and no facts."),
  ],
};
