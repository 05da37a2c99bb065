import type { Page, Style } from "./paint.ts";

/**
 * Breaks a text at its spaces into lines of at most `width` columns; a longer word has a line of its
 * own. An empty text is one empty line.
 */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width || line === "") {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

const PLAIN: Style = (line) => line;

/** The text after a mark, wrapped, its further lines below the first one's beginning. */
export function hangingIndent(
  mark: string,
  text: string,
  { columns }: Page,
  style: Style = PLAIN,
): readonly string[] {
  return wrapped(text, columns - mark.length).map((line, index) =>
    style(`${index === 0 ? mark : " ".repeat(mark.length)}${line}`),
  );
}

/** The texts, indented and numbered from 1. */
export function numbered(texts: readonly string[], page: Page): readonly string[] {
  return texts.flatMap((text, index) => hangingIndent(`  ${index + 1}. `, text, page));
}

/** The text, wrapped and indented by two, with a mark of one column before its first line. */
export function marked(
  mark: string,
  text: string,
  { columns }: Page,
  style: Style = PLAIN,
): readonly string[] {
  return wrapped(text, columns - 2).map(
    (line, index) => `${index === 0 ? mark : " "} ${style(line)}`,
  );
}

/** A title in bold and what it says, `title: text`, wrapped. */
export function titled(title: string, text: string, { columns, paint }: Page): readonly string[] {
  const [first = "", ...rest] = wrapped(`${title}: ${text}`, columns - 2);
  const isWhole = first.startsWith(`${title}:`);
  return [
    isWhole ? `${paint.bold(title)}${first.slice(title.length)}` : paint.bold(first),
    ...rest.map((line) => `  ${line}`),
  ];
}

/** Blocks of lines with an empty line between them, without the empty ones; ends with a newline. */
export function blocksText(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter(({ length }) => length > 0);
  return `${filled.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
