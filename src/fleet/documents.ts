/** One YAML document of a text: what stands between two `---`. */
export interface TextDocument {
  readonly text: string;
  /** Where it begins in the whole text. */
  readonly offset: number;
}

/** A problem of the text itself, before any document is understood. */
export interface TextProblem {
  /** In the whole text. */
  readonly offset: number;
  readonly found?: string;
  readonly allowed: string;
}

/** A file is read only up to this many documents. */
export const DOCUMENTS_MAX = 50_000;

/** UTF-16 units of one file; 50,000 servers need about 10 million. */
export const TEXT_LENGTH_MAX = 64 * 1024 * 1024;

/** A line that separates documents, ends one, or is a directive; and what follows on the line. */
const MARKER = /(?<=^|\n)(---|\.\.\.(?=\s|$)|%)(.*)/g;

/** All that may follow a marker on its line. */
const NOTHING_MORE = /^[ \t]*(?:$|(?<=[ \t])#)/;

/**
 * What YAML does not allow, or what YAML 1.1 takes for a line break and YAML 1.2 does not: control
 * characters, a carriage return without a line feed, U+0085, U+2028, U+2029, a byte order mark
 * within the text, half a surrogate pair; and U+FFFD, which stands for bytes that are not UTF-8.
 */
const FORBIDDEN =
  /[^\t\n\r -~\u{a0}-\u{2027}\u{202a}-\u{d7ff}\u{e000}-\u{fefe}\u{ff00}-\u{fffc}\u{10000}-\u{10ffff}]|\r(?!\n)/u;

/**
 * Splits a text at its `---` lines, as YAML and kubectl do; blank documents are left out. A text that is too large, has too many
 * documents, or characters that are not allowed gives no document at all.
 */
export function splitDocuments(text: string): {
  readonly documents: readonly TextDocument[];
  readonly problems: readonly TextProblem[];
} {
  const unreadable = checkText(text);
  if (unreadable !== undefined) return { documents: [], problems: [unreadable] };
  const documents: TextDocument[] = [];
  const problems: TextProblem[] = [];
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

function tooMany(offset: number): TextProblem {
  const allowed = `a file may have at most ${DOCUMENTS_MAX} documents: write several files`;
  return { offset, allowed };
}

function checkText(text: string): TextProblem | undefined {
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
