import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { Variable } from "../../workload.ts";

type StoreRow = Knowledge["stores"][number];

/** Names of variables about a Postgres that say so whoever chose them. */
const WORDS = "DB|DATABASE|DATABASES|PG|PGSQL|PSQL|POOLER|DATASOURCE|SQL|DSN";

/** The same within a longer word. */
const PARTS =
  "POSTGRES|DATABASE|CONNECTION_?STRING|CONN_?STR|DATA_SOURCE_(?:NAME|URI|URL)$|DATASTORE_(?:URI|URL|ENDPOINT)$|" +
  "^PG(?:HOST|HOSTADDR|ADDR)$";

/** A name with one of these is about a Postgres, whatever else stands in it. */
const POSTGRES = /POSTGRES|PGSQL|(?:^|_)PG(?:_|$)/i;

const LOCATION =
  /(?:URLS?|URI|DSN|JDBC|LINK|DATA_?SOURCE(?:_NAME)?|CONNECTION_?STRING|CONN_?STR(?:ING)?|CONNECTION|CONN|HOSTS?|HOSTNAME|HOSTADDR|FQDN|SERVERS?|NODES|ADDR|ADDRESS|ADDRESSES|ENDPOINTS?)\d*$/i;

/** `ConnectionStrings__Default`: what stands after it is the application's own word. */
const ASP_NET = /^ConnectionStrings__/i;

/** What says which product a database is. */
const KIND = /(?:CONNECTION|TYPE|DRIVER|ENGINE|DIALECT|CLIENT|ADAPTER|BACKEND|VENDOR|KIND)$/i;

/** libpq's variables, without those that say where; https://www.postgresql.org/docs/current/libpq-envars.html */
const LIBPQ = /^PG(?:USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|DATABASE)(?:_FILE)?$/i;

const LOGIN =
  /(?:^|_)(?:USER|USERNAME|USR|LOGIN|ROLE|PASSWORD|PASS|PASSWD|PWD|PW|NAME|DB_NAME|DBNAME|DB|DATABASE|CREDENTIALS?)(?:_{1,2}FILE)?$/i;

/** `KONG_DATABASE=off`: it says whether there is one, and names none. */
const SWITCH = /^\s*(?:true|false|yes|no|on|off|none|null|enabled|disabled)\s*$/i;

/** Names of counts and times, which are no targets: DB_POOL_MAX_PER_SERVER. */
const MEASURE = /(?:^|_)(?:POOL|MAX|MIN|PER|LIMIT|TIMEOUT|COUNT|NUM|CHECK|VERIFY|SSL|TLS)(?:_|$)/i;

/** Whether a name is of a count or a time, and of no target. */
export function isMeasure(name: string): boolean {
  return MEASURE.test(name);
}

/** A variable that says where to connect, as opposed to a login, a password, a limit. */
export function isLocation(name: string): boolean {
  return (LOCATION.test(name) || ASP_NET.test(name)) && !isMeasure(name);
}

/** By which names and schemes other stores are told from a Postgres: knowledge/stores.yaml. */
export class Stores {
  /** The beginning of a URL of another store, or of the web. */
  readonly otherUrl: RegExp;
  readonly #postgres: RegExp;
  readonly #others: RegExp;
  readonly #pooled: RegExp;
  readonly #pooledUrl: RegExp;
  readonly #pooledInText: RegExp;
  readonly #ports: ReadonlySet<number>;
  /** Of those that stand beside a Postgres as often as in its place. */
  readonly #beside: RegExp;

  constructor({ stores }: Pick<Knowledge, "stores">) {
    const pooled = stores.filter((row) => row.pooled === true);
    const own = stores.flatMap(({ postgres = [] }) => postgres);
    this.otherUrl = new RegExp(`^\\s*["']?(?:[\\w.]+:)?${oneOf(schemesOf(stores))}`, "i");
    this.#postgres = new RegExp(`(?:^|_)${oneOf([WORDS, ...own])}(?:_|$)|${PARTS}`, "i");
    this.#others = new RegExp(oneOf(wordsOf(stores)), "i");
    this.#pooled = new RegExp(oneOf(wordsOf(pooled)), "i");
    this.#pooledUrl = new RegExp(`^(?:jdbc:)?${oneOf(schemesOf(pooled))}(?:2|\\+\\w+)*:`, "i");
    const beside = pooled.filter((row) => row.beside === true);
    this.#beside = new RegExp(oneOf([...wordsOf(beside), ...schemesOf(beside)]), "i");
    this.#ports = new Set(stores.flatMap(({ ports = [] }) => ports));
    this.#pooledInText = new RegExp(
      `\\b(?:jdbc:)?(?!file)${oneOf(schemesOf(pooled))}(?:2|\\+\\w+)*:|${oneOf(wordsOf(pooled))}`,
      "i",
    );
  }

  /** Whether a text names a store that has pools too, and is no Postgres. */
  namesAnother(text: string): boolean {
    return this.#pooledInText.test(text);
  }

  /** Whether a variable called so is about a Postgres: DATABASE_URL, ORDERS_DB_HOST, PGHOST. */
  isDatabaseName(name: string): boolean {
    return POSTGRES.test(name) || (this.#postgres.test(name) && !this.#others.test(name));
  }

  /**
   * Whether a variable leads to a store that has pools too, and is no Postgres, or says that the database
   * is one: `DB_CONNECTION=sqlite`, `DB_PORT=3306`.
   */
  isOfAnother({ name, value }: Pick<Variable, "name" | "value">): boolean {
    const isNamed = isLocation(name) && this.#pooled.test(name) && !value.isEmpty;
    if (isNamed || value.test(this.#pooledUrl)) return true;
    if (!this.isDatabaseName(name)) return false;
    return (
      (KIND.test(name) && value.test(this.#pooled)) ||
      (/PORT$/i.test(name) && this.#ports.has(Number(value.known)))
    );
  }

  /** The same of a store that a program has in place of a Postgres, and not beside one. */
  isInstead(variable: Pick<Variable, "name" | "value">): boolean {
    const isBeside = this.#beside.test(variable.name) || variable.value.test(this.#beside);
    return !isBeside && this.isOfAnother(variable);
  }

  /** Whether a variable is a part of a login to a Postgres, or names its database. */
  isLogin({ name, value }: Pick<Variable, "name" | "value">): boolean {
    if (value.isEmpty || value.test(SWITCH) || isMeasure(name)) return false;
    return LIBPQ.test(name) || (LOGIN.test(name) && this.isDatabaseName(name));
  }
}

function wordsOf(rows: readonly StoreRow[]): readonly string[] {
  return rows.flatMap(({ words = [] }) => words);
}

function schemesOf(rows: readonly StoreRow[]): readonly string[] {
  return rows.flatMap(({ schemes = [] }) => schemes);
}

/** A pattern of one of these words; of none it matches nothing. */
function oneOf(words: readonly string[]): string {
  return words.length === 0 ? "(?!)" : `(?:${words.join("|")})`;
}
