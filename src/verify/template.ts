/** A match of a pattern in a template: the whole match, then its groups. */
type TemplateMatch = readonly (Template | undefined)[];

/**
 * A text of which parts may be unknown: a Secret that is not among the objects may hold a part of a
 * connection string. An unknown part has the name of what holds it. To a pattern it is a word that
 * spells nothing, and that has nothing which ends a host, a user or a URL: whatever the name is, the
 * same patterns fit. Two parts of the same name are equal.
 */
export class Template {
  /** The text, each unknown part as its encoded name between two marks. */
  readonly #marked: string;

  private constructor(marked: string) {
    this.#marked = marked;
  }

  static of(text: string): Template {
    return new Template(text.includes(MARK) ? text.replaceAll(MARK, "") : text);
  }

  static unknown(name: string): Template {
    return new Template(unknownPart(name));
  }

  static join(templates: readonly Template[], separator = ""): Template {
    return new Template(templates.map((one) => one.#marked).join(separator));
  }

  /** The text; undefined where a part of it is unknown. */
  get known(): string | undefined {
    return this.#marked.includes(MARK) ? undefined : this.#marked;
  }

  /** The text without its unknown parts. */
  get knownParts(): string {
    return this.#marked
      .split(MARK)
      .filter((_, index) => index % 2 === 0)
      .join("");
  }

  get isEmpty(): boolean {
    return this.#marked === "";
  }

  /** The template; undefined where it is empty. */
  get unlessEmpty(): Template | undefined {
    return this.isEmpty ? undefined : this;
  }

  /** The text for people, each unknown part by its name. */
  render(): string {
    const parts = this.#marked.split(MARK);
    return parts.map((part, index) => (index % 2 === 0 ? part : decodedName(part))).join("");
  }

  equals(other: Template): boolean {
    return this.#marked === other.#marked;
  }

  /** The text where all unknown parts of that name are this one. */
  fill(name: string, text: string): Template {
    return new Template(this.#marked.replaceAll(unknownPart(name), () => text));
  }

  has(name: string): boolean {
    return this.#marked.includes(unknownPart(name));
  }

  test(pattern: RegExp): boolean {
    return pattern.test(this.#marked);
  }

  match(pattern: RegExp): TemplateMatch | undefined {
    const match = pattern.exec(this.#marked);
    return match === null ? undefined : Template.#groups(match);
  }

  /** @param pattern a global one */
  matchAll(pattern: RegExp): readonly TemplateMatch[] {
    // Most texts have none, and matchAll copies the pattern first.
    if (this.#marked.search(pattern) === -1) return [];
    return [...this.#marked.matchAll(pattern)].map((match) => Template.#groups(match));
  }

  static #groups(match: RegExpMatchArray): TemplateMatch {
    return [...match].map((group: string | undefined) =>
      group === undefined ? undefined : new Template(group),
    );
  }

  split(separator: string): readonly Template[] {
    return this.#marked.split(separator).map((part) => new Template(part));
  }

  trim(): Template {
    return new Template(this.#marked.trim());
  }

  /** The keys that a parser finds in the text, each with its part of the text. */
  parse(
    parser: (text: string) => ReadonlyMap<string, string> | undefined,
  ): ReadonlyMap<string, Template> | undefined {
    const entries = parser(this.#marked);
    if (entries === undefined) return undefined;
    return new Map(
      [...entries].map(([key, value]) => [new Template(key).render(), new Template(value)]),
    );
  }
}

/** No process has it in its environment or its arguments. */
const MARK = "\u{0}";

/** A letter for each hexadecimal digit. Without vowels they spell no word that a pattern looks for. */
const LETTERS = "bcdfghjklmnpqrst";

function unknownPart(name: string): string {
  const letters = [...new TextEncoder().encode(name)].map(
    (byte) => LETTERS.charAt(byte >> 4) + LETTERS.charAt(byte & 15),
  );
  return `${MARK}${letters.join("")}${MARK}`;
}

function decodedName(letters: string): string {
  const bytes = (letters.match(/../g) ?? []).map(
    ([high = "", low = ""]) => LETTERS.indexOf(high) * 16 + LETTERS.indexOf(low),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
