import { z } from "zod";

/** A row of docs/rooms.json: a folder or a file, and what holds for what is below it. */
export const ROOM = z.strictObject({
  /** The longest match counts. */
  place: z.string(),
  holds: z.string(),
  /** Places above this one, packages, modules of node. */
  imports: z.array(z.string()).default([]),
  /** No node:* module, no clock, no randomness, no network: all of it, or these files. */
  pure: z.union([z.literal(true), z.array(z.string())]).optional(),
});

export type RoomRow = z.infer<typeof ROOM>;

/** The table as docs/architecture.md shows it. */
export function roomsTable(rooms: readonly RoomRow[]): string {
  return [
    "| place | holds | may import | pure |",
    "|---|---|---|---|",
    ...rooms.map(({ place, holds, imports, pure }) => {
      const isFile = place.endsWith(".ts");
      const cells = [
        `\`${place}${isFile ? "" : "/"}\``,
        holds,
        imports.map((name) => name.replace(/^src\//, "")).join(", "),
        pure === true ? "yes" : (pure ?? []).map((name) => name.replace(/\.ts$/, "")).join(", "),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}
