import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
  type Document,
} from "yaml";
import type { FieldPath } from "../../api/fieldPath.ts";
import { isMapping } from "../../json/fields.ts";
import type { Problem } from "../../fleet/problem.ts";
import { LineTable, readYaml, type SourceText } from "../../fleet/yaml.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import { iniObject } from "./bareIni.ts";

/** The objects that were read, and the problems of the others. */
interface ReadObjects {
  readonly objects: readonly ManifestObject[];
  /** The files of documents that are neither, once for each such document. */
  readonly leftOut: readonly string[];
  readonly problems: readonly Problem[];
}

/** A document of a text as it was read, and where it begins. */
interface ReadDocument {
  readonly value: unknown;
  /** In the source's text; a document that was read with its whole text begins at 0. */
  readonly offset: number;
  readonly text: string;
  /** Which of `text`'s documents it is. */
  readonly index: number;
}

/** Other programs have their *.ini in the same folders. */
const PGBOUNCERS = /^\s*(?:\[(?:pgbouncer|databases)\]|%include\s)/im;

/**
 * Every Kubernetes object of these texts: YAML of several documents, or JSON; lists (kind List,
 * PodList…, an array of JSON) are unpacked. What is no object of Kubernetes (values files,
 * kustomizations, compose files) is left out: it has no apiVersion, kind and metadata.name; such an
 * object that makes pods is a problem. An object that the API server names is called by its
 * generateName: `migrate-*`. A source called *.ini that has PgBouncer's sections is a PgBouncer's
 * (see bareIni.ts), and any other one is left out. What can't be read is a problem with its place,
 * never a guess: the rest is read all the same.
 */
export function readObjects(sources: readonly SourceText[]): ReadObjects {
  const objects: ManifestObject[] = [];
  const leftOut: string[] = [];
  const problems: Problem[] = [];
  const generated = new Map<string, number>();
  for (const source of sources) {
    const text = source.text.startsWith("\u{feff}") ? source.text.slice(1) : source.text;
    if (source.name.endsWith(".ini")) {
      if (PGBOUNCERS.test(text)) objects.push(iniObject(source.name, text));
      else leftOut.push(source.name);
      continue;
    }
    const lines = new LineTable(text);
    const reading = { file: source.name, lines, objects, leftOut, problems, generated };
    for (const document of readText(text, reading)) addObjects(document, reading);
  }
  return { objects, leftOut, problems };
}

/** A text that is being read, and what was read so far. */
interface TextReading {
  readonly file: string;
  readonly lines: LineTable;
  readonly objects: ManifestObject[];
  readonly leftOut: string[];
  readonly problems: Problem[];
  /** How often each generateName was read. */
  readonly generated: Map<string, number>;
}

