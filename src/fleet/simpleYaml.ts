import { DEPTH_MAX, DOCUMENT_LENGTH_MAX } from "./locatedYaml.ts";
import { readPlainScalar } from "./portableYaml.ts";

/**
 * Reads the YAML that people and programs mostly write, some twenty times as fast as a whole
 * parser: mappings and lists by indentation, scalars and flow collections on one line, comments.
 * Whatever else it meets, right or wrong, it leaves to readLocatedYaml: it never accepts what that
 * would refuse, nor reads it differently.
 */

/** A field's name in a mapping by indentation, and its colon. */
const NAME = /([A-Za-z_][-\w./]{0,200}):(?=[ \n]|$)/y;
/** What may follow a value on its line, and the line's end. */
const LINE_END = /(?: +#[^\n]*| *)(?:\n|$)/y;
/** Lines without content. */
const BLANK_LINES = /(?: *(?:#[^\n]*)?\n)*(?: *(?:#[^\n]*)?$)?/y;
const SPACES = / */y;
/** Unquoted text: a colon or a space only before more of it, # only after more of it. */
const PLAIN = /(?:-(?=[-\w./])|[\w./~$(+<=])(?:[!-9;-~]|:(?=[!-~])| +(?=[!-"$-~]))*/y;
/** The same between brackets, where commas and brackets end it. */
const PLAIN_IN_FLOW =
  /(?:-(?=[-\w./])|[\w./~$(+<=])(?:[!#-+.-9;->@-Z\\^-z|~-]|:(?=[!#-+.->@-Z\\^-z|~-])| +(?=[!$-+.->@-Z\\^-z|~-]))*/y;
const DOUBLE_QUOTED = /"([^"\\\n]*)"/y;
const SINGLE_QUOTED = /'([^'\n]*)'/y;
const OPEN_LIST = /\[ */y;
const OPEN_MAPPING = /\{ */y;
const COMMA = / *, */y;
const CLOSE_LIST = / *\]/y;
const CLOSE_MAPPING = / *\}/y;
const COLON_SPACES = / +/y;
const DASH = /-(?=[ \n]|$)/y;

/** Thrown where the text is not simple; caught by `readSimpleYaml`. */
class NotSimple extends Error {}

/**
 * The value of a document (a mapping; without `---`, as splitDocuments cuts them), or undefined when
 * the document is not simple, which says nothing about whether it is right.
 */
export function readSimpleYaml(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > DOCUMENT_LENGTH_MAX || text.includes("\t")) return undefined;
  try {
    return new SimpleReader(text.includes("\r") ? text.replaceAll("\r\n", "\n") : text).document();
  } catch (error) {
    if (error instanceof NotSimple) return undefined;
    throw error;
  }
}

class SimpleReader {
  readonly #text: string;
  #at = 0;
  /** Columns before the content of the line that #at is in; -1 at the end of the text. */
  #indent = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Record<string, unknown> {
    this.#toContent();
    if (this.#indent !== 0) throw new NotSimple();
    const value = this.#mapping(0);
    // A line whose indentation fits nothing ends everything around it.
    if (this.#at < this.#text.length) throw new NotSimple();
    return value;
  }

  /** A mapping whose names stand `indent` columns in; #at is at the first. */
  #mapping(indent: number): Record<string, unknown> {
    this.#enter();
    const mapping: Record<string, unknown> = {};
    do {
      const name = this.#name(mapping);
      mapping[name] = this.#takes(LINE_END) ? this.#block(indent, indent) : this.#inline();
    } while (this.#indent === indent);
    this.#depth -= 1;
    return mapping;
  }

  /** A list whose dashes stand `indent` columns in; #at is at the first. */
  #list(indent: number): unknown[] {
    this.#enter();
    const list: unknown[] = [];
    while (this.#indent === indent && this.#takes(DASH)) {
      if (this.#takes(LINE_END)) list.push(this.#block(indent, indent + 1));
      else {
        const column = indent + 1 + this.#length(SPACES);
        list.push(this.#matches(NAME) ? this.#mapping(column) : this.#inline());
      }
    }
    this.#depth -= 1;
    return list;
  }

  /**
   * What follows a line that ended after a colon or a dash: a mapping or list that is more than
   * `outer` columns in, a list also when it is at least `listFrom` in; else null.
   */
  #block(outer: number, listFrom: number): unknown {
    this.#toContent();
    const isList = this.#matches(DASH);
    if (isList && this.#indent >= listFrom) return this.#list(this.#indent);
    return !isList && this.#indent > outer ? this.#mapping(this.#indent) : null;
  }

  /** A value on the rest of the line. */
  #inline(): unknown {
    this.#takes(SPACES);
    const value = this.#flow(PLAIN);
    if (!this.#takes(LINE_END)) throw new NotSimple();
    this.#toContent();
    return value;
  }

  #flow(plain: RegExp): unknown {
    if (this.#takes(OPEN_MAPPING)) return this.#flowMapping();
    if (this.#takes(OPEN_LIST)) return this.#flowList();
    return (
      this.#captures(DOUBLE_QUOTED) ?? this.#captures(SINGLE_QUOTED) ?? this.#plainScalar(plain)
    );
  }

  #flowMapping(): Record<string, unknown> {
    this.#enter();
    const mapping: Record<string, unknown> = {};
    while (!this.#takes(CLOSE_MAPPING)) {
      if (Object.keys(mapping).length > 0 && !this.#takes(COMMA)) throw new NotSimple();
      const name = this.#name(mapping);
      if (!this.#takes(COLON_SPACES)) throw new NotSimple();
      mapping[name] = this.#flow(PLAIN_IN_FLOW);
    }
    this.#depth -= 1;
    return mapping;
  }

  #flowList(): unknown[] {
    this.#enter();
    const list: unknown[] = [];
    while (!this.#takes(CLOSE_LIST)) {
      if (list.length > 0 && !this.#takes(COMMA)) throw new NotSimple();
      list.push(this.#flow(PLAIN_IN_FLOW));
    }
    this.#depth -= 1;
    return list;
  }

  #plainScalar(plain: RegExp): unknown {
    const from = this.#at;
    if (!this.#takes(plain)) throw new NotSimple();
    const scalar = readPlainScalar(this.#text.slice(from, this.#at));
    if ("doubt" in scalar) throw new NotSimple();
    return scalar.value;
  }

  #name(mapping: Readonly<Record<string, unknown>>): string {
    const name = this.#captures(NAME);
    if (name === undefined || Object.hasOwn(mapping, name) || name === "__proto__") {
      throw new NotSimple();
    }
    const scalar = readPlainScalar(name);
    if ("doubt" in scalar || typeof scalar.value !== "string") throw new NotSimple();
    return name;
  }

  /** To the content of the next line that has any. */
  #toContent(): void {
    this.#takes(BLANK_LINES);
    this.#indent = this.#at === this.#text.length ? -1 : this.#length(SPACES);
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new NotSimple();
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #takes(pattern: RegExp): boolean {
    if (!this.#matches(pattern)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #length(pattern: RegExp): number {
    const from = this.#at;
    this.#takes(pattern);
    return this.#at - from;
  }

  #captures(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[1];
  }
}
