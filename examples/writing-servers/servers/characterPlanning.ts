import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, idInput, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, book_id AS "bookId", name, role, description`;

const name = text(200, 1);
const role = z.enum(["protagonist", "antagonist", "supporting", "minor"]);
const description = text(20_000);
const row = z.object({ id, bookId: id, name, role, description });
const scenes = z.array(z.object({ id, chapter: z.int(), number: z.int() }));
type CharacterRow = z.infer<typeof row>;

/** Who is in a book. */
export const characterPlanning: Member = {
  name: "character-planning",
  tools: [
    tool({
      name: "list_characters",
      description: "Lists the characters of a book by id, all or those in a role.",
      effect: "reads",
      input: z.object({ ...pageInput, bookId: id, role: role.optional() }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<CharacterRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM characters
           WHERE id > $1 AND book_id = $3 AND ($4::text IS NULL OR role = $4)
           ORDER BY id LIMIT $2`,
          [args.bookId, args.role],
        ),
    }),
    tool({
      name: "get_character",
      description: "One character, with the scenes they are in, in the book's order.",
      effect: "reads",
      input: idInput,
      output: row.extend({ scenes }),
      run: async (args, { database }) =>
        found(
          await database.query<CharacterRow & { scenes: z.infer<typeof scenes> }>(
            `SELECT ${COLUMNS}, coalesce(
               (SELECT json_agg(json_build_object('id', s.id, 'chapter', c.number, 'number', s.number)
                  ORDER BY c.number, s.number)
                FROM scene_casts sc JOIN scenes s ON s.id = sc.scene_id
                  JOIN chapters c ON c.id = s.chapter_id
                WHERE sc.character_id = characters.id),
               '[]') AS scenes
             FROM characters WHERE id = $1`,
            [args.id],
          ),
          "character",
          args.id,
        ),
    }),
    tool({
      name: "create_character",
      description: "Adds a character to a book.",
      effect: "adds",
      input: z.object({ bookId: id, name, role, description: description.default("") }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<CharacterRow>(
            `INSERT INTO characters (book_id, name, role, description)
             VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
            [args.bookId, args.name, args.role, args.description],
          ),
        ),
    }),
    tool({
      name: "update_character",
      description: "Changes a character; what is not given stays.",
      effect: "changes",
      input: z.object({
        id,
        name: name.optional(),
        role: role.optional(),
        description: description.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<CharacterRow>(
            `UPDATE characters SET name = coalesce($2, name), role = coalesce($3, role),
               description = coalesce($4, description)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.name, args.role, args.description],
          ),
          "character",
          args.id,
        ),
    }),
    deleteTool("character", "characters", "Deletes a character who is in no scene."),
  ],
};
