/** What an ini of PgBouncer says, as PgBouncer reads it. */
export interface Ini {
  /** Keys of [pgbouncer]; of a key that stands twice the last counts. */
  readonly settings: ReadonlyMap<string, IniSetting>;
  /** [databases], by name; `*` is the fallback. */
  readonly databases: ReadonlyMap<string, IniEntry>;
  /** [users], by name. */
  readonly users: ReadonlyMap<string, IniEntry>;
  /** What PgBouncer would stop at. It never repeats a value: there may be a password in it. */
  readonly problems: readonly IniProblem[];
}

interface IniSetting {
  readonly value: string;
  /** The file that it stands in. */
  readonly file: string;
}

/** What `name = host=pg pool_size=5` says, by key. */
export interface IniEntry {
  readonly keys: ReadonlyMap<string, string>;
  /** The file that it stands in. */
  readonly file: string;
}

interface IniProblem {
  /** Counted from 1, in the file that `file` names. */
  readonly line: number;
  readonly file: string;
  readonly text: string;
}

/** PgBouncer's own: an include within an include, at most so deep. */
const INCLUDE_DEPTH_MAX = 10;

const INCLUDE = /^%include\s+(.+)$/;
const SECTION = /^\[([^\]]*)\]$/;
const KEY = /^("(?:[^"]|"")*"|[^=\s]+)\s*=\s*(.*)$/;

/**
 * Reads an ini. Comments are whole lines. A section that begins again sets [pgbouncer] back to the
 * defaults, as PgBouncer does: all keys that the new one does not name.
 *
 * @param file the path that the text stands at, which problems name
 * @param included the text of another file that is there, by its path
 */
export function readIni(
  text: string,
  file: string,
  included: (path: string) => string | undefined,
): Ini {
  const reader = new IniReader(included);
  reader.read(text, file, 0);
  return reader;
}

class IniReader implements Ini {
  readonly settings = new Map<string, IniSetting>();
  readonly databases = new Map<string, IniEntry>();
  readonly users = new Map<string, IniEntry>();
  readonly problems: IniProblem[] = [];
  readonly #included: (path: string) => string | undefined;
  #section = "";

  constructor(included: (path: string) => string | undefined) {
    this.#included = included;
  }

  read(text: string, file: string, depth: number): void {
    for (const [index, raw] of text.split("\n").entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith(";") || line.startsWith("#")) continue;
      const problem = this.#line(line, file, depth);
      if (problem !== undefined) this.problems.push({ line: index + 1, file, text: problem });
    }
  }

  /** What is wrong with it, if anything is. */
  #line(line: string, file: string, depth: number): string | undefined {
    const include = INCLUDE.exec(line)?.[1]?.trim();
    if (include !== undefined) return this.#include(include, depth);
    const section = SECTION.exec(line)?.[1];
    if (section !== undefined) {
      this.#section = section.toLowerCase();
      if (this.#section === "pgbouncer") this.settings.clear();
      return undefined;
    }
    const [, name, value = ""] = KEY.exec(line) ?? [];
    if (name === undefined) return "is no section, key, comment or %include";
    return this.#key(unquoted(name), value, file);
  }

  #include(path: string, depth: number): string | undefined {
    if (depth >= INCLUDE_DEPTH_MAX) return `%include nests more than ${INCLUDE_DEPTH_MAX} deep`;
    const text = this.#included(path);
    if (text === undefined) return `%include ${path}: the file is not known`;
    this.read(text, path, depth + 1);
    return undefined;
  }

  #key(name: string, value: string, file: string): string | undefined {
    switch (this.#section) {
      case "pgbouncer":
        this.settings.set(name.toLowerCase(), { value, file });
        return undefined;
      case "databases":
      case "users": {
        const keys = readConnectionString(value);
        if (keys === undefined) return `[${this.#section}] ${name}: is no list of key=value`;
        (this.#section === "users" ? this.users : this.databases).set(name, { keys, file });
        return undefined;
      }
      case "":
        return "a key stands before the first section";
      default:
        return undefined;
    }
  }
}

const PAIR = /\s*([A-Za-z_]\w*)\s*=\s*(?:'((?:[^']|'')*)'|([^\s']\S*|))(?=\s|$)/y;

/**
 * `host=pg port=5432 password='it''s'`: what follows a database's name in PgBouncer's ini, and
 * what libpq takes as a connection string. Undefined when it is no such text.
 */
export function readConnectionString(text: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  const trimmed = text.trim();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < trimmed.length) {
    const match = PAIR.exec(trimmed);
    if (match === null) return undefined;
    const [, key = "", quoted, plain = ""] = match;
    pairs.set(key.toLowerCase(), quoted?.replaceAll("''", "'") ?? plain);
  }
  return pairs;
}

/** A number in a database's line as C's atoi reads it: `5x` is 5, `abc` is 0 and so unlimited. */
export function lineNumber(text: string): number {
  return Number(/^\s*([-+]?\d{1,15})/.exec(text)?.[1] ?? 0);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
