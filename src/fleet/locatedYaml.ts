import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  Scalar,
  type CST,
  type Node,
  type Pair,
  type YAMLParseError,
} from "yaml";
import type { FieldPath } from "../api/fieldPath.ts";
import { anchorAdvice, pairAdvice, readPlainScalar, scalarAdvice } from "./portableYaml.ts";
import { foundUnquoted, type YamlProblem } from "./problem.ts";

/** A value, and where it and all that is in it stands: offsets from the beginning of a document. */
interface LocatedValue {
  readonly value: unknown;
  readonly offset: number;
  /** The entries of a mapping or list. */
  readonly entries: ReadonlyMap<string | number, LocatedEntry>;
}

interface LocatedEntry {
  /** Where the field's name is; in a list, where the entry is. */
  readonly nameOffset: number;
  readonly content: LocatedValue;
}

/** Where a field is. If it does not exist: where the name of its nearest existing parent is. */
interface FieldPlace {
  readonly name: number;
  readonly value: number;
}

/** Finds a field below `root`. */
export function placeOf(root: LocatedValue, path: FieldPath): FieldPlace {
  let name = root.offset;
  let content = root;
  for (const segment of path) {
    const entry = content.entries.get(segment);
    if (entry === undefined) return { name, value: name };
    ({ nameOffset: name, content } = entry);
  }
  return { name, value: content.offset };
}

