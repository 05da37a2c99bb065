import { isCollection, isMap, visit, type Document } from "yaml";
import { syntaxWords } from "../../../fleet/locatedYaml.ts";
import type { Problem } from "../../../fleet/problem.ts";
import { readYaml, type LineTable } from "../../../fleet/yaml.ts";
import { goYaml, repeatedFields, valueOf } from "./goYaml.ts";

/** A document of a text as it was read, and where it begins. */
export interface ReadDocument {
  readonly value: unknown;
  /** In the source's text; a document that was read with its whole text begins at 0. */
  readonly offset: number;
  readonly text: string;
  /** Which of `text`'s documents it is. */
  readonly index: number;
  /** Where in the source's text, from `offset`, a place of `text` is; absent: there as well. */
  readonly givenOffset?: (offset: number) => number;
}

/** The text that is read, and where its problems go. */
interface DocumentReading {
  readonly file: string;
  readonly lines: LineTable;
  readonly problems: Problem[];
  readonly notes: string[];
}

/**
 * The documents of a text: YAML as kubectl reads it, or JSON, also several values of JSON one after
 * another. What can't be read is a problem.
 */
export function readDocuments(text: string, reading: DocumentReading): readonly ReadDocument[] {
  const json = jsonDocuments(text, 0);
  if (json !== undefined) return json;
  const read = readYaml({ name: reading.file, text });
  // The whole parser can read what a fleet file may not have: directives, text after ---.
  if (read.problems.length > 0) return readWhole(text, 0, reading);
  return read.documents.flatMap(({ text: piece, offset, simple: value }) =>
    value === undefined
      ? (jsonDocuments(piece, offset) ?? readWhole(piece, offset, reading))
      : { text: piece, offset, value, index: 0 },
  );
}

/** The values of a text that is nothing but JSON, one or several; undefined for any other text. */
function jsonDocuments(text: string, offset: number): readonly ReadDocument[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const whole = parsedJson(text);
  if (whole !== undefined) return [{ value: whole, offset, text, index: 0 }];
  const documents: ReadDocument[] = [];
  let start = 0;
  for (const end of jsonEnds(text)) {
    const piece = text.slice(start, end);
    const value = parsedJson(piece);
    if (value === undefined) return undefined;
    documents.push({ value, offset: offset + start, text: piece, index: 0 });
    start = end;
  }
  return documents.length > 0 && text.slice(start).trim() === "" ? documents : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Brackets of JSON; a text is a match as a whole, so that none within it are found. */
const JSON_TOKEN = /[[\]{}]|"(?:[^"\\\n]|\\.)*"/g;

/** Behind each bracket that closes the outermost one. */
function* jsonEnds(text: string): Iterable<number> {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(JSON_TOKEN)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") {
      depth -= 1;
      if (depth === 0) yield index + 1;
    }
  }
}

/** What the problem of a Helm template says. */
export const RENDER_FIRST = "is a Helm template; render it first: helm template … | weir verify -";

/** Reads a text with the whole parser: slow, and sure. */
function readWhole(
  text: string,
  offset: number,
  { file, lines, problems, notes }: DocumentReading,
): readonly ReadDocument[] {
  const documents: ReadDocument[] = [];
  const isTemplate = text.includes("{{");
  const comment = jsonComment(text);
  const add = (at: number, allowed: string): void => {
    problems.push({ file, ...lines.positionAt(offset + at), allowed });
  };
  if (comment !== undefined) {
    add(comment, "is JSON with comments: kubectl reads none");
    return [];
  }
  try {
    const read = goYaml(text);
    for (const [index, document] of read.documents.entries()) {
      const [error] = document.errors;
      const template = isTemplate ? templateOffset(document) : undefined;
      if (error !== undefined || template !== undefined) {
        const allowed =
          isTemplate && (template !== undefined || looksLikeTemplate(text))
            ? RENDER_FIRST
            : `is not YAML: ${error === undefined ? "" : withoutText(syntaxWords(error.message))}`;
        add(read.givenOffset(template ?? error?.pos[0] ?? 0), allowed);
        // After an error in the text it is not known where the next document begins.
        break;
      }
      const { text: own, givenOffset } = read;
      for (const at of repeatedFields(document)) {
        const { line, column } = lines.positionAt(offset + givenOffset(at));
        notes.push(
          `${file}:${line}:${column}: this field stands there twice: the last one counts, as for kubectl`,
        );
      }
      documents.push({ value: valueOf(document), offset, text: own, index, givenOffset });
    }
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    add(0, "is not YAML that can be read: its aliases or its nesting go too far");
  }
  return documents;
}

/** Where a text that begins as JSON has its first comment; YAML would take it for a field's name. */
function jsonComment(text: string): number | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const withoutStrings = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, (string) =>
    '"'.repeat(string.length),
  );
  const before = /[[\]{},"\d]\s*(?=\/[/*])/.exec(withoutStrings);
  return before === null ? undefined : before.index + before[0].length;
}

/** What the parser says without the text that it repeats, which may be a secret. */
function withoutText(message: string): string {
  return message.replace(/(["'`]).*\1|: .*/s, "").trim();
}

/** `{{ … }}` at the beginning of a line or a value: in quotes and scripts it is text. */
function looksLikeTemplate(text: string): boolean {
  return /(?:^|[:-])[ \t]*\{\{/m.test(text);
}

/** `a: {{ .Values.b }}` is YAML by accident: a mapping whose key is a mapping. */
function templateOffset(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Pair(_, { key }) {
      if (!isCollection(key)) return undefined;
      offset = key.range?.[0];
      return visit.BREAK;
    },
    // `- {{ x }}` without anything within.
    Map(_, node) {
      if (!node.flow || !node.items.some(({ key }) => isMap(key))) return undefined;
      offset = node.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}
