import {
  CST,
  isAlias,
  isMap,
  isNode,
  isPair,
  isSeq,
  Lexer,
  parseAllDocuments,
  type Document,
  type YAMLParseError,
} from "yaml";

/**
 * YAML as kubectl and Docker read it: both use go-yaml, which takes more than YAML 1.2 allows.
 * https://github.com/kubernetes-sigs/yaml, https://github.com/compose-spec/compose-go
 */

/** The documents of a text. */
interface GoYaml {
  readonly documents: readonly Document.Parsed[];
  /** The text that they were read from, with the same lines: some of its lines are indented more. */
  readonly text: string;
  /** Where in the given text a place of `text` is. */
  readonly givenOffset: (offset: number) => number;
}

/** With merge keys. */
const OPTIONS = { merge: true, prettyErrors: false, logLevel: "silent" } as const;

/**
 * Reads all documents of a text; each has its own errors. Slow, and sure.
 *
 * @throws RangeError where it nests too deep
 */
export function goYaml(text: string): GoYaml {
  const documents = parsed(text);
  const asGiven = { documents, text, givenOffset: (offset: number) => offset };
  if (documents.every(({ errors }) => errors.length === 0)) return asGiven;
  const indented = indentedMore(text);
  if (indented === undefined) return asGiven;
  const again = parsed(indented.text);
  // The errors of a text that can't be read either way are those of its own lines.
  return again.every(({ errors }) => errors.length === 0)
    ? { ...indented, documents: again }
    : asGiven;
}

function parsed(text: string): readonly Document.Parsed[] {
  const documents = [...(parseAllDocuments(text, OPTIONS) as Iterable<Document.Parsed>)];
  for (const document of documents) {
    // Of a field that stands twice the last one counts: see repeatedFields.
    document.warnings.push(...document.errors.filter(isRepeated));
    document.errors = document.errors.filter((error) => isError(error) && !isRepeated(error));
  }
  return documents;
}

/** Where the fields begin that stand in their mapping already. kubectl and helm take the last one. */
export function repeatedFields({ warnings }: Document.Parsed): readonly number[] {
  return warnings.filter(isRepeated).map(({ pos }) => pos[0]);
}

function isRepeated({ code }: { readonly code: string }): boolean {
  return code === "DUPLICATE_KEY";
}

/** `{ a: 1 }# text` is a comment for go-yaml. */
function isError({ message }: YAMLParseError): boolean {
  return !message.startsWith("Comments must be separated");
}

/** The values that aliases may repeat in one document: it is no count of aliases. */
const REPEATED_MAX = 1_000_000;

/**
 * The value of a document without errors. Its aliases are replaced in it.
 *
 * @throws ReferenceError for an alias without an anchor before it, or where aliases repeat more
 *   than a million values; RangeError where it nests too deep
 */
export function valueOf(document: Document.Parsed): unknown {
  new Aliases().replaced(document.contents);
  return document.toJS() as unknown;
}

/** A node, and how many values it is with all that its aliases repeat. */
interface SizedNode {
  readonly node: unknown;
  readonly size: number;
}

/** Puts the nodes in the places of their aliases: the library looks for each one's anchor anew. */
class Aliases {
  /** Undefined while the node is being read. */
  readonly #anchors = new Map<string, SizedNode | undefined>();
  #repeated = 0;

  replaced(node: unknown): SizedNode {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new ReferenceError(`no anchor before *${node.source}`);
      this.#repeated += target.size;
      if (this.#repeated > REPEATED_MAX) throw new ReferenceError("aliases repeat too much");
      return target;
    }
    const anchor = isNode(node) && "anchor" in node ? node.anchor : undefined;
    if (typeof anchor === "string") this.#anchors.set(anchor, undefined);
    const sized = { node, size: 1 + this.#withinReplaced(node) };
    if (typeof anchor === "string") this.#anchors.set(anchor, sized);
    return sized;
  }

  /** Replaces what is in a collection; returns its size. */
  #withinReplaced(node: unknown): number {
    if (!isMap(node) && !isSeq(node)) return 0;
    let size = 0;
    for (const [index, item] of node.items.entries()) {
      if (isPair(item)) {
        const [key, value] = [this.replaced(item.key), this.replaced(item.value)];
        item.key = key.node;
        item.value = value.node;
        size += key.size + value.size;
      } else {
        const value = this.replaced(item);
        node.items[index] = value.node;
        size += value.size;
      }
    }
    return size;
  }
}

/** How many values over lines are indented, and how many characters are read again for them. */
const INDENTED_MAX = 1000;
const READ_AGAIN_MAX = 32 * 1024 * 1024;

/**
 * In quoted text, and between brackets, go-yaml does not look at the indentation of lines: these
 * are indented as far as YAML 1.2 wants. Undefined: there are none, or it is no YAML.
 */
function indentedMore(text: string): Omit<GoYaml, "documents"> | undefined {
  const steps: { readonly added: readonly number[]; readonly width: number }[] = [];
  let indented = text;
  for (let read = 0; read < READ_AGAIN_MAX && steps.length < INDENTED_MAX; read += text.length) {
    const start = brokenOff(indented);
    if (start === undefined) break;
    const end = endOf(indented, start);
    // A line --- ends a document, in quoted text too.
    if (end === undefined || MARKER.test(indented.slice(start, end))) return undefined;
    const width = start - indented.lastIndexOf("\n", start - 1);
    const lines = indented.slice(start, end).split("\n");
    let at = start - width;
    const added = lines.slice(0, -1).map((line) => (at += line.length + 1 + width));
    indented =
      indented.slice(0, start) + lines.join(`\n${" ".repeat(width)}`) + indented.slice(end);
    steps.push({ added, width });
  }
  if (steps.length === 0) return undefined;
  const givenOffset = (offset: number): number =>
    steps.reduceRight((place, { added, width }) => {
      const before = added.findLastIndex((start) => start <= place);
      const over = before === -1 ? 0 : Math.max((added[before] ?? 0) + width - place, 0);
      return place - (before + 1) * width + over;
    }, offset);
  return { text: indented, givenOffset };
}

const MARKER = /^(?:---|\.\.\.)(?:\s|$)/m;

/** What the lexer adds to the text where something begins or is broken off. */
const MARKS: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

/** Where quoted text or a bracket begins that the lexer ends before its end. */
function brokenOff(text: string): number | undefined {
  let offset = 0;
  const brackets: number[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === CST.FLOW_END) return brackets[0];
    if (lexeme === "[" || lexeme === "{") brackets.push(offset);
    else if (lexeme === "]" || lexeme === "}") brackets.pop();
    else if (/^["']/.test(lexeme) && endOf(lexeme, 0) !== lexeme.length) {
      return brackets[0] ?? offset;
    }
    if (!MARKS.has(lexeme)) offset += lexeme.length;
  }
  return undefined;
}

/** Behind the closing quote or bracket of what begins at an offset. */
function endOf(text: string, start: number): number | undefined {
  const first = text[start];
  if (first === '"' || first === "'") return quotedEnd(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (char === "#" && /\s/.test(text[at - 1] ?? "")) {
      const end = text.indexOf("\n", at);
      if (end === -1) return undefined;
      at = end;
    } else if ((char === '"' || char === "'") && /[\s[\]{},:]/.test(text[at - 1] ?? "")) {
      const end = quotedEnd(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    }
  }
  return undefined;
}

function quotedEnd(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\" && quote === '"') at += 1;
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== "'") return at + 1;
      at += 1;
    }
  }
  return undefined;
}
