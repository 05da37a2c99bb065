import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, book_id AS "bookId", reviewer, rating, body`;

const reviewer = text(200, 1);
const rating = z.int().min(1).max(5);
const body = text(50_000);
const row = z.object({ id, bookId: id, reviewer, rating, body });
const summary = z.object({
  bookId: id,
  title: z.string(),
  reviews: z.int(),
  averageRating: z.number().nullable(),
});
type ReviewRow = z.infer<typeof row>;

/** What readers say of a book. */
export const review: Member = {
  name: "review",
  tools: [
    tool({
      name: "list_reviews",
      description: "Lists reviews by id: all, those of a book, or those with at most a rating.",
      effect: "reads",
      input: z.object({ ...pageInput, bookId: id.optional(), ratingAtMost: rating.optional() }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<ReviewRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM reviews
           WHERE id > $1 AND ($3::int IS NULL OR book_id = $3)
             AND ($4::int IS NULL OR rating <= $4) ORDER BY id LIMIT $2`,
          [args.bookId, args.ratingAtMost],
        ),
    }),
    tool({
      name: "add_review",
      description: "Adds a review of a book.",
      effect: "adds",
      input: z.object({ bookId: id, reviewer, rating, body: body.default("") }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<ReviewRow>(
            `INSERT INTO reviews (book_id, reviewer, rating, body)
             VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
            [args.bookId, args.reviewer, args.rating, args.body],
          ),
        ),
    }),
    tool({
      name: "summarize_reviews",
      description: "How many reviews a book has, and their average rating.",
      effect: "reads",
      input: z.object({ bookId: id }),
      output: summary,
      run: async (args, { database }) =>
        found(
          await database.query<z.infer<typeof summary>>(
            `SELECT b.id AS "bookId", b.title, count(r.id)::int AS reviews,
               round(avg(r.rating), 2)::float8 AS "averageRating"
             FROM books b LEFT JOIN reviews r ON r.book_id = b.id
             WHERE b.id = $1 GROUP BY b.id`,
            [args.bookId],
          ),
          "book",
          args.bookId,
        ),
    }),
    deleteTool("review", "reviews", "Deletes a review."),
  ],
};