/** A document as YAML gives it, with the place of every value. */
export interface LocatedYaml {
  /** Its JSON value; if there are problems, the part that could be read. */
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
 * want to say what is wrong. The text has no `---`, `...` or `%` line (see splitDocuments).
 */
export function readLocatedYaml(text: string): LocatedYaml {
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
  const reader = new ValueReader(text);
  const root = reader.read(document?.contents ?? null, { offset: 0, path: [], inFlow: false });
  const syntax = atEachPlace([...tabs, ...(document?.errors ?? []).map(syntaxProblem)]);
  return { root, problems: syntax.length > 0 ? syntax : reader.problems };
}

function unreadable(problem: YamlProblem): LocatedYaml {
  return { root: leaf(null, 0), problems: [problem] };
}

/** What the parser says where it misses an end. */
const UNCLOSED = /^(?:Flow \w+ in block collection|Expected flow \w+ to end|Missing closing)/;
const NO_TAGS = "tags (!) are not allowed: write text in quotes";

/** What the parser says before it repeats the text, which may be a secret. */
const REPEATING =
  /^(Block scalar header includes extra characters|Not a YAML token|Invalid escape sequence).*/s;

function syntaxProblem({ pos: [offset], code, message }: YAMLParseError): YamlProblem {
  if (code === "TAG_RESOLVE_FAILED") return { offset, allowed: NO_TAGS };
  return { offset, allowed: `is not YAML: ${syntaxWords(message).replace(REPEATING, "$1")}` };
}

/** What the parser says of a text, in words for people where an end is missing. */
export function syntaxWords(message: string): string {
  return UNCLOSED.test(message) ? "a bracket or quote that opens above is not closed" : message;
}

/** The first at each place: one slip is often reported in several ways. */
function atEachPlace(problems: readonly YamlProblem[]): readonly YamlProblem[] {
  return [...Map.groupBy(problems, ({ offset }) => offset).values()].flatMap(
    ([first]) => first ?? [],
  );
}

/** The limits on aliases: this many repeated values, and this many times the written values. */
const ALIASED_MAX = 100_000;
const ALIASED_RATIO_MAX = 20;

/** Where a value is. */
interface NodePlace {
  /** For what has no text of its own: an empty value. */
  readonly offset: number;
  readonly path: FieldPath;
  /** Between brackets or braces. */
  readonly inFlow: boolean;
}

/**
 * Turns YAML nodes into JSON values, in the reading that all parsers share: what they read
 * differently (tags, merge keys, doubtful scalars, double keys) is a problem.
 */
class ValueReader {
  readonly problems: YamlProblem[] = [];
  readonly #text: string;
  /** What each anchor stands for at this point; undefined while it is being read. */
  readonly #anchors = new Map<string, { content: LocatedValue; size: number } | undefined>();
  /** Values so far, and of these the ones that aliases repeat. */
  #size = 0;
  #aliased = 0;
  #isBomb = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(node: unknown, place: NodePlace): LocatedValue {
    this.#size += 1;
    if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) {
      if (place.inFlow) this.#add(place, "must be given within brackets: null if it is nothing");
      return leaf(null, place.offset);
    }
    const here = { ...place, offset: node.range?.[0] ?? place.offset };
    if (isAlias(node)) return this.#alias(node.source, here);
    const { anchor, tag } = node;
    if (tag !== undefined) this.#add(here, NO_TAGS);
    if (anchor === undefined) return this.#content(node, here);
    this.#add(here, anchorAdvice(anchor));
    const sizeBefore = this.#size;
    this.#anchors.set(anchor, undefined);
    const content = this.#content(node, here);
    this.#anchors.set(anchor, { content, size: this.#size - sizeBefore + 1 });
    return content;
  }

  #content(node: Node, place: NodePlace): LocatedValue {
    if (isMap(node)) return this.#map(node.items, { ...place, inFlow: node.flow === true });
    if (isSeq(node)) return this.#list(node.items, { ...place, inFlow: node.flow === true });
    return isScalar(node) ? this.#scalar(node, place) : leaf(null, place.offset);
  }

  #alias(anchor: string, place: NodePlace): LocatedValue {
    const target = this.#anchors.get(anchor);
    if (target === undefined) {
      const allowed = this.#anchors.has(anchor)
        ? `the alias *${anchor} may not stand within what it repeats`
        : `the alias *${anchor} needs an anchor &${anchor} before it`;
      this.#add(place, allowed);
      return leaf(null, place.offset);
    }
    const written = this.#size - this.#aliased;
    this.#size += target.size;
    this.#aliased += target.size;
    if (this.#aliased > Math.min(ALIASED_MAX, written * ALIASED_RATIO_MAX)) {
      if (!this.#isBomb) this.#add(place, "aliases repeat too much: write out what is meant");
      this.#isBomb = true;
      return leaf(null, place.offset);
    }
    return { ...target.content, offset: place.offset };
  }

  #scalar(node: Scalar, place: NodePlace): LocatedValue {
    const text = typeof node.value === "string" ? node.value : "";
    this.#add(place, scalarAdvice(node, this.#text, place.inFlow));
    if (node.type !== Scalar.PLAIN) return leaf(text, place.offset);
    const plain = readPlainScalar(text);
    if (!("doubt" in plain)) return leaf(plain.value, place.offset);
    this.#add(place, plain.doubt, foundUnquoted(text, place.path));
    return leaf(text, place.offset);
  }

  #list(items: readonly unknown[], place: NodePlace): LocatedValue {
    const value: unknown[] = [];
    const entries = new Map<number, LocatedEntry>();
    for (const [index, item] of items.entries()) {
      const content = this.read(item, { ...place, path: [...place.path, index] });
      value.push(content.value);
      entries.set(index, { nameOffset: content.offset, content });
    }
    return { value, offset: place.offset, entries };
  }

  #map(pairs: readonly Pair[], place: NodePlace): LocatedValue {
    const value: Record<string, unknown> = {};
    const entries = new Map<string, LocatedEntry>();
    for (const pair of pairs) {
      const name = this.#name(pair.key, place);
      if (typeof name.value !== "string") {
        this.#add({ ...place, offset: name.offset }, "a field's name must be text: quote it");
        continue;
      }
      const field = { ...place, path: [...place.path, name.value], offset: name.offset };
      this.#add(field, pairAdvice(pair, this.#text));
      const content = this.read(pair.value, field);
      if (name.value === "__proto__") this.#add(field, "a field may not have this name");
      else if (entries.has(name.value)) {
        this.#add(field, "may stand once only: the same field is above");
      } else {
        entries.set(name.value, { nameOffset: name.offset, content });
        value[name.value] = content.value;
      }
    }
    return { value, offset: place.offset, entries };
  }

  /** A field's name. What is wrong with it concerns the field, not the mapping around it. */
  #name(key: unknown, place: NodePlace): LocatedValue {
    const text = isScalar(key) && typeof key.value === "string" ? [key.value] : [];
    return this.read(key, { ...place, path: [...place.path, ...text] });
  }

  /** @param allowed undefined: nothing is wrong */
  #add({ offset, path }: NodePlace, allowed: string | undefined, found?: string): void {
    if (allowed !== undefined) this.problems.push({ offset, path, found, allowed });
  }
}

function leaf(value: unknown, offset: number): LocatedValue {
  return { value, offset, entries: new Map() };
}
