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

/** The text after a mark, wrapped, its further lines below the first one's beginning. */
export function hangingIndent(mark: string, text: string, columns: number): readonly string[] {
  return wrapped(text, columns - mark.length).map(
    (line, index) => `${index === 0 ? mark : " ".repeat(mark.length)}${line}`,
  );
}
