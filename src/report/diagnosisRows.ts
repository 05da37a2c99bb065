import type { Paint } from "../text/paint.ts";
import { hangingIndent, wrapped } from "../text/wrap.ts";

/** One row: numbers, a name, and a text that may be long. */
export interface Row {
  readonly numbers: readonly string[];
  readonly name: string;
  readonly text: string;
}

/** The text is the same as in the row above. */
const SAME = "″";

/** Narrower than this a text is not read but spelled. */
const TEXT_COLUMNS_MIN = 30;
/** Rows of one table; a longer one is not read. */
const ROWS_MAX = 40;

/**
 * A table whose last column wraps; where the terminal is too narrow for that, the text stands below
 * its row. Only its first rows are shown where there are many; `rest` says what the others are.
 */
export function rowsOf(
  headings: Row,
  rows: readonly Row[],
  columns: number,
  paint: Paint,
  rest: (hidden: number) => string,
): readonly string[] {
  const shown = rows.slice(0, ROWS_MAX);
  const numberColumns = headings.numbers.map((heading, column) =>
    widest([heading, ...shown.map(({ numbers }) => numbers[column] ?? "")]),
  );
  const nameColumns = widest([headings.name, ...shown.map(({ name }) => name)]);
  const left = ({ numbers, name }: Row): string =>
    [
      `  ${name.padEnd(nameColumns)}`,
      ...numbers.map((number, column) => number.padStart(numberColumns[column] ?? 0)),
    ].join("  ");
  const heading = left(headings);
  const beside = columns - heading.length - 2 >= TEXT_COLUMNS_MIN;
  const indent = beside ? heading.length + 2 : 6;
  const lines = [paint.dim(`${heading}${beside ? `  ${headings.text}` : ""}`.trimEnd())];
  for (const [index, row] of shown.entries()) {
    if (row.text !== "" && shown[index - 1]?.text === row.text) {
      lines.push(`${left(row)}  ${paint.dim(SAME)}`);
      continue;
    }
    const texts = row.text === "" ? [] : wrapped(row.text, columns - indent);
    if (beside) {
      const [first = "", ...further] = texts;
      lines.push(
        `${left(row)}  ${first}`.trimEnd(),
        ...further.map((text) => " ".repeat(indent) + text),
      );
    } else lines.push(left(row), ...texts.map((text) => " ".repeat(indent) + text));
  }
  const hidden = rows.length - shown.length;
  return hidden === 0 ? lines : [...lines, paint.dim(`  … ${rest(hidden)}`)];
}

/** A title in bold and what it says, `title: text`, wrapped. */
export function titled(
  title: string,
  text: string,
  columns: number,
  paint: Paint,
): readonly string[] {
  const [first = "", ...rest] = hangingIndent("", `${title}: ${text}`, columns - 2);
  const isWhole = first.startsWith(`${title}:`);
  return [
    isWhole ? `${paint.bold(title)}${first.slice(title.length)}` : paint.bold(first),
    ...rest.map((line) => `  ${line}`),
  ];
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, text.length), 0);
}
