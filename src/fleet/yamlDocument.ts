import { Composer, Lexer, Parser, type CST, type YAMLParseError } from "yaml";
import type { FieldPath } from "../api/fieldPath.ts";
import type { LocatedValue } from "./locatedValue.ts";
import { readYamlValue } from "./yamlValue.ts";

/** A problem of a document's YAML. Offsets count from the beginning of the document. */
export interface YamlProblem {
  readonly offset: number;
  /** The value that is concerned; undefined when the text is not YAML. */
  readonly path?: FieldPath;
  readonly found?: string;
  readonly allowed: string;
}

/** A document as YAML gives it, with the place of every value. */
export interface YamlDocument {
  /** Its JSON value; where there are problems, what could be made out. */
  readonly root: LocatedValue;
  readonly problems: readonly YamlProblem[];
}

/** UTF-16 units of one document: etcd takes objects up to 1.5 MiB, kubectl apply far smaller ones. */
export const DOCUMENT_LENGTH_MAX = 1024 * 1024;

/** Kubernetes' objects are some ten levels deep; who reads deeper ones recurses. */
export const DEPTH_MAX = 64;

const OPTIONS = {
  schema: "failsafe",
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "silent",
  keepSourceTokens: true,
} as const;

/** White space between tokens, with a tab in it: YAML 1.1 and 1.2 allow it in different places. */
const TAB = /^[ \t]*\t[ \t]*$/;
const NO_TABS = "must be spaces instead of a tab";

/**
 * Reads one document with all its problems and the place of each value: slow, and for those that
 * want to say what is wrong. The text has no `---`, `...` or `%` line (see documents.ts).
 */
export function readYamlDocument(text: string): YamlDocument {
  if (text.length > DOCUMENT_LENGTH_MAX) {
    const found = `found ${text.length} characters`;
    const allowed = `one object may have at most ${DOCUMENT_LENGTH_MAX}`;
    return unreadable({ offset: 0, found, allowed });
  }
  const tokens: CST.Token[] = [];
  const tabs: YamlProblem[] = [];
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    if (TAB.test(lexeme)) tabs.push({ offset: parser.offset, allowed: NO_TABS });
    tokens.push(...parser.next(lexeme));
    // The document itself, and the value at the bottom, are on the stack too.
    if (parser.stack.length > DEPTH_MAX + 2) {
      return unreadable({ offset: parser.offset, allowed: `at most ${DEPTH_MAX} levels may nest` });
    }
  }
  tokens.push(...parser.end());
  const [document] = new Composer(OPTIONS).compose(tokens, true, text.length);
  const { root, problems } = readYamlValue(document?.contents ?? null, text);
  const syntax = atEachPlace([...tabs, ...(document?.errors ?? []).map(syntaxProblem)]);
  return { root, problems: syntax.length > 0 ? syntax : problems };
}

function unreadable(problem: YamlProblem): YamlDocument {
  return { root: readYamlValue(null, "").root, problems: [problem] };
}

/** What the parser says where it misses an end. */
const UNCLOSED = /^(?:Flow \w+ in block collection|Expected flow \w+ to end|Missing closing)/;
const NO_TAGS = "tags (!) are not allowed: write text in quotes";

/** What the parser says before it repeats the text, which may be a secret. */
const REPEATING =
  /^(Block scalar header includes extra characters|Not a YAML token|Invalid escape sequence).*/s;

function syntaxProblem({ pos: [offset], code, message }: YAMLParseError): YamlProblem {
  if (code === "TAG_RESOLVE_FAILED") return { offset, allowed: NO_TAGS };
  const words = UNCLOSED.test(message)
    ? "a bracket or quote that opens above is not closed"
    : message.replace(REPEATING, "$1");
  return { offset, allowed: `is not YAML: ${words}` };
}

/** The first at each place: one slip is often reported in several ways. */
function atEachPlace(problems: readonly YamlProblem[]): readonly YamlProblem[] {
  return [...Map.groupBy(problems, ({ offset }) => offset).values()].flatMap(
    ([first]) => first ?? [],
  );
}
