import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { Busy, Unreachable } from "../../examples/writing-servers/outcome.ts";
import { explain, Refusal } from "../../examples/writing-servers/refusal.ts";

function sqlError(fields: Partial<DatabaseError>): DatabaseError {
  return Object.assign(new DatabaseError("in Postgres' words", 0, "error"), fields);
}

describe("what a caller is reported", () => {
  it.each([
    ["a refusal's own words", new Refusal("There is no book 7"), "refused", "There is no book 7"],
    [
      "whose connections are in use",
      new Busy(5),
      "busy",
      "Try again: this process has no connection to spare, of 5",
    ],
    [
      "why the database gave no answer",
      new Unreachable("connect ECONNREFUSED"),
      "unreachable",
      "The database can't be reached now, try again: connect ECONNREFUSED",
    ],
    [
      "which argument names nothing, in whatever language Postgres speaks",
      sqlError({
        code: "23503",
        table: "books",
        constraint: "books_author_id_fkey",
        detail: "Schlüssel (author_id)=(99) ist nicht in Tabelle »authors« vorhanden.",
      }),
      "refused",
      "authorId: found 99; there is no author with this id",
    ],
    [
      "that a row is still used",
      sqlError({
        code: "23503",
        table: "scene_casts",
        constraint: "scene_casts_character_id_fkey",
        detail: 'Key (id)=(3) is still referenced from table "scene_casts".',
      }),
      "refused",
      "The character 3 is still used in scene casts: delete these first, or have them refer to another",
    ],
    [
      "what to do when there are no tables",
      sqlError({ code: "42P01" }),
      "refused",
      "The tables are not there yet: run the migrations (migrate.ts)",
    ],
  ])("%s", (_, error, outcome, text) => {
    expect(explain(error)).toEqual({ outcome, text });
  });

  it.each([
    ["a defect of this program", new TypeError("x is not a function at /app/secret.ts:7")],
    ["SQL that is wrong", sqlError({ code: "42601" })],
    ["a constraint that nobody described", sqlError({ code: "23514", constraint: "other" })],
    ["what is no error at all", "text"],
  ])("nothing of %s", (_, error) => {
    expect(explain(error)).toEqual({
      outcome: "defect",
      text: "The server failed; its log says why",
    });
  });
});
