import type { Page, Style } from "./paint.ts";
import { wrapped } from "./wrap.ts";

/** One row: a name, numbers, and a text that may be long. */
export interface TableRow {
  readonly name: string;
  readonly numbers: readonly (number | string)[];
  readonly text?: string;
}

/** How a table's texts stand. */
interface TableLayout {
  /** Before each row. */
  readonly indent: string;
  /** Narrower than this a text would be spelled, not read: it stands below its row. */
  readonly textColumnsMin: number;
  /** Wider than this the eye does not find the next line. */
  readonly textColumnsMax?: number;
  readonly textStyle?: Style;
}

/** The text is the same as in the row above. */
const SAME = "″";

/**
 * A table whose last column wraps; where the terminal is too narrow for that, the text stands below
 * its row. A text that is the same as in the row above is not repeated.
 */
export function table(
  headings: TableRow,
  rows: readonly TableRow[],
  { columns, paint }: Page,
  { indent, textColumnsMin, textColumnsMax = Infinity, textStyle = (text) => text }: TableLayout,
): readonly string[] {
  const numberColumns = headings.numbers.map((heading, column) =>
    widest([heading, ...rows.map(({ numbers }) => numbers[column] ?? "")].map(String)),
  );
  const nameColumns = widest([headings.name, ...rows.map(({ name }) => name)]);
  const left = ({ numbers, name }: TableRow): string =>
    [
      `${indent}${name.padEnd(nameColumns)}`,
      ...numbers.map((number, column) => `${number}`.padStart(numberColumns[column] ?? 0)),
    ].join("  ");
  const heading = left(headings);
  const isBeside = columns - heading.length - 2 >= textColumnsMin;
  const textIndent = " ".repeat(isBeside ? heading.length + 2 : indent.length + 4);
  const textColumns = Math.min(textColumnsMax, columns - textIndent.length);
  const lines = [paint.dim(`${heading}${isBeside ? `  ${headings.text ?? ""}` : ""}`.trimEnd())];
  for (const [index, row] of rows.entries()) {
    const { text = "" } = row;
    if (text !== "" && rows[index - 1]?.text === text) {
      lines.push(`${left(row)}  ${paint.dim(SAME)}`);
      continue;
    }
    const texts = text === "" ? [] : wrapped(text, textColumns).map(textStyle);
    const [first = "", ...further] = isBeside ? texts : ["", ...texts];
    lines.push(`${left(row)}  ${first}`.trimEnd(), ...further.map((line) => textIndent + line));
  }
  return lines;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, text.length), 0);
}
