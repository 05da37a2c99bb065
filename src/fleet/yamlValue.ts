import { isAlias, isMap, isScalar, isSeq, Scalar, type Node, type Pair } from "yaml";
import type { FieldPath } from "../api/fieldPath.ts";
import { foundUnquoted } from "./found.ts";
import type { LocatedEntry, LocatedValue } from "./locatedValue.ts";
import { readPlainScalar } from "./plainScalar.ts";
import { anchorAdvice, pairAdvice, scalarAdvice } from "./portableYaml.ts";

/** A value that YAML allows and a fleet does not. Offsets count from the document's beginning. */
export interface ValueProblem {
  readonly offset: number;
  readonly path: FieldPath;
  readonly found?: string;
  readonly allowed: string;
}

/** What aliases may repeat: this many values, and this many times what is written. */
const ALIASED_MAX = 100_000;
const ALIASED_RATIO_MAX = 20;

/**
 * Turns YAML nodes into JSON values, in the reading that all parsers share: what they read
 * differently (tags, merge keys, doubtful scalars, double keys) is a problem.
 */
export function readYamlValue(
  root: Node | null,
  text: string,
): { readonly root: LocatedValue; readonly problems: readonly ValueProblem[] } {
  const reader = new ValueReader(text);
  return {
    root: reader.read(root, { offset: 0, path: [], inFlow: false }),
    problems: reader.problems,
  };
}

/** Where a value is. */
interface Place {
  /** For what has no text of its own: an empty value. */
  readonly offset: number;
  readonly path: FieldPath;
  /** Between brackets or braces. */
  readonly inFlow: boolean;
}

class ValueReader {
  readonly problems: ValueProblem[] = [];
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

  read(node: unknown, place: Place): LocatedValue {
    this.#size += 1;
    if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) {
      if (place.inFlow) this.#add(place, "must be given within brackets: null if it is nothing");
      return leaf(null, place.offset);
    }
    const here = { ...place, offset: node.range?.[0] ?? place.offset };
    if (isAlias(node)) return this.#alias(node.source, here);
    const { anchor, tag } = node;
    if (tag !== undefined) this.#add(here, "tags (!) are not allowed: write text in quotes");
    if (anchor === undefined) return this.#content(node, here);
    this.#advise(here, anchorAdvice(anchor));
    const sizeBefore = this.#size;
    this.#anchors.set(anchor, undefined);
    const content = this.#content(node, here);
    this.#anchors.set(anchor, { content, size: this.#size - sizeBefore + 1 });
    return content;
  }

  #content(node: Node, place: Place): LocatedValue {
    if (isMap(node)) return this.#map(node.items, { ...place, inFlow: node.flow === true });
    if (isSeq(node)) return this.#list(node.items, { ...place, inFlow: node.flow === true });
    return isScalar(node) ? this.#scalar(node, place) : leaf(null, place.offset);
  }

  #alias(anchor: string, place: Place): LocatedValue {
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

  #scalar(node: Scalar, place: Place): LocatedValue {
    const text = typeof node.value === "string" ? node.value : "";
    this.#advise(place, scalarAdvice(node, this.#text, place.inFlow));
    if (node.type !== Scalar.PLAIN) return leaf(text, place.offset);
    const plain = readPlainScalar(text);
    if (!("doubt" in plain)) return leaf(plain.value, place.offset);
    this.#add(place, plain.doubt, foundUnquoted(text, place.path));
    return leaf(text, place.offset);
  }

  #list(items: readonly unknown[], place: Place): LocatedValue {
    const value: unknown[] = [];
    const entries = new Map<number, LocatedEntry>();
    for (const [index, item] of items.entries()) {
      const content = this.read(item, { ...place, path: [...place.path, index] });
      value.push(content.value);
      entries.set(index, { nameOffset: content.offset, content });
    }
    return { value, offset: place.offset, entries };
  }

  #map(pairs: readonly Pair[], place: Place): LocatedValue {
    const value: Record<string, unknown> = {};
    const entries = new Map<string, LocatedEntry>();
    for (const pair of pairs) {
      const name = this.#name(pair.key, place);
      if (typeof name.value !== "string") {
        this.#add({ ...place, offset: name.offset }, "a field's name must be text: quote it");
        continue;
      }
      const field = { ...place, path: [...place.path, name.value], offset: name.offset };
      this.#advise(field, pairAdvice(pair, this.#text));
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
  #name(key: unknown, place: Place): LocatedValue {
    const text = isScalar(key) && typeof key.value === "string" ? [key.value] : [];
    return this.read(key, { ...place, path: [...place.path, ...text] });
  }

  #advise(place: Place, advice: string | undefined): void {
    if (advice !== undefined) this.#add(place, advice);
  }

  #add({ offset, path }: Place, allowed: string, what?: string): void {
    this.problems.push({ offset, path, allowed, ...(what === undefined ? {} : { found: what }) });
  }
}

function leaf(value: unknown, offset: number): LocatedValue {
  return { value, offset, entries: new Map() };
}
