import { imagePattern } from "../../knowledge/namePatterns.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import { commandLine, isShell, type Container, type ContainerFile } from "../../workload.ts";
import { containerCommand, fit, setCallsIn } from "../programs/commands.ts";
import { programOf } from "../programs/programs.ts";
import { inShell } from "../programs/shellValues.ts";

/** A setting of Postgres, where it stands. */
export interface PostgresSetting {
  /** Undefined: unknown. */
  readonly value: string | undefined;
  readonly place: SourcePosition;
}

type PostgresImage = Knowledge["postgres-images"][number];

/** The options of `postgres` that have a letter: https://www.postgresql.org/docs/current/app-postgres.html */
const LETTERS: Readonly<Record<string, string>> = { N: "max_connections", p: "port" };

/** `-c key=value`, `--set key=value`, `--key=value`, `-N 50`. */
const FLAGS =
  /(?:-c\s*|--set[\s=]+|--)([\w-]+)=["']?([^\s"']*)|(?:^|\s)-([Np])[\s=]*["']?([^\s"']+)/g;

/** Words that only Postgres' own program takes: `-c max_connections=50`, `-D /data`. */
const SERVER_FLAG =
  /(?:^|\n)(?:-c\n?[\w.]+=|-D(?:\n|\/)|-N\n?\d|--(?:max[-_]connections|config[-_]file)=)/;

/** A program of Postgres' own folder, or of the path: not that of an application. */
const PROGRAM = /^(?:[^]*\/bin\/)?[^/]+$/;

/** A call that starts Postgres. */
type ServerCall = ReturnType<typeof setCallsIn>[number];

/** Containers that run Postgres, by their images and their commands: their table, ready to be asked. */
export class PostgresImages {
  readonly #rows: readonly { readonly row: PostgresImage; readonly images: RegExp }[];
  /** Any of the images, in one: every container is asked. */
  readonly #entrypoints: RegExp;
  readonly #knowledge: Knowledge;
  readonly #servers = new WeakMap<Container, readonly ServerCall[]>();

  constructor(knowledge: Knowledge) {
    const rows = knowledge["postgres-images"];
    this.#knowledge = knowledge;
    this.#rows = rows.map((row) => ({ row, images: imagePattern(row.images) }));
    this.#entrypoints = imagePattern([
      "postgres",
      ...rows.flatMap(({ entrypoints = [] }) => entrypoints),
    ]);
  }

  #rowOf(container: Container): PostgresImage | undefined {
    return this.#rows.find(
      ({ row, images }) =>
        images.test(container.image) || this.#programCalls(container, row).length > 0,
    )?.row;
  }

  /** The calls that start Postgres by the name of a program, whatever the image is. */
  #programCalls(container: Container, { programs }: PostgresImage): readonly ServerCall[] {
    if (programs === undefined) return [];
    const { command, args } = container;
    const calls = setCallsIn(containerCommand(container, this.#knowledge));
    return calls.filter(({ words }) => {
      const [program] = words;
      if (program?.test(PROGRAM) !== true) return false;
      if (!programs.some((call) => fit(call, words) > 0)) return false;
      // The first of the arguments alone may be a word of the image's own program.
      const isWord = command.length === 0 && args[0]?.text.equals(program) === true;
      return !isWord || Template.join(words, "\n").test(SERVER_FLAG);
    });
  }

  /**
   * Whether a container runs the server. That of a Postgres image does unless its command names
   * another program (psql, pg_dump, a script that runs these); that of another image does where its
   * command starts Postgres.
   */
  runsServer(container: Container): boolean {
    return this.serverCalls(container).length > 0;
  }

  /**
   * Whether a container runs the server and nothing besides that may have a pool of its own: what
   * connects to others.
   */
  runsNothingElse(container: Container): boolean {
    const own = this.serverCalls(container);
    if (own.length === 0) return false;
    const calls = setCallsIn(containerCommand(container, this.#knowledge));
    return calls.every(
      (call) =>
        own.includes(call) ||
        programOf(call.words, container, this.#knowledge)?.connections !== undefined,
    );
  }

  /** Whether its image is one of Postgres: what a program besides the server does is of its start. */
  isOfPostgres({ image }: Container): boolean {
    return this.#rows.some(({ images }) => images.test(image));
  }

  /** The calls that start Postgres; without words those of the image's own entrypoint. */
  serverCalls(container: Container): readonly ServerCall[] {
    const before = this.#servers.get(container);
    if (before !== undefined) return before;
    const found = this.#foundCalls(container);
    this.#servers.set(container, found);
    return found;
  }

  #foundCalls(container: Container): readonly ServerCall[] {
    const byProgram = this.#rows.flatMap(({ row }) => this.#programCalls(container, row));
    if (byProgram.length > 0 || !this.isOfPostgres(container)) {
      return byProgram;
    }
    const calls = setCallsIn(containerCommand(container, this.#knowledge));
    return calls.filter(
      ({ words: [called] }) =>
        called === undefined ||
        called.isEmpty ||
        called.test(/^-/) ||
        called.test(this.#entrypoints),
    );
  }

  /**
   * Whether a setting that is not written is not Postgres' default: the image computes it, or its
   * variable may come from an object that is not there.
   */
  computes(container: Container, key: string): boolean {
    const { environment } = container;
    const { computes = [], unless, variables = {} } = this.#rowOf(container) ?? {};
    if (key in variables && environment.unknown.length > 0) return true;
    const off = environment.variables.get(unless ?? "");
    return computes.includes(key) && (off === undefined || off.value.isEmpty);
  }

  /** The settings of a container: from its command, which wins, its variables, and its files. */
  settingsOf(container: Container): ReadonlyMap<string, PostgresSetting> {
    const settings = new Map<string, PostgresSetting>();
    const { variables = {}, files = [], flags = [] } = this.#rowOf(container) ?? {};
    const calls = this.serverCalls(container).map((call) => wordsOf(call, container));
    const command = Template.join([commandLine(container, "\n"), ...calls], "\n");
    const read = configurationFiles(container, command, imagePattern(files));
    for (const { file, isRead } of read) {
      for (const [key, value] of new Map(confSettings(file.text))) {
        // Whether Postgres takes a file that nothing names is not known, nor which of two comes last.
        const before = settings.get(key);
        const isSure = isRead && (before === undefined || before.value === value);
        settings.set(key, { value: isSure ? value : undefined, place: { ...file.place, key } });
      }
    }
    // What an included file sets that is not there is not known.
    if (read.some(({ file, isRead }) => isRead && includesAbsent(file, container))) {
      for (const [key, { place }] of settings) settings.set(key, { value: undefined, place });
    }
    for (const [key, names] of Object.entries(variables)) {
      const variable = names
        .map((name) => container.environment.variables.get(name))
        .find((one) => one?.value.isEmpty === false);
      if (variable === undefined) continue;
      settings.set(key, { value: variable.value.known, place: variable.place });
    }
    for (const [key, names] of Object.entries(variables)) {
      const setting = names.flatMap((name) => fileOf(name, container) ?? []).at(0);
      if (setting !== undefined) settings.set(key, setting);
    }
    for (const [key, setting] of initScripts(container)) settings.set(key, setting);
    for (const [key, setting] of writtenByScripts(container)) settings.set(key, setting);
    const inVariables = flags.flatMap((name) => container.environment.variables.get(name) ?? []);
    const place = container.argsPlace;
    for (const text of inVariables) {
      for (const [key, setting] of flagSettings(text.value, text.place)) settings.set(key, setting);
    }
    const [first, ...others] = calls.map((text) => flagSettings(text, place));
    for (const [key, setting] of new Map([first, ...others].flatMap((one) => [...(one ?? [])]))) {
      // Of several calls it is not known which runs in the end.
      const isSure = others.every((one) => one.get(key)?.value === first?.get(key)?.value);
      settings.set(key, isSure ? setting : { ...setting, value: undefined });
    }
    return settings;
  }
}

/** The words of a call, each with what a shell makes of it. */
function wordsOf({ words, variables }: ServerCall, container: Container): Template {
  return Template.join(
    words.map((word) => inShell(word, container, variables) ?? word),
    "\n",
  );
}

/** What flags set, in their order: the last one counts. */
function flagSettings(text: Template, place: SourcePosition): ReadonlyMap<string, PostgresSetting> {
  return new Map(
    text.matchAll(FLAGS).map(([, name, value, letter, short]) => {
      const written = name?.render() ?? LETTERS[letter?.render() ?? ""] ?? "";
      const key = written.toLowerCase().replaceAll("-", "_");
      return [key, { value: (value ?? short)?.known, place: { ...place, key } }] as const;
    }),
  );
}

/** What a variable's file holds: `POSTGRESQL_MAX_CONNECTIONS_FILE`. */
function fileOf(name: string, { environment, files }: Container): PostgresSetting | undefined {
  const variable = environment.variables.get(`${name}_FILE`);
  if (variable === undefined || variable.value.isEmpty) return undefined;
  const file = files.files.get(variable.value.known ?? "");
  return { value: file?.text.trim(), place: variable.place };
}

/** Mounted configuration, and whether Postgres surely reads it: by its path, a flag, or an include. */
function configurationFiles(
  container: Container,
  command: Template,
  read: RegExp,
): readonly { readonly file: ContainerFile; readonly isRead: boolean }[] {
  const data = container.environment.variables.get("PGDATA")?.value.known ?? "";
  const all = [...container.files.files.values()];
  const included = new Set(all.flatMap((file) => includedPaths(file)));
  const files = all.filter(
    ({ path }) =>
      /(?:postgres(?:ql)?|custom)[^/]*\.conf$|conf\.d\/[^/]*\.conf$/.test(path) ||
      included.has(path),
  );
  const isNamed = ({ path }: ContainerFile): boolean =>
    read.test(path) ||
    path === `${data}/postgresql.conf` ||
    command.test(new RegExp(`=["']?${path.replaceAll(/[.+*?^$()[\]{}|\\]/g, "\\$&")}(?![\\w.])`));
  const includes = files.some(
    (file) => isNamed(file) && /^[ \t]*include(?:_dir|_if_exists)?\b/m.test(file.text),
  );
  return files.map((file) => ({ file, isRead: includes || isNamed(file) }));
}

const INCLUDE =
  /^[ \t]*include(?:_dir|_if_exists)?[ \t]*(?:=|[ \t])[ \t]*'?([^'#\n]*?)'?[ \t]*(?:#.*)?$/gim;

/** The files and folders that a postgresql.conf includes, seen from its own folder. */
function includedPaths({ path, text }: ContainerFile): readonly string[] {
  if (!path.endsWith(".conf")) return [];
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return [...text.matchAll(INCLUDE)].map(([, name = ""]) => {
    const plain = name.replace(/^\.\//, "").replace(/\/$/, "");
    return plain.startsWith("/") ? plain : folder + plain;
  });
}

function includesAbsent(file: ContainerFile, { files }: Container): boolean {
  const paths = [...files.files.values()].map(({ path }) => path);
  return includedPaths(file).some(
    (name) => !paths.some((path) => path === name || path.startsWith(`${name}/`)),
  );
}

/** What scripts set that run when the data folder is made; of a shell script, what it sets is not known. */
function initScripts({ files }: Container): ReadonlyMap<string, PostgresSetting> {
  const key = "max_connections";
  const scripts = [...files.files.values()].filter(({ path }) => /initdb\.d\//.test(path));
  return new Map(
    scripts
      .filter(({ text }) => text.replaceAll(/^\s*(?:#|--).*$/gm, "").includes(key))
      .map(({ text, place }) => {
        const [, value] =
          /ALTER\s+SYSTEM\s+SET\s+max_connections\s*(?:=|TO)\s*'?(\d+)/i.exec(text) ?? [];
        return [key, { value, place: { ...place, key } }] as const;
      }),
  );
}

/** A setting that a shell writes into a file, or sets by SQL: `-c key=value` is a flag. */
const WRITTEN =
  /(?<!-c\s*["']?|--set[\s=]["']?|--|\w)(max_connections|(?:superuser_)?reserved_connections)\b(?=["'\s]*(?:=|TO\s|[\d$]))/gi;

/** What the container's scripts and its hooks write: which value counts in the end is not known. */
function writtenByScripts(container: Container): ReadonlyMap<string, PostgresSetting> {
  const { command, args, hooks = [], files } = container;
  const [program] = [...command, ...args];
  const isScript = program !== undefined && isShell(program.text);
  const mounted = [...files.files.values()]
    .filter(({ path, text }) => path.endsWith(".sh") || text.startsWith("#!"))
    .filter(({ path }) => !/initdb\.d\//.test(path))
    .map(({ text, place }) => ({ text: Template.of(text), place }));
  return new Map(
    [...(isScript ? [...command, ...args] : []), ...mounted, ...hooks].flatMap(({ text, place }) =>
      text
        .matchAll(WRITTEN)
        .flatMap(([, name]): readonly (readonly [string, PostgresSetting])[] => {
          const key = name?.known?.toLowerCase() ?? "";
          return [[key, { value: undefined, place: { ...place, key } }]];
        }),
    ),
  );
}

/** `key = value` of a postgresql.conf. */
export function confSettings(text: string): readonly (readonly [key: string, value: string])[] {
  const lines = text.matchAll(
    /^[ \t]*(\w+)[ \t]*(?:=|[ \t])[ \t]*'?([^'#\n]*?)'?[ \t]*(?:#.*)?$/gm,
  );
  return [...lines].map(([, key = "", value = ""]) => [key.toLowerCase(), value]);
}
