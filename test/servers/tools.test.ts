import type { Client } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MEMBERS } from "../../examples/writing-servers/members.ts";
import { call, modernClient } from "./mcpClients.ts";
import { startReady, startStudio, type Studio, type WritingServer } from "./studio.ts";

/** The calls of this file, in order: each builds on what those before it made. */
const called = new Set<string>();

let studio: Studio;
let server: WritingServer;
let client: Client;

beforeAll(async () => {
  studio = await startStudio();
  const active = MEMBERS.map(({ name }) => name);
  server = await startReady(studio, { active });
  client = await modernClient(server);
});

afterAll(async () => {
  await client.close();
  await server.process.stop("SIGKILL");
  await studio.stop();
});

function use(name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  called.add(name);
  return call(client, name, args);
}

describe("all ten servers in one process", () => {
  it("keep authors", async () => {
    expect(await use("create_author", { name: "Ines" })).toEqual({
      id: 1,
      name: "Ines",
      biography: "",
    });
    await use("create_author", { name: "Olek", biography: "Writes at night." });
    expect(await use("update_author", { id: 1, biography: "Writes at dawn." })).toEqual({
      id: 1,
      name: "Ines",
      biography: "Writes at dawn.",
    });
    expect(await use("list_authors")).toMatchObject({ items: [{ id: 1 }, { id: 2 }] });
    expect(await use("delete_author", { id: 2 })).toEqual({ deleted: 2 });
  });

  it("plan series and books", async () => {
    const series = { authorId: 1, title: "Tides", plannedBooks: 3 };
    expect(await use("create_series", series)).toEqual({ id: 1, premise: "", ...series });
    expect(await use("update_series", { id: 1, plannedBooks: 2 })).toMatchObject({
      plannedBooks: 2,
    });
    const book = { authorId: 1, title: "Ebb", targetWords: 1000, seriesId: 1, position: 1 };
    expect(await use("create_book", book)).toEqual({ id: 1, status: "planned", ...book });
    await use("create_book", { authorId: 1, title: "Alone", targetWords: 500 });
    expect(await use("update_book", { id: 1, status: "drafting" })).toMatchObject({
      status: "drafting",
      title: "Ebb",
    });
    expect(await use("list_books", { status: "planned" })).toMatchObject({
      items: [{ id: 2, seriesId: null, position: null }],
    });
    expect(await use("list_series", { authorId: 1 })).toMatchObject({ items: [{ id: 1 }] });
    expect(await use("get_series", { id: 1 })).toMatchObject({
      books: [{ id: 1, position: 1, title: "Ebb", status: "drafting" }],
    });
    expect(await use("get_author", { id: 1 })).toMatchObject({ series: 1, books: 2 });
  });

  it("plan chapters, and renumber those between", async () => {
    for (const title of ["One", "Two", "Three", "Four"]) {
      await use("create_chapter", { bookId: 1, title });
    }
    expect(await use("move_chapter", { id: 4, number: 2 })).toEqual({ moved: 3 });
    expect(await use("move_chapter", { id: 4, number: 2 })).toEqual({ moved: 0 });
    expect(await use("get_book", { id: 1 })).toMatchObject({
      chapters: ["One", "Four", "Two", "Three"].map((title, index) => ({
        number: index + 1,
        title,
      })),
    });
    expect(await use("update_chapter", { id: 2, summary: "They meet." })).toMatchObject({
      number: 3,
      summary: "They meet.",
    });
    expect(await use("list_chapters", { bookId: 1 })).toMatchObject({
      items: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }],
    });
    expect(await use("delete_chapter", { id: 4 })).toEqual({ deleted: 4 });
  });

  it("plan characters and scenes", async () => {
    await use("create_character", { bookId: 1, name: "Mara", role: "protagonist" });
    await use("create_character", { bookId: 1, name: "Juno", role: "minor" });
    expect(await use("update_character", { id: 2, role: "antagonist" })).toMatchObject({
      name: "Juno",
      role: "antagonist",
    });
    expect(await use("list_characters", { bookId: 1, role: "antagonist" })).toMatchObject({
      items: [{ id: 2 }],
    });
    await use("create_scene", {
      chapterId: 1,
      number: 1,
      summary: "At the harbour.",
      viewpointCharacterId: 1,
    });
    expect(await use("update_scene", { id: 1, words: 250 })).toMatchObject({
      words: 250,
      viewpointCharacterId: 1,
    });
    expect(await use("cast_scene", { sceneId: 1, characterIds: [1, 2] })).toMatchObject({
      came: 2,
      left: 0,
    });
    expect(await use("cast_scene", { sceneId: 1, characterIds: [1] })).toMatchObject({
      came: 0,
      left: 1,
    });
    expect(await use("get_scene", { id: 1 })).toMatchObject({ cast: [{ id: 1, name: "Mara" }] });
    expect(await use("get_character", { id: 1 })).toMatchObject({
      scenes: [{ id: 1, chapter: 1, number: 1 }],
    });
    await use("create_scene", { chapterId: 2, number: 1, summary: "At sea." });
    expect(await use("list_scenes", { chapterId: 2 })).toMatchObject({
      items: [{ id: 2, words: 0, viewpointCharacterId: null }],
    });
    expect(await use("delete_scene", { id: 2 })).toEqual({ deleted: 2 });
    expect(await use("delete_character", { id: 2 })).toEqual({ deleted: 2 });
  });

  it("keep facts, and find those that contradict each other", async () => {
    const eyes = { bookId: 1, subject: "Mara", trait: "eyes" };
    await use("record_fact", { ...eyes, value: "grey", chapterId: 1 });
    await use("record_fact", { ...eyes, value: "green" });
    expect(await use("find_contradictions", { bookId: 1 })).toEqual({
      contradictions: [
        {
          subject: "Mara",
          trait: "eyes",
          facts: [
            { id: 1, value: "grey", chapter: 1 },
            { id: 2, value: "green", chapter: null },
          ],
        },
      ],
    });
    await use("correct_fact", { id: 2, value: "grey" });
    expect(await use("find_contradictions", { bookId: 1 })).toEqual({ contradictions: [] });
    expect(await use("list_facts", { bookId: 1, subject: "Mara" })).toMatchObject({
      items: [{ id: 1 }, { id: 2, chapterId: null }],
    });
    expect(await use("delete_fact", { id: 2 })).toEqual({ deleted: 2 });
  });

  it("review and report", async () => {
    await use("add_review", { bookId: 1, reviewer: "A reader", rating: 5 });
    await use("add_review", { bookId: 1, reviewer: "Another", rating: 2, body: "Too long." });
    expect(await use("summarize_reviews", { bookId: 1 })).toEqual({
      bookId: 1,
      title: "Ebb",
      reviews: 2,
      averageRating: 3.5,
    });
    expect(await use("summarize_reviews", { bookId: 2 })).toMatchObject({ averageRating: null });
    expect(await use("list_reviews", { ratingAtMost: 3 })).toMatchObject({ items: [{ id: 2 }] });
    expect(await use("delete_review", { id: 2 })).toEqual({ deleted: 2 });

    const figures = { bookId: 1, chapters: 3, scenes: 1, words: 250, targetWords: 1000 };
    expect(await use("book_progress", { bookId: 1 })).toEqual(figures);
    expect(await use("make_report", { bookId: 1 })).toMatchObject(figures);
    expect(await use("list_reports", { bookId: 1 })).toMatchObject({ items: [figures] });
    expect(await use("get_report", { id: 1 })).toMatchObject(figures);
    expect(await use("studio_totals")).toEqual({
      authors: 1,
      series: 1,
      books: 2,
      finishedBooks: 0,
      chapters: 3,
      scenes: 1,
      words: 250,
    });
  });

  it("look after the database", async () => {
    expect(await use("check_database")).toEqual({
      version: expect.stringMatching(/^\d+/),
      maxConnections: 100,
      readOnly: false,
    });
    const { limit } = studio.tier.plan.servers.find(({ name }) => name === "database-admin") ?? {};
    expect(await use("show_pool")).toMatchObject({
      servers: MEMBERS.map(({ name }) => name),
      limit,
      waiting: 0,
    });
    // A check of the server's own may be active at the same moment.
    await expect
      .poll(() => use("count_connections"))
      .toMatchObject({
        connections: expect.arrayContaining([{ state: "active", connections: 1 }]),
      });
    expect(await use("list_tables")).toMatchObject({
      tables: expect.arrayContaining([expect.objectContaining({ name: "books" })]),
    });
    expect(await use("list_migrations")).toMatchObject({
      migrations: [
        { name: expect.stringMatching(/^001-/) },
        { name: expect.stringMatching(/^002-/) },
        { name: expect.stringMatching(/^003-/) },
        { name: expect.stringMatching(/^004-/) },
        { name: expect.stringMatching(/^005-/) },
      ],
    });
  });

  it("delete what nothing refers to", async () => {
    expect(await use("delete_book", { id: 2 })).toEqual({ deleted: 2 });
    await use("create_series", { authorId: 1, title: "Never", plannedBooks: 1 });
    expect(await use("delete_series", { id: 2 })).toEqual({ deleted: 2 });
  });

  it("have been called here, each of their tools, which have distinct names", async () => {
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect([...called].toSorted()).toEqual(names.toSorted());
  });
});

