/** A call that each of the ten servers answers, also without any data: it reads a table. */
export const CALLS: Readonly<Record<string, { readonly name: string; readonly args: Args }>> = {
  "book-planning": { name: "list_books", args: {} },
  "series-planning": { name: "list_series", args: {} },
  "chapter-planning": { name: "list_chapters", args: { bookId: 1 } },
  "character-planning": { name: "list_characters", args: { bookId: 1 } },
  scene: { name: "list_scenes", args: { chapterId: 1 } },
  "core-continuity": { name: "list_facts", args: { bookId: 1 } },
  review: { name: "list_reviews", args: {} },
  reporting: { name: "studio_totals", args: {} },
  author: { name: "list_authors", args: {} },
  "database-admin": { name: "list_tables", args: {} },
};

type Args = Readonly<Record<string, unknown>>;

/** The call of one of them. */
export function callOf(member: string): { readonly name: string; readonly args: Args } {
  const call = CALLS[member];
  if (call === undefined) throw new Error(`no call of ${member}`);
  return call;
}
