import type { SourcePosition } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import {
  commandLine,
  type Container,
  type Variable,
  type EnvironmentVariables,
} from "../../workload.ts";
import {
  anyUrls,
  connectionUrls,
  keywordString,
  type ConnectionString,
} from "./connectionStrings.ts";
import { isLocation, isMeasure, type Stores } from "./stores.ts";

/** Where a container means to connect, before it is known which objects exist. */
export interface ConnectionTarget {
  readonly host: Template;
  /** Absent: not said. */
  readonly port?: number | undefined;
  readonly database?: Template | undefined;
  readonly user?: Template | undefined;
  readonly place: SourcePosition;
  /** What says so, for people: `DATABASE_URL`, `its command`. */
  readonly by: string;
  /** The part before HOST or URL of the variable's name, else all: the words of its pool's too. */
  readonly prefix: string;
  /** The parameters of the connection string. */
  readonly parameters: ConnectionString["parameters"];
  /** Surely a database: it says so by its scheme, its name, or an annotation. */
  readonly isDatabase: boolean;
  /** A connection string of Postgres, not a name or a file that has a host in it. */
  readonly isUrl?: boolean;
  /** Which of the connection strings of its variable, or of the items of its file, it is. */
  readonly part?: number;
  /** What a file that declares it says of its pool. */
  readonly filePool?: FilePoolSize;
}

/** The most connections of a pool as its program's own file says it, or the program's default. */
export type FilePoolSize =
  | { readonly name: string; readonly text: string | undefined; readonly byDefault?: never }
  | { readonly name: string; readonly byDefault: number };

const NONE: ConnectionString["parameters"] = new Map();

/** The targets in a container's environment and command. */
export function writtenTargets(container: Container, stores: Stores): readonly ConnectionTarget[] {
  const { variables } = container.environment;
  return [
    ...[...variables.values()].flatMap((variable) => variableTargets(variable, variables, stores)),
    ...[...container.command, ...container.args].flatMap(({ text, place }) =>
      stringsIn(text).flatMap((string) => targetsOf(string, place, "its command", "")),
    ),
    ...flagTargets(container),
    ...hiddenFlagTargets(container, stores),
  ];
}

/** `--db-host pooler`, `-h pooler:6432`: where it names a pooler it is one's client. */
const HOST_FLAG =
  /(?:^|\s)(?:-h|--[\w-]*(?:host|hostname|server|addr|address|endpoint|upstream))[= ]\s*([\w.-]+)(?::(\d{1,5}))?(?=\s|$)/g;

function flagTargets(container: Container): readonly ConnectionTarget[] {
  return commandLine(container)
    .matchAll(HOST_FLAG)
    .map(([, host = Template.of(""), port]) => ({
      host,
      port: portOf(port),
      place: container.argsPlace,
      by: "its command",
      prefix: "",
      parameters: NONE,
      isDatabase: false,
    }));
}

/** `--database-url=$(X)`, `--dsn $(X)`, of which the value is unknown: a whole connection string. */
function hiddenFlagTargets(
  { command, args, argsPlace }: Container,
  stores: Stores,
): readonly ConnectionTarget[] {
  const words = [...command, ...args].flatMap(({ text }) => text.matchAll(/\S+/g));
  const values = words.flatMap(([word], index): readonly Template[] => {
    const [, flag, own] = word?.match(/^--?([\w-]+)(?:=([\s\S]*))?$/) ?? [];
    const name = flag?.known?.replaceAll("-", "_") ?? "";
    const value = own ?? words[index + 1]?.[0];
    const isHidden = stores.isDatabaseName(name) && isLocation(name) && value?.known === undefined;
    return isHidden && value !== undefined ? [value] : [];
  });
  return values.map((host) => ({
    host,
    place: argsPlace,
    by: "its command",
    prefix: "",
    parameters: NONE,
    isDatabase: true,
  }));
}

/** The connection strings in a text: URLs, else the text as a whole. */
export function stringsIn(text: Template): readonly ConnectionString[] {
  const urls = connectionUrls(text);
  if (urls.length > 0) return urls;
  const string = keywordString(text);
  return string === undefined ? [] : [string];
}

/** One for each host that a connection string names. */
export function targetsOf(
  string: ConnectionString,
  place: SourcePosition,
  by: string,
  prefix: string,
): readonly ConnectionTarget[] {
  const { hosts, ...said } = string;
  return hosts.map((host) => ({
    ...said,
    ...host,
    place,
    by,
    prefix,
    isDatabase: true,
    isUrl: true,
  }));
}

