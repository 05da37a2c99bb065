import { z } from "zod";
import { id, page, pageInput, pageOutput } from "../page.ts";
import { deleteTool, found, idInput, single } from "../rows.ts";
import { text } from "../text.ts";
import { tool, type Member } from "../tool.ts";

const COLUMNS = `id, chapter_id AS "chapterId", number, summary, words,
  viewpoint_character_id AS "viewpointCharacterId"`;

const number = z.int().min(1).max(1000).describe("Which scene of the chapter it is.");
const summary = text(20_000, 1);
const words = z.int().min(0).max(1_000_000).describe("How many are written.");
const viewpointCharacterId = id.describe("Through whose eyes it is told.");
const row = z.object({
  id,
  chapterId: id,
  number,
  summary,
  words,
  viewpointCharacterId: viewpointCharacterId.nullable(),
});
const cast = z.array(z.object({ id, name: z.string() }));
type SceneRow = z.infer<typeof row>;

/** The scenes of a chapter, and who is in them. */
export const scene: Member = {
  name: "scene",
  tools: [
    tool({
      name: "list_scenes",
      description: "Lists the scenes of a chapter by id.",
      effect: "reads",
      input: z.object({ ...pageInput, chapterId: id }),
      output: pageOutput(row),
      run: (args, { database }) =>
        page<SceneRow>(
          database,
          args,
          `SELECT ${COLUMNS} FROM scenes WHERE id > $1 AND chapter_id = $3 ORDER BY id LIMIT $2`,
          [args.chapterId],
        ),
    }),
    tool({
      name: "get_scene",
      description: "One scene, with its cast.",
      effect: "reads",
      input: idInput,
      output: row.extend({ cast }),
      run: async (args, { database }) =>
        found(
          await database.query<SceneRow & { cast: z.infer<typeof cast> }>(
            `SELECT ${COLUMNS}, coalesce(
               (SELECT json_agg(json_build_object('id', c.id, 'name', c.name) ORDER BY c.name)
                FROM scene_casts sc JOIN characters c ON c.id = sc.character_id
                WHERE sc.scene_id = scenes.id),
               '[]') AS cast
             FROM scenes WHERE id = $1`,
            [args.id],
          ),
          "scene",
          args.id,
        ),
    }),
    tool({
      name: "create_scene",
      description: "Adds a scene to a chapter.",
      effect: "adds",
      input: z.object({
        chapterId: id,
        number,
        summary,
        words: words.default(0),
        viewpointCharacterId: viewpointCharacterId.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        single(
          await database.query<SceneRow>(
            `INSERT INTO scenes (chapter_id, number, summary, words, viewpoint_character_id)
             VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
            [args.chapterId, args.number, args.summary, args.words, args.viewpointCharacterId],
          ),
        ),
    }),
    tool({
      name: "update_scene",
      description: "Changes a scene, or tells how many words are written; what is not given stays.",
      effect: "changes",
      input: z.object({
        id,
        summary: summary.optional(),
        words: words.optional(),
        viewpointCharacterId: viewpointCharacterId.optional(),
      }),
      output: row,
      run: async (args, { database }) =>
        found(
          await database.query<SceneRow>(
            `UPDATE scenes SET summary = coalesce($2, summary), words = coalesce($3, words),
               viewpoint_character_id = coalesce($4, viewpoint_character_id)
             WHERE id = $1 RETURNING ${COLUMNS}`,
            [args.id, args.summary, args.words, args.viewpointCharacterId],
          ),
          "scene",
          args.id,
        ),
    }),
    tool({
      name: "cast_scene",
      description: "Says who is in a scene, in place of those who were.",
      effect: "changes",
      input: z.object({ sceneId: id, characterIds: z.array(id).max(100) }),
      output: z.object({ sceneId: id, came: z.int(), left: z.int() }),
      run: async ({ sceneId, characterIds }, { database }) => {
        const [changed] = await database.query<{ came: number; left: number }>(
          `WITH gone AS (
             DELETE FROM scene_casts WHERE scene_id = $1 AND character_id <> ALL ($2::int[])
             RETURNING character_id
           ), come AS (
             INSERT INTO scene_casts (scene_id, character_id)
             SELECT $1, wanted FROM unnest($2::int[]) AS wanted
             ON CONFLICT DO NOTHING RETURNING character_id
           )
           SELECT (SELECT count(*)::int FROM come) AS came,
             (SELECT count(*)::int FROM gone) AS left`,
          [sceneId, characterIds],
        );
        return { sceneId, came: changed?.came ?? 0, left: changed?.left ?? 0 };
      },
    }),
    deleteTool("scene", "scenes", "Deletes a scene."),
  ],
};
