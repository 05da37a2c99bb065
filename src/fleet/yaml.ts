import { LineCounter } from "yaml";
import { placeOf, readLocatedYaml, type LocatedYaml } from "./locatedYaml.ts";
import { problemText, type FieldProblem, type Problem, type YamlProblem } from "./problem.ts";
import { readSimpleYaml } from "./simpleYaml.ts";

/**
 * How weir reads YAML: a text is divided into documents; each is read quickly where it is simple
 * (`simple`), and else slowly, with all its problems and the place of every value (`located`).
 */

/** A text to read objects from. */
export interface SourceText {
  /** The name for problems: a file's path. */
  readonly name: string;
  readonly text: string;
}

/** A place in a text, both counted from 1; columns in UTF-16 units. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds lines and columns in a text. The table of lines is made when first needed. */
export class LineTable {
  readonly #text: string;
  #counter: LineCounter | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The place of an offset (UTF-16 units from 0). */
  positionAt(offset: number): Position {
    this.#counter ??= lineCounterOf(this.#text);
    const { line, col } = this.#counter.linePos(offset);
    return { line, column: col };
  }
}

/** A text as YAML: its documents, and what is wrong with the text around them. */
export function readYaml({ name, text: given }: SourceText) {
  const text = given.startsWith("\ufeff") ? given.slice(1) : given;
  const lines = new LineTable(text);
  const { documents, problems } = splitDocuments(text);
  return {
    lines,
    documents: documents.map((document) => new YamlDocument(name, lines, document)),
    problems,
  };
}

/** One document of a text, and where everything in it stands. */
class YamlDocument {
  readonly file: string;
  readonly text: string;
  /** Its start in the whole text. */
  readonly offset: number;
  readonly #lines: LineTable;
  #located: LocatedYaml | undefined;

  constructor(file: string, lines: LineTable, { text, offset }: TextDocument) {
    this.file = file;
    this.text = text;
    this.offset = offset;
    this.#lines = lines;
  }

  /** Its value, read quickly; undefined if the quick reader does not know its syntax. */
  get simple(): Readonly<Record<string, unknown>> | undefined {
    return readSimpleYaml(this.text);
  }

  /** Its value with the place of each part, and all problems; read when first asked for. */
  get located(): LocatedYaml {
    return (this.#located ??= readLocatedYaml(this.text));
  }

  /** A problem of the object in it, with its place. */
  problem(object: string | undefined, problem: YamlProblem | FieldProblem): Problem {
    const offset =
      "offset" in problem
        ? problem.offset
        : placeOf(this.located.root, problem.path)[problem.at ?? "value"];
    const position = this.#lines.positionAt(this.offset + offset);
    return { file: this.file, ...position, ...problemText(object, problem) };
  }

  /** Where the object begins, for a message about another one: `fleet.yaml:12`. */
  get reference(): string {
    const { line } = this.#lines.positionAt(this.offset + this.located.root.offset);
    return `${this.file}:${line}`;
  }
}

/** One YAML document of a text: what stands between two `---`. */
interface TextDocument {
  readonly text: string;
  /** Its start in the whole text. */
  readonly offset: number;
}

/** A file is read only up to this many documents. */
export const DOCUMENTS_MAX = 50_000;

/** UTF-16 units of one file; 50,000 servers need about 10 million. */
export const TEXT_LENGTH_MAX = 64 * 1024 * 1024;

/** A line that separates documents, ends one, or is a directive; and what follows on the line. */
const MARKER = /(?<=^|\n)(---|\.\.\.(?=\s|$)|%)(.*)/g;

/** The only text that may follow a marker on its line: a comment. */
const NOTHING_MORE = /^[ \t]*(?:$|(?<=[ \t])#)/;

/**
 * What YAML does not allow, or what YAML 1.1 takes for a line break and YAML 1.2 does not: control
 * characters, a carriage return without a line feed, U+0085, U+2028, U+2029, a byte order mark
 * within the text, half a surrogate pair; and U+FFFD, which stands for bytes that are not UTF-8.
 */
const FORBIDDEN =
  /[^\t\n\r -~\u{a0}-\u{2027}\u{202a}-\u{d7ff}\u{e000}-\u{fefe}\u{ff00}-\u{fffc}\u{10000}-\u{10ffff}]|\r(?!\n)/u;

/**
 * Splits a text at its `---` lines, as YAML and kubectl do; blank documents are left out. A text
 * that is too large, has too many documents, or characters that are not allowed gives no document
 * at all.
 */
export function splitDocuments(text: string): {
  readonly documents: readonly TextDocument[];
  readonly problems: readonly YamlProblem[];
} {
  const unreadable = checkText(text);
  if (unreadable !== undefined) return { documents: [], problems: [unreadable] };
  const documents: TextDocument[] = [];
  const problems: YamlProblem[] = [];
  let start = 0;
  let ended = false;
  const cut = (end: number): void => {
    const piece = text.slice(start, end);
    if (isBlank(piece)) return;
    if (!ended) documents.push({ text: piece, offset: start });
    else {
      problems.push({ offset: start, allowed: `after "..." a document must begin with "---"` });
    }
  };
  for (const match of text.matchAll(MARKER)) {
    const [line, marker, rest = ""] = match;
    if (marker === "%") {
      problems.push({ offset: match.index, allowed: "directives (%) are not allowed" });
      continue;
    }
    if (!NOTHING_MORE.test(rest)) {
      const allowed = `only a comment may follow "${marker}" on its line`;
      problems.push({ offset: match.index + 3, allowed });
    }
    cut(match.index);
    if (documents.length > DOCUMENTS_MAX)
      return { documents: [], problems: [tooMany(match.index)] };
    start = match.index + line.length;
    ended = marker === "...";
  }
  cut(text.length);
  if (documents.length > DOCUMENTS_MAX) return { documents: [], problems: [tooMany(start)] };
  return { documents, problems };
}

/** Nothing but white space and comments. */
function isBlank(text: string): boolean {
  return !/^[ \t]*[^\s#]/m.test(text);
}

function tooMany(offset: number): YamlProblem {
  const allowed = `a file may have at most ${DOCUMENTS_MAX} documents: write several files`;
  return { offset, allowed };
}

function checkText(text: string): YamlProblem | undefined {
  if (text.length > TEXT_LENGTH_MAX) {
    const found = `found ${text.length} characters`;
    const allowed = `a file may have at most ${TEXT_LENGTH_MAX}: write several files`;
    return { offset: 0, found, allowed };
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden === null) return undefined;
  const code = (forbidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const allowed = "must be UTF-8 text without control characters; in double quotes write \\u....";
  return { offset: forbidden.index, found: `found U+${code}`, allowed };
}

function lineCounterOf(text: string): LineCounter {
  const counter = new LineCounter();
  counter.addNewLine(0);
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    counter.addNewLine(at + 1);
  }
  return counter;
}