function readText(text: string, reading: TextReading): readonly ReadDocument[] {
  const json = /^\s*\{/.test(text) ? parsedJson(text) : undefined;
  if (json !== undefined) return [{ value: json, offset: 0, text, index: 0 }];
  const read = readYaml({ name: reading.file, text });
  // The whole parser can read what a fleet file may not have: directives, text after ---.
  if (read.problems.length > 0) return readWhole(text, 0, reading);
  return read.documents.flatMap(({ text: piece, offset, simple: value }) =>
    value === undefined
      ? readWhole(piece, offset, reading)
      : { text: piece, offset, value, index: 0 },
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** As kubectl reads YAML: with merge keys and anchors; a field that stands twice is a problem. */
const OPTIONS = { merge: true, prettyErrors: false, logLevel: "silent" } as const;

const RENDER_FIRST = "is a Helm template; render it first: helm template … | weir verify -";

/** Reads a text with the whole parser: slow, and sure. */
function readWhole(
  text: string,
  offset: number,
  { file, lines, problems }: TextReading,
): readonly ReadDocument[] {
  const documents: ReadDocument[] = [];
  const isTemplate = text.includes("{{");
  const add = (at: number, allowed: string): void => {
    problems.push({ file, ...lines.positionAt(offset + at), allowed });
  };
  try {
    for (const [index, document] of parsedDocuments(text).entries()) {
      const [error] = document.errors;
      const template = isTemplate ? templateOffset(document) : undefined;
      if (error !== undefined || template !== undefined) {
        const allowed =
          isTemplate && (template !== undefined || looksLikeTemplate(text))
            ? RENDER_FIRST
            : `is not YAML: ${error === undefined ? "" : withoutText(error.message)}`;
        add(template ?? error?.pos[0] ?? 0, allowed);
        // After an error in the text it is not known where the next document begins.
        break;
      }
      documents.push({ value: document.toJS() as unknown, offset, text, index });
    }
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    add(0, "is not YAML that can be read: its aliases or its nesting go too far");
  }
  return documents;
}

function parsedDocuments(text: string): readonly Document.Parsed[] {
  return [...(parseAllDocuments(text, OPTIONS) as Iterable<Document.Parsed>)];
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

function addObjects(document: ReadDocument, reading: TextReading): void {
  const { file, objects, leftOut, problems, generated } = reading;
  const position = positionIn(document, reading.lines);
  const unpack = (value: unknown, path: readonly (string | number)[]): void => {
    if (value === undefined || value === null) return;
    if (Array.isArray(value) && value.some((item) => isMapping(item) && "apiVersion" in item)) {
      for (const [index, item] of value.entries()) unpack(item, [...path, index]);
      return;
    }
    const { apiVersion, kind, metadata, items } = isMapping(value) ? value : {};
    if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
      for (const [index, item] of items.entries()) {
        unpack(withKind(item, kind, apiVersion), [...path, "items", index]);
      }
      return;
    }
    const name = nameIn(metadata, generated);
    if (
      !isMapping(value) ||
      typeof apiVersion !== "string" ||
      typeof kind !== "string" ||
      name === undefined
    ) {
      leftOut.push(file);
      const missing = Object.entries({ apiVersion, kind, "metadata.name": name })
        .filter(([, one]) => typeof one !== "string")
        .map(([field]) => field);
      if (makesPods(value)) {
        const allowed = `makes pods, but has no ${missing.join(", ")}: an API server refuses it`;
        problems.push({ file, ...position(path), allowed });
      }
      return;
    }
    const namespace = isMapping(metadata) ? metadata["namespace"] : undefined;
    objects.push({
      file,
      kind,
      apiVersion,
      name,
      namespace: typeof namespace === "string" && namespace !== "" ? namespace : "default",
      value,
      positionOf: (field, textLine) => position([...path, ...field], textLine),
    });
  };
  unpack(document.value, []);
}

/** The name of an object. The API server makes a new name from a generateName each time. */
function nameIn(metadata: unknown, generated: Map<string, number>): string | undefined {
  if (!isMapping(metadata)) return undefined;
  const { name, generateName } = metadata;
  if (typeof name === "string") return name;
  if (typeof generateName !== "string") return undefined;
  const count = (generated.get(generateName) ?? 0) + 1;
  generated.set(generateName, count);
  return `${generateName}*${count === 1 ? "" : count}`;
}

/** Containers where objects that make pods have them. */
function makesPods(value: unknown): boolean {
  if (!isMapping(value) || !isMapping(value["spec"])) return false;
  const { containers, template, jobTemplate } = value["spec"];
  return Array.isArray(containers) || makesPods(template) || makesPods(jobTemplate);
}

/** In a PodList of an API server the pods themselves don't say that they are pods. */
function withKind(item: unknown, list: string, apiVersion: unknown): unknown {
  if (!isMapping(item) || typeof item["kind"] === "string" || list === "List") return item;
  return { ...item, kind: list.slice(0, -"List".length), apiVersion };
}

/**
 * Finds fields of a document in the text that it stands in. The text is parsed with positions when
 * the first is asked for, and once: most objects are never asked.
 *
 * @returns the position of the field's name; if the field does not exist, of its nearest parent that
 *   does; or of a line of its text (from 0), where the text is a literal block: |
 */
function positionIn(document: ReadDocument, lines: LineTable): ManifestObject["positionOf"] {
  let parsed: Document.Parsed | undefined;
  return (path, textLine) => {
    parsed ??= parsedDocuments(document.text)[document.index];
    const { offset, node } = fieldIn(parsed, path);
    const within = textLine === undefined ? undefined : lineOf(node, document.text, textLine);
    return lines.positionAt(document.offset + (within ?? offset));
  };
}

/** Where a field's name begins, and its value; absent if the field does not exist. */
function fieldIn(
  document: Document.Parsed | undefined,
  path: FieldPath,
): { readonly offset: number; readonly node?: unknown } {
  let node: unknown = document?.contents;
  let offset = startOf(node) ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = document === undefined ? undefined : node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
      if (pair === undefined) return { offset };
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
    } else return { offset };
  }
  return { offset, node };
}

/** Where a line of a literal block begins, its indentation left out: below the line of the |. */
function lineOf(node: unknown, text: string, line: number): number | undefined {
  if (!isScalar(node) || node.type !== "BLOCK_LITERAL") return undefined;
  let offset = startOf(node);
  for (let skipped = 0; skipped <= line && offset !== undefined; skipped += 1) {
    const end = text.indexOf("\n", offset);
    offset = end === -1 ? undefined : end + 1;
  }
  return offset === undefined
    ? undefined
    : offset + (/^ */.exec(text.slice(offset))?.[0].length ?? 0);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
