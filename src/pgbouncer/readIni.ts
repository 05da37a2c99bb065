/** The content of an ini, as PgBouncer reads it. */
export interface Ini {
  /** Keys of [pgbouncer]; if a key stands twice, the last counts. */
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
  const settings = new Map<string, IniSetting>();
  const databases = new Map<string, IniEntry>();
  const users = new Map<string, IniEntry>();
  const problems: IniProblem[] = [];
  let section = "";

  const readFile = (lines: string, path: string, depth: number) => {
    for (const [index, raw] of lines.split("\n").entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith(";") || line.startsWith("#")) continue;
      const problem = readLine(line, path, depth);
      if (problem !== undefined) problems.push({ line: index + 1, file: path, text: problem });
    }
  };
  /** @returns the fault of the line; undefined: none */
  const readLine = (line: string, path: string, depth: number): string | undefined => {
    const include = INCLUDE.exec(line)?.[1]?.trim();
    if (include !== undefined) return readInclude(include, depth);
    const begun = SECTION.exec(line)?.[1];
    if (begun !== undefined) {
      section = begun.toLowerCase();
      if (section === "pgbouncer") settings.clear();
      return undefined;
    }
    const [, name, value = ""] = KEY.exec(line) ?? [];
    if (name === undefined) return "is no section, key, comment or %include";
    return readKey(unquoted(name), value, path);
  };
  const readInclude = (path: string, depth: number): string | undefined => {
    if (depth >= INCLUDE_DEPTH_MAX) return `%include nests more than ${INCLUDE_DEPTH_MAX} deep`;
    const lines = included(path);
    if (lines === undefined) return `%include ${path}: the file is not known`;
    readFile(lines, path, depth + 1);
    return undefined;
  };
  const readKey = (name: string, value: string, path: string): string | undefined => {
    if (section === "") return "a key stands before the first section";
    if (section === "pgbouncer") settings.set(name.toLowerCase(), { value, file: path });
    if (section === "databases" || section === "users") {
      const keys = readConnectionString(value);
      if (keys === undefined) return `[${section}] ${name}: is no list of key=value`;
      (section === "users" ? users : databases).set(name, { keys, file: path });
    }
    return undefined;
  };
  readFile(text, file, 0);
  return { settings, databases, users, problems };
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
