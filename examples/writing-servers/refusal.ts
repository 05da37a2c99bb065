import { DatabaseError } from "pg";
import { Busy, Unreachable } from "./outcome.ts";

/** An error that the caller can do something about; its message is for them. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

const FOREIGN_KEY = "23503";
const NO_TABLE = "42P01";

/** What unique and check constraints say, where Postgres would only name them. */
const RULES: Readonly<Record<string, string>> = {
  authors_name_key: "there is an author of this name already",
  series_author_id_title_key: "this author has a series of this title already",
  books_series_id_position_key: "this position in the series is taken by another book",
  books_position_in_series: "seriesId and position belong together: give both or none",
  chapters_book_id_number_key: "the book has a chapter of this number already",
  characters_book_id_name_key: "the book has a character of this name already",
  scenes_chapter_id_number_key: "the chapter has a scene of this number already",
};

/** Why a call failed, for its caller, and whose matter it is. */
export interface Explanation {
  readonly outcome: "refused" | "busy" | "unreachable" | "defect";
  readonly text: string;
}

/** Reads what a tool threw. */
export function explain(error: unknown): Explanation {
  if (error instanceof Refusal) return { outcome: "refused", text: error.message };
  if (error instanceof Busy) return { outcome: "busy", text: `Try again: ${error.message}` };
  if (error instanceof Unreachable) {
    const text = `The database can't be reached now, try again: ${error.message}`;
    return { outcome: "unreachable", text };
  }
  const text = error instanceof DatabaseError ? explainSql(error) : undefined;
  return text === undefined
    ? { outcome: "defect", text: "The server failed; its log says why" }
    : { outcome: "refused", text };
}

function explainSql(error: DatabaseError): string | undefined {
  const { code, constraint = "" } = error;
  if (code === FOREIGN_KEY) return explainForeignKey(error);
  if (code === NO_TABLE) return "The tables are not there yet: run the migrations (migrate.ts)";
  const rule = RULES[constraint];
  return rule === undefined ? undefined : `Refused: ${rule}`;
}

/**
 * A foreign key `TABLE_COLUMN_fkey` is broken from either end: the row to refer to is not there, or
 * the row to delete is still referred to. Postgres tells the ends apart in its detail alone, which
 * names the key's own column in the first case, and the other table's in the second.
 */
function explainForeignKey({ table = "", constraint = "", detail = "" }: DatabaseError): string {
  const column = constraint.slice(table.length + 1, -"_fkey".length);
  const noun = column.replace(/_id$/, "").replaceAll("_", " ");
  const [, key, value] = /\((\w+)\)=\((\w+)\)/.exec(detail) ?? [];
  return key === column
    ? `${camelCase(column)}: found ${value}; there is no ${noun} with this id`
    : `The ${noun} ${value} is still used in ${table.replaceAll("_", " ")}: delete these first, or have them refer to another`;
}

function camelCase(column: string): string {
  return column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
