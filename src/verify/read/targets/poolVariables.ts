import { imagePattern, namePattern, usualName } from "../../knowledge/namePatterns.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { commandLine, commandOf, type Container, type Variable } from "../../workload.ts";
import type { ConnectionTarget } from "./connectionTargets.ts";
import { connectionUrls } from "./connectionStrings.ts";
import { isLocation, type Stores } from "./stores.ts";

type PoolLibrary = Knowledge["pool-libraries"][number];

/** A row of the table, its names as patterns. */
interface Library {
  readonly row: PoolLibrary;
  readonly marks: RegExp;
  readonly images: RegExp;
  readonly threads: RegExp;
}

/** A variable's name, and what it says. */
interface VariableName {
  readonly usual: string;
  readonly isSize: boolean;
  readonly isOverflow: boolean;
}

/** Which variables and parameters size a pool: the table of pool libraries, ready to be asked. */
export class PoolVariables {
  /** Parameters of a connection string that size a pool, as ConnectionString has them. */
  readonly parameters: readonly string[];
  readonly overflowParameters: readonly string[];
  readonly stores: Stores;
  readonly #libraries: readonly Library[];
  /** Those of which a number is known without a variable. */
  readonly #programs: readonly Library[];
  readonly #sizes: RegExp;
  readonly #threads: RegExp;
  readonly #overflows: RegExp;
  readonly #beyond: RegExp;
  /** Words that tell no pool from another. */
  readonly #samePool: ReadonlySet<string>;
  /** What each name says that was asked for: the containers of a system share most of theirs. */
  readonly #names = new Map<string, VariableName>();