function variableTargets(
  variable: Variable,
  variables: EnvironmentVariables,
  stores: Stores,
): readonly ConnectionTarget[] {
  const { name, value, place } = variable;
  if (value.isEmpty) return [];
  const isAboutPostgres = stores.isDatabaseName(name) && isLocation(name);
  const given = withOwn(value, variables);
  const written = stringsIn(value).length > 0 ? stringsIn(given) : [];
  const strings =
    written.length === 0 && isAboutPostgres
      ? [...anyUrls(given, stores), ...urlWithoutScheme(given)]
      : written;
  if (strings.length > 0) {
    const prefix = /^(.*_)(?:URL|URI|DSN)$/i.exec(name)?.[1] ?? "";
    // A URL without a login takes it from the variables beside it: Spring, JDBC.
    const login = related(prefix, USERS, variables);
    return strings.flatMap((string, part) =>
      targetsOf({ ...string, user: string.user ?? login }, place, name, prefix || name).map(
        (target) => ({ ...target, part }),
      ),
    );
  }
  const split = splitHostName(name);
  const isDatabase = stores.isDatabaseName(name);
  if (split === undefined) {
    // A whole connection string that is unknown.
    const isUnknown = isDatabase && isLocation(name) && value.known === undefined;
    const none = { place, by: name, prefix: name, parameters: NONE, isDatabase };
    return isUnknown ? [{ host: value, ...none }] : [];
  }
  if (value.test(/:\/\//) || value.test(NO_HOST)) return [];
  const port = portOf(related(split, PORTS, variables));
  const database = related(split, DATABASES, variables);
  const user = related(split, USERS, variables);
  const hosts = value.known === undefined ? [value] : value.split(",");
  return hosts.map((part) => {
    const [, host = part, own] = part.trim().match(/^([^:]+):(\d+)$/) ?? [];
    return {
      host: host.trim(),
      port: portOf(own) ?? port,
      database,
      user,
      place,
      by: name,
      prefix: split,
      parameters: NONE,
      isDatabase,
    };
  });
}

/** `pooler:6432/orders?sslmode=disable`, which its program puts a scheme before. */
function urlWithoutScheme(value: Template): readonly ConnectionString[] {
  const isOne = value.test(/^\s*(?:[^\s@/]+@)?[\w.-]+:\d{1,5}\/[\w-]+(?:\?\S*)?\s*$/);
  return isOne ? connectionUrls(Template.join([Template.of("postgres://"), value], "")) : [];
}

/** Its program, or a shell, puts the container's own variables in: `${DB_HOST}`. */
function withOwn(value: Template, variables: EnvironmentVariables): Template {
  if (value.known !== undefined) return value;
  let filled = value;
  for (const { name, value: own } of variables.values()) {
    if (own.known !== undefined) filled = filled.fill(`\${${name}}`, own.known);
  }
  return filled;
}

/** What variables called so hold as well. */
const NO_HOST = /^(?:true|false|yes|no|on|off|none|null|auto|\d+)$/i;

const PORTS = ["PORT"];
const DATABASES = ["DATABASE", "DBNAME", "DB", "NAME", "DB_NAME", "DATABASE_NAME"];
const USERS = ["USER", "USERNAME", "USER_NAME", "LOGIN", "ROLE"];

/**
 * The value of the variable that belongs to a host's: `DB_HOST` and `DB_PORT`, and one step out
 * where there is none (`KC_DB_URL_HOST` and `KC_DB_USERNAME`). Undefined where it is empty.
 */
function related(
  prefix: string,
  suffixes: readonly string[],
  variables: EnvironmentVariables,
): Template | undefined {
  const outer = prefix.replace(/[^_]+_+$/, "");
  const prefixes = outer === "" || outer === prefix ? [prefix] : [prefix, outer];
  for (const beginning of prefixes.filter((text) => text !== "")) {
    for (const suffix of suffixes) {
      const found =
        variables.get(beginning + suffix) ?? variables.get(beginning + suffix.toLowerCase());
      if (found !== undefined) return found.value.unlessEmpty;
    }
  }
  return undefined;
}

function portOf(text: Template | undefined): number | undefined {
  const port = text?.known;
  return port !== undefined && /^\d{1,5}$/.test(port) ? Number(port) : undefined;
}

const HOST = /^(.*_|PG|)(?:HOST|HOSTNAME|HOSTADDR|HOST_NAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/i;

const HOST_WORDS =
  /(?:^|_)(?:HOSTS?|HOSTNAMES?|HOSTADDR|SERVERS?|ADDR|ADDRESS|ENDPOINTS?|URL|URI|UPSTREAMS?|FQDN|DNS)(?:_|$)/i;

/** What such a variable says of something else than where it is. */
const NO_LOCATION =
  /(?:^|_)(?:USER|USERNAME|LOGIN|ROLE|PASSWORD|PASS|NAME|TYPE|MODE|KIND|DRIVER|ENGINE|DIALECT|SCHEMA|PREFIX|LABEL|TAG|ENV|APP)$/i;

/** What is a database's name as often as a host's, unless it says that it is a host's. */
const DATABASE_ITSELF = /(?:^|_)(?:DB|DATABASE|DBNAME|PGDATABASE)$/i;

/** Whether a variable called so may hold a host, as HOST_DB, PGBOUNCER and DB_PRIMARY may. */
export function mayNameHost(written: string, stores: Stores): boolean {
  const name = written.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  if (NO_LOCATION.test(name)) return false;
  return HOST_WORDS.test(name) || (stores.isDatabaseName(name) && !DATABASE_ITSELF.test(name));
}

/** What stands before HOST in the name of a variable that holds one: `DB_`, `PG`. */
function splitHostName(name: string): string | undefined {
  return isMeasure(name) ? undefined : HOST.exec(name)?.[1];
}
