import { isAlias, isMap, isScalar, isSeq, Scalar } from "yaml";
import { formatPath, type FieldPath } from "../../api/fieldPath.ts";
import { LineTable } from "../../fleet/yaml.ts";
import type { ManifestObject, SourcePosition } from "../sourcePosition.ts";
import { goYaml, repeatedFields } from "../read/documents/goYaml.ts";
import { Template } from "../template.ts";
import { interpolated, type Variables } from "./variables.ts";

/** A compose file that can't be read, in words without what stands in it. */
export class BadCompose extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadCompose";
  }
}

/** A file that values are read from. */
interface ComposeSource {
  readonly file: string;
  /** The folder that relative paths in it are from: "" is the folder in which weir runs. */
  readonly folder: string;
  /** The variables that are put into its texts. */
  readonly variables: Variables;
  readonly lines: LineTable;
}

type ComposeContent =
  | Template
  | null
  | undefined
  | ReadonlyMap<string, ComposeValue>
  | readonly ComposeValue[];

/**
 * A value of a compose file, its variables put in, and where it stands: also after files were
 * merged. A field that does not exist is an absent value, at the place of its nearest parent.
 */
export class ComposeValue {
  readonly content: ComposeContent;
  readonly source: ComposeSource;
  readonly path: FieldPath;
  readonly #offset: number;
  /** Over a value of a file before it: `reset` removes that one, `override` merges nothing of it. */
  readonly tag: "reset" | "override" | undefined;

  constructor(
    content: ComposeContent,
    at: Pick<ComposeValue, "source" | "path"> & { readonly offset: number },
    tag?: ComposeValue["tag"],
  ) {
    this.content = content;
    this.source = at.source;
    this.path = at.path;
    this.#offset = at.offset;
    this.tag = tag;
  }

  /** The same place with another content. */
  with(content: ComposeContent): ComposeValue {
    const { source, path } = this;
    return new ComposeValue(content, { source, path, offset: this.#offset });
  }

  at(...path: readonly string[]): ComposeValue {
    const [key, ...rest] = path;
    if (key === undefined) return this;
    return (this.mapping?.get(key) ?? this.with(undefined)).at(...rest);
  }

  get exists(): boolean {
    return this.content !== undefined && this.content !== null;
  }

  /** A text, a number or a boolean, of which parts may be unknown. */
  get text(): Template | undefined {
    return this.content instanceof Template ? this.content : undefined;
  }

  get mapping(): ReadonlyMap<string, ComposeValue> | undefined {
    return this.content instanceof Map ? this.content : undefined;
  }

  get entries(): readonly (readonly [string, ComposeValue])[] {
    return [...(this.mapping ?? [])];
  }

  get items(): readonly ComposeValue[] {
    return Array.isArray(this.content) ? this.content : [];
  }

  /** The words that a field has as one text or as a list of them. */
  get list(): readonly ComposeValue[] {
    return this.text === undefined ? this.items : [this];
  }

  /**
   * Its place as that of an object.
   *
   * @param object its kind, namespace and name
   */
  placeIn(object: Pick<ManifestObject, "kind" | "namespace" | "name">): SourcePosition {
    const { lines, file } = this.source;
    const positionOf = () => lines.positionAt(this.#offset);
    return { object: { ...object, file, apiVersion: "", value: {}, positionOf }, path: this.path };
  }
}

/**
 * The values of a compose file's only document.
 *
 * @throws BadCompose when it is no YAML, or an alias leads nowhere
 */
export function readComposeValue(given: Omit<ComposeSource, "lines">, text: string): ComposeValue {
  const { file, variables } = given;
  const { document, givenOffset } = onlyDocument(file, text);
  const source = { ...given, lines: new LineTable(text) };
  // An alias is the value of its anchor, not a copy: a bomb of aliases stays small.
  const anchors = new Map<string, ComposeValue | undefined>();
  const valueOf = (node: unknown, path: FieldPath, offset: number): ComposeValue => {
    if (isAlias(node)) {
      const value = anchors.get(node.source);
      if (value !== undefined) return value;
      throw new BadCompose(`${file}: ${formatPath(path)}: its alias leads nowhere, or to itself`);
    }
    const { anchor } = isMap(node) || isSeq(node) || isScalar(node) ? node : {};
    if (anchor !== undefined) anchors.set(anchor, undefined);
    const value = readValue(node, path, offset);
    if (anchor !== undefined) anchors.set(anchor, value);
    return value;
  };
  const readValue = (node: unknown, path: FieldPath, offset: number): ComposeValue => {
    const at = { source, path, offset: givenOffset(offset) };
    const tag = tagOf(node);
    if (isMap(node)) {
      const content = new Map<string, ComposeValue>();
      const merged: ComposeValue[] = [];
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? key.value : key;
        const start = startOf(key) ?? offset;
        // Merge keys: a symbol where the parser knows them.
        if (name === "<<" || typeof name === "symbol") {
          const base = valueOf(value, path, start);
          merged.push(...(base.mapping === undefined ? base.items : [base]));
        } else {
          const field = String(name);
          content.set(field, valueOf(value, [...path, field], start));
        }
      }
      for (const [field, value] of merged.flatMap(({ entries }) => entries)) {
        if (!content.has(field)) content.set(field, value);
      }
      return new ComposeValue(content, at, tag);
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        valueOf(item, [...path, index], startOf(item) ?? offset),
      );
      return new ComposeValue(items, at, tag);
    }
    const value: unknown = isScalar(node) ? (numberOf(node) ?? node.value) : null;
    const scalar =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? interpolated(String(value), variables)
        : null;
    return new ComposeValue(scalar, at, tag);
  };
  return valueOf(document?.contents ?? null, [], 0);
}

function onlyDocument(file: string, text: string) {
  const { documents, givenOffset } = goYaml(text);
  const isWrong = documents.some((one) => one.errors.length + repeatedFields(one).length > 0);
  // The parser's messages quote what they are about.
  if (isWrong) throw new BadCompose(`${file}: is not YAML; docker compose config says where`);
  return { document: documents.find(({ contents }) => contents !== null), givenOffset };
}

/** Numbers that go-yaml reads and YAML 1.2 does not, or otherwise: `010` is 8, `1_000` is 1000. */
function numberOf({ type, tag, source = "" }: Scalar): number | undefined {
  if (type !== Scalar.PLAIN || tag !== undefined || !/^[-+.\d]/.test(source)) return undefined;
  const text = source.replaceAll("_", "");
  const [, sign, base, digits = ""] = /^([-+]?)0(b?)([0-7]+)$/.exec(text) ?? [];
  if (base !== undefined) {
    const number = Number.parseInt(digits, base === "" ? 8 : 2);
    return Number.isNaN(number) ? undefined : sign === "-" ? -number : number;
  }
  const isNumber = /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?|0x[\da-f]+)$/i.test(text);
  return text !== source && isNumber ? Number(text) : undefined;
}

function tagOf(node: unknown): ComposeValue["tag"] {
  const { tag } = isMap(node) || isSeq(node) || isScalar(node) ? node : {};
  return tag === "!reset" ? "reset" : tag === "!override" ? "override" : undefined;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    ? node.range?.[0]
    : undefined;
}