  constructor({ "pool-libraries": rows }: Pick<Knowledge, "pool-libraries">, stores: Stores) {
    this.stores = stores;
    this.parameters = parameterKeys(rows.flatMap(({ parameters = [] }) => parameters));
    const overflows = rows.flatMap(({ overflow }) => overflow ?? []);
    this.overflowParameters = parameterKeys(overflows.flatMap(({ parameters = [] }) => parameters));
    this.#sizes = namePattern(rows.flatMap(({ sizes = [] }) => sizes));
    this.#overflows = namePattern(overflows.flatMap(({ variables = [] }) => variables));
    this.#beyond = namePattern(overflows.flatMap(({ beyond = [] }) => beyond));
    this.#samePool = new Set([...SAME_POOL.split(" "), ...rows.flatMap(({ words = [] }) => words)]);
    this.#libraries = rows.map((row) => ({
      row,
      marks: namePattern(row.marks),
      images: imagePattern(row.images),
      threads: namePattern(row.threads),
    }));
    this.#programs = this.#libraries.filter(
      ({ row }) => row.default !== undefined || row.always !== undefined,
    );
    // Threads of a program with images of its own mean nothing in others.
    const anywhere = rows.filter(({ images }) => images === undefined);
    this.#threads = namePattern(anywhere.flatMap(({ threads = [] }) => threads));
  }

  #nameOf(name: string): VariableName {
    const before = this.#names.get(name);
    if (before !== undefined) return before;
    const usual = usualName(name);
    const found = {
      usual,
      isSize: this.#sizes.test(usual),
      isOverflow: this.#overflows.test(usual),
    };
    this.#names.set(name, found);
    return found;
  }

  /** Whether a variable called so sizes a pool, and nothing else. */
  isSize(name: string): boolean {
    return this.#nameOf(name).isSize;
  }

  /** Threads make the pool only where nothing else does. */
  isThreads(name: string): boolean {
    const { usual } = this.#nameOf(name);
    return this.#threads.test(usual) || this.#libraries.some(({ threads }) => threads.test(usual));
  }

  /** Whether a parameter of a connection string that is called so sizes a pool. */
  isParameter(name: string): boolean {
    return this.parameters.includes(parameterKey(name));
  }

  /**
   * Whether two targets of a container are pools of their own by their variables: these have different
   * words (DATABASE_URL, REPLICA_DATABASE_URL), or one variable has several connection strings.
   */
  haveOwnPools(a: ConnectionTarget, b: ConnectionTarget): boolean {
    if (a.prefix === "" || b.prefix === "") return false;
    if (a.by === b.by) return a.part !== b.part;
    // Npgsql has a pool for each connection string, whoever opens it.
    if ([a, b].every(({ by }) => /^ConnectionStrings__/i.test(by))) return false;
    const [one, other] = [a, b].map(({ prefix }) =>
      ownWords(prefix)
        .filter((word) => !this.#samePool.has(word))
        .join("_"),
    );
    return one !== other;
  }

  isOverflow(name: string): boolean {
    return this.#nameOf(name).isOverflow;
  }

  /** A size that leaves the library's overflow out; `DB_POOL_MAX` means all. */
  leavesOverflowOut(name: string): boolean {
    return this.#beyond.test(usualName(name));
  }

  /** The sizes of pools that flags say: of the command, and in variables such as JAVA_OPTS. */
  flagSizesOf(container: Container): readonly Variable[] {
    return flagsOf(container, this.stores).filter(({ name }) => this.isSize(name));
  }

  /** The variables that size the pool of a target: threads only if nothing else does. */
  sizesOf(container: Container, target: ConnectionTarget): readonly Variable[] {
    const variables = [...container.environment.variables.values()];
    const sizes = [
      ...variables.filter(({ name }) => this.isSize(name)),
      ...this.flagSizesOf(container),
    ];
    const own = ownOf(sizes, container, target, this.stores);
    if (own.length > 0) return own;
    const here = this.#libraries.filter(({ images }) => images.test(container.image));
    const threads = variables.filter(
      ({ name }) => this.#threads.test(name) || here.some((one) => one.threads.test(name)),
    );
    return ownOf(threads, container, target, this.stores);
  }

  /** The overflows of a pool: those with its words in front, else those with none of their own. */
  overflowsOf(pool: string, variables: readonly Variable[]): readonly Variable[] {
    const all = variables.filter(({ name }) => this.isOverflow(name));
    const same = (words: (name: string) => readonly string[]): readonly Variable[] =>
      all.filter(({ name }) => words(name).join("_") === words(pool).join("_"));
    const candidates = [
      same(wordsInFront),
      same(ownWords),
      all.filter(({ name }) => ownWords(name).length === 0),
    ];
    return candidates.find(({ length }) => length > 0) ?? [];
  }

  /** Whether a library that opens an overflow is there, by its variables or its strings. */
  hasOverflowLibrary(container: Container): boolean {
    const variables = [...container.environment.variables.values()];
    return this.#libraries.some(({ row, marks }) => {
      if (row.overflow?.beyond === undefined) return false;
      if (variables.some(({ name }) => marks.test(name))) return true;
      if (row.schemes === undefined) return false;
      const scheme = schemePattern(row.schemes);
      const texts = [...variables.map(({ value }) => value), ...commandOf(container)];
      return texts.some((text) => text.test(scheme));
    });
  }

  /** Whether it is sure that a variable sizes the pool: its program is there, or only that one has it. */
  isRead(variable: string, container: Container, target: ConnectionTarget): boolean {
    const isOwn = this.#libraries.some(({ marks }) => marks.test(variable));
    return isOwn || this.programOf(container, target) !== undefined;
  }

  /** The program that surely opens this connection: by its image, or a variable of its own. */
  programOf(container: Container, target: ConnectionTarget): PoolLibrary | undefined {
    return this.#programs.find(
      ({ images, marks }) =>
        images.test(container.image) || marks.test(target.by) || marks.test(target.prefix),
    )?.row;
  }
}

