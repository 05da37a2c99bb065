import { afterAll, beforeAll, expect, test } from "vitest";
import { POOL_ENV } from "../../pool/names.ts";
import { call, modernClient } from "./mcpClients.ts";
import { startReady, startStudio, superuserOf, type Studio, type WritingServer } from "./studio.ts";

/** Chapters of one book that are added or moved at the same time, by calls that meet in Postgres. */

const REFUSAL = "Error: Refused: the book has a chapter of this number already";

let studio: Studio;
let server: WritingServer;
let client: Awaited<ReturnType<typeof modernClient>>;

beforeAll(async () => {
  studio = await startStudio();
  server = await startReady(studio, {
    name: "chapter-planning",
    active: ["author", "book-planning", "chapter-planning"],
    // However slow this machine is: nothing but Postgres is to refuse a call.
    env: { [POOL_ENV.connectionTimeoutMs]: "0" },
  });
  client = await modernClient(server);
  await call(client, "create_author", { name: "Ines" });
});

afterAll(async () => {
  await client.close();
  await server.process.stop("SIGKILL");
  await studio.stop();
});

async function newBook(title: string): Promise<unknown> {
  const { id } = await call(client, "create_book", { authorId: 1, title, targetWords: 1 });
  return id;
}

/**
 * Makes calls none of which is done before two at least have reached Postgres: until then nobody
 * can lock the book, or refer to it.
 *
 * @returns what each call gave, or its error as text
 */
async function atOnce<T>(
  bookId: unknown,
  calls: readonly (() => Promise<T>)[],
): Promise<readonly (T | string)[]> {
  const lock = superuserOf(studio);
  await lock.connect();
  await lock.query("BEGIN");
  await lock.query("SELECT FROM books WHERE id = $1 FOR UPDATE", [bookId]);
  const done = Promise.all(calls.map((each) => each().catch(String)));
  const waiting = () => lock.query("SELECT DISTINCT pid FROM pg_locks WHERE NOT granted");
  await expect.poll(async () => (await waiting()).rowCount).toBeGreaterThan(1);
  await lock.query("COMMIT");
  await lock.end();
  return done;
}

/** @returns the number that each chapter got, or why it got none */
function addAtOnce(
  bookId: unknown,
  chapters: readonly { readonly title: string; readonly number?: number }[],
): Promise<readonly unknown[]> {
  return atOnce(
    bookId,
    chapters.map(
      (chapter) => () =>
        call(client, "create_chapter", { bookId, ...chapter }).then(({ number }) => number),
    ),
  );
}

test("without a number they get the next ones: no gap, and none is refused", async () => {
  const titles = Array.from({ length: 40 }, (_, index) => `chapter ${index}`);
  const numbers = await addAtOnce(
    await newBook("Many"),
    titles.map((title) => ({ title })),
  );
  expect(new Set(numbers)).toEqual(new Set(titles.map((_, index) => index + 1)));
});

test("with the same number, one of them gets it, and the others are reported", async () => {
  const chapters = ["A", "B", "C"].map((title) => ({ title, number: 7 }));
  const numbers = await addAtOnce(await newBook("One"), chapters);
  expect(new Set(numbers)).toEqual(new Set([7, REFUSAL]));
  expect(numbers.filter((number) => number === 7)).toHaveLength(1);
});

test("two that are moved at once are moved one after the other, and none is refused", async () => {
  const bookId = await newBook("Moved");
  const ids: unknown[] = [];
  for (const title of ["One", "Two", "Three", "Four", "Five", "Six"]) {
    ids.push((await call(client, "create_chapter", { bookId, title })).id);
  }
  const moves = [
    { id: ids[0], number: 6 },
    { id: ids[5], number: 1 },
    { id: ids[2], number: 5 },
  ];
  const moved = await atOnce(
    bookId,
    moves.map((move) => () => call(client, "move_chapter", move).then((answer) => answer.moved)),
  );
  expect(moved).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
  const { chapters } = await call(client, "get_book", { id: bookId });
  expect(chapters).toMatchObject([1, 2, 3, 4, 5, 6].map((number) => ({ number })));
});
