import { isAlias, isMap, isNode, isScalar, isSeq, type Document } from "yaml";
import type { FieldPath } from "../../api/fieldPath.ts";
import { isMapping } from "../../json/fields.ts";
import type { Problem } from "../../fleet/problem.ts";
import { LineTable, type SourceText } from "../../fleet/yaml.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import { iniObject } from "./bareIni.ts";
import { isKustomization } from "./kustomize/kustomizations.ts";
import { goYaml } from "./documents/goYaml.ts";
import { readDocuments, type ReadDocument } from "./documents/readDocuments.ts";

/** The objects that were read, and the problems of the others. */
interface ReadObjects {
  readonly objects: readonly ManifestObject[];
  /** The files of documents that are none and make no pods, once for each such document. */
  readonly leftOut: readonly string[];
  readonly problems: readonly Problem[];
  /** Kustomize's, each called by its file: they are no objects. */
  readonly kustomizations: readonly ManifestObject[];
  /** What was read otherwise than it may be meant. */
  readonly notes: readonly string[];
}

/**
 * What no decoded text of a manifest has: U+FFFD, which stands for bytes that are not UTF-8, a byte
 * order mark within the text, and control characters: go-yaml refuses them too.
 */
// oxlint-disable-next-line no-control-regex -- these are the characters it is about
const NO_TEXT = /[\0-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{84}\u{86}-\u{9f}\u{fffd}]|\n\u{feff}/u;

function undecodedProblem(text: string, offset: number, { file, lines }: TextReading): Problem {
  const at = text[offset] === "\n" ? offset + 1 : offset;
  const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const allowed =
    {
      FFFD: "is neither UTF-8 nor UTF-16 with a byte order mark: save it as UTF-8",
      FEFF: "has a byte order mark within its text: take it out",
    }[code] ?? `has the character U+${code}, which no manifest may have: save it as text in UTF-8`;
  return { file, ...lines.positionAt(at), allowed };
}

/** Other programs have their *.ini in the same folders. */
const PGBOUNCERS = /^\s*(?:\[(?:pgbouncer|databases)\]|%include\s)/im;

/**
 * Every Kubernetes object of these texts: YAML of several documents, or JSON; lists (kind List,
 * PodList…, an array of JSON) are unpacked. What is no object of Kubernetes (values files, compose
 * files) is left out: it has no apiVersion, kind and metadata.name; such an
 * object that makes pods is a problem. An object that the API server names is called by its
 * generateName: `migrate-*`. A source called *.ini that has PgBouncer's sections is a PgBouncer's
 * (see bareIni.ts), and any other one is left out. What can't be read is a problem with its place,
 * never a guess: the rest is read all the same.
 */
export function readObjects(sources: readonly SourceText[]): ReadObjects {
  const objects: ManifestObject[] = [];
  const leftOut: string[] = [];
  const problems: Problem[] = [];
  const kustomizations: ManifestObject[] = [];
  const notes: string[] = [];
  const generated = new Map<string, number>();
  for (const source of sources) {
    const text = source.text.startsWith("\u{feff}") ? source.text.slice(1) : source.text;
    const lines = new LineTable(text);
    const file = source.name;
    const found = { objects, leftOut, problems, kustomizations, notes };
    const reading = { file, lines, ...found, generated };
    const undecoded = text.search(NO_TEXT);
    if (undecoded !== -1) problems.push(undecodedProblem(text, undecoded, reading));
    else if (source.name.endsWith(".ini")) {
      if (PGBOUNCERS.test(text)) objects.push(iniObject(source.name, text));
      else leftOut.push(source.name);
    } else {
      for (const document of readDocuments(text, reading)) addObjects(document, reading);
    }
  }
  return { objects, leftOut, problems, kustomizations, notes };
}

/** A text that is being read, and what was read so far. */
interface TextReading {
  readonly file: string;
  readonly lines: LineTable;
  readonly objects: ManifestObject[];
  readonly leftOut: string[];
  readonly problems: Problem[];
  readonly kustomizations: ManifestObject[];
  readonly notes: string[];
  /** How often each generateName was read. */
  readonly generated: Map<string, number>;
}

function addObjects(document: ReadDocument, reading: TextReading): void {
  const { file, objects, leftOut, problems, kustomizations, generated } = reading;
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
    const positionOf: ManifestObject["positionOf"] = (field, textLine) =>
      position([...path, ...field], textLine);
    if (isMapping(value) && isKustomization(value, file)) {
      const own = { file, kind: "Kustomization", apiVersion: "", name: file, namespace: "" };
      kustomizations.push({ ...own, value, positionOf });
      return;
    }
    const name = nameIn(metadata, generated);
    if (
      !isMapping(value) ||
      typeof apiVersion !== "string" ||
      typeof kind !== "string" ||
      name === undefined
    ) {
      if (!makesPods(value)) {
        leftOut.push(file);
        return;
      }
      const missing = Object.entries({ apiVersion, kind, "metadata.name": name })
        .filter(([, one]) => typeof one !== "string")
        .map(([field]) => field);
      const allowed = `makes pods, but has no ${missing.join(", ")}: an API server refuses it`;
      problems.push({ file, ...position(path), allowed });
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
      positionOf,
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
  const { text, givenOffset = (offset: number) => offset } = document;
  return (path, textLine) => {
    parsed ??= goYaml(text).documents[document.index];
    const { offset, node } = fieldIn(parsed, path);
    const within = textLine === undefined ? undefined : lineOf(node, text, textLine);
    return lines.positionAt(document.offset + givenOffset(within ?? offset));
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
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === segment);
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