/** `--db-pool-max-size=5` of the command, `-Dspring.datasource.hikari.maximum-pool-size=5` there or in JAVA_OPTS. */
const FLAGS = /(?:^|[\s"'])(?:-D|--)([A-Za-z][\w.-]*)[=\s]["']?([^-\s"'][^\s"']*)(?=["'\s]|$)/g;

/** What flags say of a database, as if they were variables. */
function flagsOf(container: Container, stores: Stores): readonly Variable[] {
  const texts = [
    { text: commandLine(container), place: container.argsPlace },
    ...[...container.environment.variables.values()].map(({ value, place }) => ({
      text: value,
      place,
    })),
  ];
  return texts.flatMap(({ text, place }) =>
    text.matchAll(FLAGS).flatMap(([, flag, value]) => {
      const name = flag?.render() ?? "";
      if (value === undefined || !stores.isDatabaseName(usualName(name))) return [];
      return [{ name, value, place }];
    }),
  );
}

function parameterKeys(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(parameterKey))];
}

/** A parameter's name as ConnectionString has it: `maximumpoolsize` of `Maximum Pool Size`. */
function parameterKey(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, "");
}

function schemePattern(schemes: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${schemes.join("|").replaceAll("+", "\\+")})\\w+`, "i");
}

/** Words that say what a variable holds, and not of which database. */
const COMMON: ReadonlySet<string> = new Set(
  (
    "DB DATABASE DATABASES PG PGSQL PSQL POSTGRES POSTGRESQL POSTGRESDB SQL SQLALCHEMY ALCHEMY RDS DATASOURCE " +
    "JDBC R2DBC PGHOST PGHOSTADDR URL URI DSN HOST HOSTNAME HOSTADDR SERVER ADDR ADDRESS ENDPOINT PORT CONN STRINGS " +
    "CONNS CONNECTION CONNECTIONS STRING POOL PGPOOL PGPOOLSIZE MAX MAXIMUM MIN SIZE LIMIT OPEN OVERFLOW PER THREADS"
  ).split(" "),
);

/** Words of variables that lead to the pool of the others, or to none that lasts. */
const SAME_POOL =
  "APP APPLICATION MAIN DEFAULT CORE PRIMARY MASTER WRITER WRITE RW POOLER POOLED POOLING NON UNPOOLED " +
  "DIRECT SHADOW TEST MIGRATE MIGRATION MIGRATIONS MIGRATOR";

/** The words that a name has besides: [ORDERS] of ORDERS_DB_HOST and of ORDERS_DB_POOL_SIZE. */
function ownWords(name: string): readonly string[] {
  return wordsOf(name).filter((word) => !COMMON.has(word));
}

function wordsOf(name: string): readonly string[] {
  return usualName(name)
    .split(/[^A-Z\d]+/)
    .filter((word) => word !== "");
}

/** What stands before the size itself: [DB] of DB_POOL_SIZE and of DB_MAX_OVERFLOW. */
function wordsInFront(name: string): readonly string[] {
  const words = wordsOf(name);
  const end = words.findIndex((word) => /^(?:POOL|MAX|CONNECTION)/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

/**
 * The variables that belong to a target. One with words of its own belongs to the connections whose
 * variables begin with the most of them, also to one that is empty and so leads nowhere; if there is
 * none such, to all. Of what belongs to a target, that with most of its words counts.
 */
function ownOf(
  sizes: readonly Variable[],
  container: Container,
  { prefix, by }: ConnectionTarget,
  stores: Stores,
): readonly Variable[] {
  if (sizes.length === 0) return [];
  const { variables } = container.environment;
  const here = ownWords(prefix === "" && variables.has(by) ? by : prefix);
  const locations = [...variables.values()].filter(
    ({ name, value }) =>
      (stores.isDatabaseName(name) && isLocation(name)) || connectionUrls(value).length > 0,
  );
  const others = locations.map(({ name }) => ownWords(name));
  const belonging = sizes.flatMap((size) => {
    const words = ownWords(size.name);
    const common = commonLength(words, here);
    const isOthers = others.some((other) => commonLength(words, other) > common);
    return isOthers ? [] : [{ size, common }];
  });
  const most = Math.max(...belonging.map(({ common }) => common));
  return belonging.filter(({ common }) => common === most).map(({ size }) => size);
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const end = a.findIndex((word, index) => word !== b[index]);
  return end === -1 ? a.length : end;
}