describe("a call that can't be", () => {
  it("names the row that is not there, by the argument that named it", async () => {
    await expect(use("create_book", { authorId: 99, title: "X", targetWords: 1 })).rejects.toThrow(
      "authorId: found 99; there is no author with this id",
    );
    await expect(use("cast_scene", { sceneId: 1, characterIds: [77] })).rejects.toThrow(
      "characterId: found 77; there is no character with this id",
    );
    await expect(use("update_scene", { id: 1, viewpointCharacterId: 88 })).rejects.toThrow(
      "viewpointCharacterId: found 88; there is no viewpoint character with this id",
    );
  });

  it("says where a row is still used", async () => {
    await expect(use("delete_author", { id: 1 })).rejects.toThrow(
      /^The author 1 is still used in (?:series|books): delete these first, or have them refer to another$/,
    );
    await expect(use("delete_character", { id: 1 })).rejects.toThrow(
      /^The (?:viewpoint )?character 1 is still used in scene/,
    );
  });

  it("says which rule it breaks", async () => {
    await expect(use("create_author", { name: "Ines" })).rejects.toThrow(
      "Refused: there is an author of this name already",
    );
    await expect(
      use("create_book", { authorId: 1, title: "X", targetWords: 1, seriesId: 1 }),
    ).rejects.toThrow("Refused: seriesId and position belong together: give both or none");
    await expect(use("create_chapter", { bookId: 1, number: 1, title: "X" })).rejects.toThrow(
      "Refused: the book has a chapter of this number already",
    );
  });

  it("has no chapter after the last that can be, and leaves the others to be read", async () => {
    const { id: bookId } = await use("create_book", { authorId: 1, title: "Long", targetWords: 1 });
    await use("create_chapter", { bookId, number: 1000, title: "The last" });
    await expect(use("create_chapter", { bookId, title: "One more" })).rejects.toThrow(
      "number: none was given, and no chapter comes after 1000",
    );
    expect(await use("list_chapters", { bookId })).toMatchObject({
      items: [{ number: 1000, title: "The last" }],
    });
  });

  it("is reported which text Postgres can't keep", async () => {
    await expect(use("create_author", { name: "a\0b" })).rejects.toThrow(
      /name.*must not contain the character U\+0000/s,
    );
  });

  it("says what is not there, and what an argument may be", async () => {
    await expect(use("get_book", { id: 42 })).rejects.toThrow("There is no book 42");
    await expect(use("book_progress", { bookId: 42 })).rejects.toThrow("There is no book 42");
    await expect(use("list_books", { limit: 1000 })).rejects.toThrow(/limit.*100/s);
    await expect(use("create_author", {})).rejects.toThrow(/name/);
    await expect(use("list_books", { cursor: "tomorrow" })).rejects.toThrow(
      'cursor: found "tomorrow"; must be the nextCursor of another page',
    );
  });
});

describe("a list in pages", () => {
  it("shows each item once, also when some come or go meanwhile", async () => {
    for (let review = 1; review <= 7; review += 1) {
      await use("add_review", { bookId: 1, reviewer: `reader ${review}`, rating: 3 });
    }
    const ids: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await use("list_reviews", {
        bookId: 1,
        limit: 3,
        ...(ids.length > 0 && { cursor }),
      });
      ids.push(...idsOf(page["items"]));
      cursor = page["nextCursor"];
      // One that was seen goes, one that will be seen comes.
      if (ids.length === 3) {
        await use("delete_review", { id: ids[0] });
        await use("add_review", { bookId: 1, reviewer: "late", rating: 4 });
      }
    } while (cursor !== undefined);
    expect(ids).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

function idsOf(items: unknown): unknown[] {
  return Array.isArray(items) ? items.map(({ id }: { id: unknown }) => id) : [];
}
