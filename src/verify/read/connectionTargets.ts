import { CONNECTS_TO_ANNOTATION } from "../../api/names.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { MissingQuantity } from "../system.ts";
import { containerValue } from "./annotations.ts";
import { connectionUrls, keywordString, type ConnectionString } from "./connectionStrings.ts";
import { expanded, type Environment, type Variable } from "./containerEnv.ts";
import { isDatabaseName, isLocation, splitHostName } from "./databaseVariables.ts";
import type { Field } from "./field.ts";
import { missing } from "./quantities.ts";
import { hasPlaceholder } from "./placeholders.ts";
import type { Annotation } from "./inventory.ts";

/** Where a container means to connect, before it is known what is there. */
export interface ConnectionTarget {
  readonly host: string;
  /** Absent: not said. */
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly place: SourcePosition;
  /** What says so, for people: `DATABASE_URL`, `its command`. */
  readonly by: string;
  /** The part before HOST of the variable's name: those that belong together have it in common. */
  readonly prefix: string;
  /** Of the connection string: see ConnectionString. */
  readonly parameters: ConnectionString["parameters"];
  /** Surely a database: it says so by its scheme, its name, or an annotation. */
  readonly isDatabase: boolean;
  /** A connection string of Postgres, not a name or a file that has a host in it. */
  readonly isUrl?: boolean;
}

const NONE: ConnectionString["parameters"] = new Map();

/** What an annotation says of where a container connects. */
export interface AnnotatedTargets {
  readonly aims: readonly ConnectionTarget[];
  readonly missing: readonly MissingQuantity[];
  /** By the container's name, not of its pod as a whole. */
  readonly isOwn: boolean;
  readonly isNone: boolean;
}

/** A part of an annotation that is of one container: `server=…`. */
const NAMED = /^[a-z0-9][-a-z0-9]*=/;

/** Undefined when it says nothing of this container. */
export function annotatedTargets(
  annotation: Annotation | undefined,
  container: string,
): AnnotatedTargets | undefined {
  if (annotation === undefined) return undefined;
  const { name, place } = annotation;
  const value = containerValue(annotation, container);
  if (value === undefined) return undefined;
  const parts = annotation.value.split(",").map((part) => part.trim());
  const isOwn = parts.some((part) => part.startsWith(`${container}=`));
  if (value === "none") return { aims: [], missing: [], isOwn, isNone: true };
  const aims: ConnectionTarget[] = [];
  const bad: MissingQuantity[] = [];
  const unreadable = (): MissingQuantity => {
    const form = "host:port/database?user=login";
    const tell = `write ${CONNECTS_TO_ANNOTATION}: "${form}", "CONTAINER=${form},CONTAINER=none", or "none"`;
    return missing(`where container ${container} connects: ${name} can't be read`, place, tell);
  };
  // Some of a container and some of all: a comma may be of several hosts too.
  if (parts.some((part) => NAMED.test(part)) && !parts.every((part) => NAMED.test(part))) {
    return { aims, missing: [unreadable()], isOwn, isNone: false };
  }
  for (const part of value.split(/\s+/).filter((text) => text !== "")) {
    const text = /^[\w+]+:\/\//.test(part) ? part : `postgres://${part}`;
    const [string] = connectionUrls(text);
    if (string === undefined || string.hosts.some(({ host }) => host === "")) {
      bad.push(unreadable());
    } else aims.push(...targetsOf(string, place, name, ""));
  }
  return { aims, missing: bad, isOwn, isNone: false };
}

/** What its environment and its command say of where a container connects. */
export function writtenTargets(
  container: Field,
  { variables }: Environment,
): readonly ConnectionTarget[] {
  const aims: ConnectionTarget[] = [];
  for (const variable of variables.values()) aims.push(...variableAims(variable, variables));
  for (const list of ["command", "args"]) {
    for (const field of container.at(list).items()) {
      const text = expanded(field.text() ?? "", variables);
      for (const string of stringsIn(text)) {
        aims.push(...targetsOf(string, field.place(), "its command", ""));
      }
    }
  }
  return [...aims, ...flagAims(container, variables)];
}

/** `--db-host pooler`, `-h pooler:6432`: where it names a pooler it is one's client. */
const HOST_FLAG =
  /(?:^|\s)(?:-h|--[\w-]*(?:host|hostname|server|addr|address|endpoint|upstream))[= ]\s*([\w.-]+)(?::(\d{1,5}))?(?=\s|$)/g;

