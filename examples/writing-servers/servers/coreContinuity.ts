import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, book_id AS "bookId", chapter_id AS "chapterId", subject, trait, value`;

const subject = text(200, 1).describe("Of whom or what: Mara.");
const trait = text(200, 1).describe("Which trait: eye colour.");
const value = text(2000, 1).describe("How it is: grey.");
const row = z.object({ id, bookId: id, chapterId: id.nullable(), subject, trait, value });
const contradiction = z.object({
  subject,
  trait,
  facts: z.array(z.object({ id, value, chapter: z.int().nullable() })),
});
type FactRow = z.infer<typeof row>;

/** What a book says of its world, so that it says the same on every page. */
export const coreContinuity: Member = {
  name: "core-continuity",
  tools: [
    tool({
      name: "list_facts",
      description: "Lists the facts of a book by id, all or those of a subject.",
      effect: "reads",
      input: z.object({ ...pageInput, bookId: id, subject: subject.optional() }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<FactRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM continuity_facts
           WHERE id > $1 AND book_id = $3 AND ($4::text IS NULL OR subject = $4)
           ORDER BY id LIMIT $2`,
          [args.bookId, args.subject],
        ),
    }),
    tool({
      name: "record_fact",
      description: "Adds a fact, with the chapter that establishes it.",
      effect: "adds",
      input: z.object({ bookId: id, chapterId: id.optional(), subject, trait, value }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<FactRow>(
            `INSERT INTO continuity_facts (book_id, chapter_id, subject, trait, value)
             VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
            [args.bookId, args.chapterId, args.subject, args.trait, args.value],
          ),
        ),
    }),
    tool({
      name: "correct_fact",
      description: "Gives a fact another value.",
      effect: "changes",
      input: z.object({ id, value }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<FactRow>(
            `UPDATE continuity_facts SET value = $2 WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.value],
          ),
          "fact",
          args.id,
        ),
    }),
    tool({
      name: "find_contradictions",
      description: "Finds traits for which a book has more than one value; at most 100.",
      effect: "reads",
      input: z.object({ bookId: id }),
      output: z.object({ contradictions: z.array(contradiction) }),
      run: async (args, { database }) => ({
        contradictions: await database.query<z.infer<typeof contradiction>>(
          `SELECT f.subject, f.trait, json_agg(json_build_object(
               'id', f.id, 'value', f.value, 'chapter', c.number) ORDER BY f.id) AS facts
           FROM continuity_facts f LEFT JOIN chapters c ON c.id = f.chapter_id
           WHERE f.book_id = $1
           GROUP BY f.subject, f.trait HAVING count(DISTINCT f.value) > 1
           ORDER BY f.subject, f.trait LIMIT 100`,
          [args.bookId],
        ),
      }),
    }),
    deleteTool("fact", "continuity_facts", "Deletes a fact."),
  ],
};