function flagAims(
  container: Field,
  variables: ReadonlyMap<string, Variable>,
): readonly ConnectionTarget[] {
  const lists = [container.at("command"), container.at("args")];
  const texts = lists.flatMap((list) => list.items().map((field) => field.text() ?? ""));
  const place = (lists[1]?.exists ? lists[1] : container.at("command")).place();
  return [...expanded(texts.join(" "), variables).matchAll(HOST_FLAG)].map(
    ([, host = "", port]) => ({
      host,
      ...(port === undefined ? {} : { port: Number(port) }),
      place,
      by: "its command",
      prefix: "",
      parameters: NONE,
      isDatabase: false,
    }),
  );
}

/** The connection strings in a text: URLs, else the text as a whole. */
export function stringsIn(text: string): readonly ConnectionString[] {
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
  const { hosts, database, user, parameters } = string;
  return hosts.map(({ host, port }) => ({
    host,
    ...(port === undefined ? {} : { port }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    place,
    by,
    prefix,
    parameters,
    isDatabase: true,
    isUrl: true,
  }));
}

function variableAims(
  variable: Variable,
  variables: ReadonlyMap<string, Variable>,
): readonly ConnectionTarget[] {
  const { name, value, place } = variable;
  if (value === "") return [];
  const strings = stringsIn(value);
  if (strings.length > 0) {
    const prefix = /^(.*_)(?:URL|URI|DSN)$/i.exec(name)?.[1] ?? "";
    return strings.flatMap((string) =>
      targetsOf(completedBy(string, prefix, variables), place, name, prefix),
    );
  }
  const split = splitHostName(name);
  const isDatabase = isDatabaseName(name);
  if (split === undefined) {
    // A whole connection string, hidden.
    const isUnknown = isDatabase && isLocation(name) && hasPlaceholder(value);
    const none = { place, by: name, prefix: "", parameters: NONE, isDatabase };
    return isUnknown ? [{ host: value, ...none }] : [];
  }
  if (value.includes("://") || NO_HOST.test(value)) return [];
  const port = portOf(related(split, PORTS, variables)?.value);
  const database = related(split, DATABASES, variables)?.value;
  const user = related(split, USERS, variables)?.value;
  const hosts = hasPlaceholder(value) ? [value] : value.split(",");
  return hosts.map((part) => {
    const [, host = part, own] = /^([^:]+):(\d+)$/.exec(part.trim()) ?? [];
    const number = portOf(own) ?? port;
    return {
      host: host.trim(),
      ...(number === undefined ? {} : { port: number }),
      ...(database === undefined || database === "" ? {} : { database }),
      ...(user === undefined || user === "" ? {} : { user }),
      place,
      by: name,
      prefix: split,
      parameters: NONE,
      isDatabase,
    };
  });
}

/** A URL without a login takes it from the variables beside it: Spring, JDBC. */
function completedBy(
  string: ConnectionString,
  prefix: string,
  variables: ReadonlyMap<string, Variable>,
): ConnectionString {
  if (string.user !== undefined) return string;
  const user = related(prefix, USERS, variables)?.value;
  return user === undefined || user === "" ? string : { ...string, user };
}

/** What variables called so hold as well. */
const NO_HOST = /^(?:true|false|yes|no|on|off|none|null|auto|\d+)$/i;

const PORTS = ["PORT"];
const DATABASES = ["DATABASE", "DBNAME", "DB", "NAME", "DB_NAME", "DATABASE_NAME"];
const USERS = ["USER", "USERNAME", "USER_NAME", "LOGIN", "ROLE"];

/**
 * The variable that belongs to a host's: `DB_HOST` and `DB_PORT`, and one step out where there is
 * none (`KC_DB_URL_HOST` and `KC_DB_USERNAME`).
 */
function related(
  prefix: string,
  suffixes: readonly string[],
  variables: ReadonlyMap<string, Variable>,
): Variable | undefined {
  const outer = prefix.replace(/[^_]+_+$/, "");
  const prefixes = outer === "" || outer === prefix ? [prefix] : [prefix, outer];
  for (const beginning of prefixes.filter((text) => text !== "")) {
    for (const suffix of suffixes) {
      const found =
        variables.get(beginning + suffix) ?? variables.get(beginning + suffix.toLowerCase());
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
