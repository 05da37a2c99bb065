import { readConnectionString } from "../../../pgbouncer/readIni.ts";
import { Template } from "../../template.ts";
import type { Stores } from "./stores.ts";

/** The parts of a connection URL or string, without passwords. */
export interface ConnectionString {
  /** At least one; `port` is absent if the string has none. */
  readonly hosts: readonly { readonly host: Template; readonly port?: number }[];
  readonly database?: Template | undefined;
  readonly user?: Template | undefined;
  /** Parameters by their name in lower case without `_`, `-` and spaces: `connectionlimit`. */
  readonly parameters: ReadonlyMap<string, { readonly name: string; readonly value: Template }>;
}

/** postgres://, postgresql+asyncpg://, jdbc:postgresql://, with whatever driver in between. */
const SCHEME = String.raw`(?:jdbc:|r2dbc:(?:pool:)?)?(?:postgres|postgresql|pgsql|postgis|psql)(?:\+[\w.]+)?:\/\/`;

/** A port, or a variable that may be one: what stands before it is a host, no login. */
const PORT =
  "(?:\\d{1,5}|\\0[^\\0]*\\0|\\$(?:\\w+|\\{[^}]*\\}|\\([^)]*\\))|\\{\\{.*?\\}\\})(?:[\\s/?,;|\"'`)]|$)";

/** Up to the @ before a host: a password that is not encoded, or a placeholder, may hold anything. */
const LOGIN = "((?:<[^<>\\n]*>|[^\\s:@/?#\"'`,;])*(?::(?!" + PORT + ")(?:(?!://)[^\\n\"'`])*?)?)";

/** What may stand between the login and a path, a query or the end. */
const AUTHORITY = "(?:<[^<>\\n]*>|[^\\s\"'`<>|\\\\@/?#])*";

/** The login; up to what ends a URL, or to the next one of a list; the rest of the line. */
function urlPattern(scheme: string): RegExp {
  return new RegExp(
    `${scheme}(?:${LOGIN}@(?=${AUTHORITY}(?:[/?\\s"'\`>|\\\\]|$)))?` +
      `((?:<[^<>\\n]*>(?=[:/?,]))?(?:(?![,;]${SCHEME})[^\\s"'\`<>|\\\\])*)(?=(.*))`,
    "gi",
  );
}

const URL_PATTERN = urlPattern(SCHEME);

/** `ecto://`, `pgx5://`: libraries have schemes of their own. */
const ANY_URL_PATTERN = urlPattern(String.raw`^\s*["']?[a-z][\w.+-]*(?::[a-z][\w.+-]*)*:\/\/`);

/** After a URL that ended too early: more of its password, before an @. */
const CUT = /^(?:(?!:\/\/)[^\s"'`])+@/;

/** The same, where a text begins with the URL: it is a variable's value, no script. */
const CUT_VALUE = /^(?:(?!:\/\/).)+@/;

const VALUE = new RegExp(`^\\s*${SCHEME}`, "i");

/** All connection URLs of Postgres in a text. */
export function connectionUrls(text: Template): readonly ConnectionString[] {
  return urlsIn(text, URL_PATTERN);
}

/** The URL that a variable about a Postgres holds, with a scheme that no other store has. */
export function anyUrls(text: Template, stores: Stores): readonly ConnectionString[] {
  return text.test(stores.otherUrl) ? [] : urlsIn(text, ANY_URL_PATTERN);
}

function urlsIn(text: Template, pattern: RegExp): readonly ConnectionString[] {
  if (!text.test(/:\/\//)) return [];
  const cut = text.test(VALUE) ? CUT_VALUE : CUT;
  return withoutSubstitutions(text)
    .matchAll(pattern)
    .map(([, login, rest = NOTHING, tail = NOTHING]) => readUrl(rest, login, tail.test(cut)));
}

const NOTHING = Template.of("");

/** `$(cat FILE)`, and what stands between. `$(NAME)` is Kubernetes'. */
const SUBSTITUTIONS = /(\$\([^()]*\s[^()]*\))|[^$]+|\$/g;

/** What a shell computes is not known. */
function withoutSubstitutions(text: Template): Template {
  if (!text.test(/\$\([^()]*\s/)) return text;
  const parts = text.matchAll(SUBSTITUTIONS).flatMap(([part, computed]) => {
    return computed === undefined ? (part ?? []) : Template.unknown(computed.render());
  });
  return Template.join(parts);
}

/** Before the query, login, hosts and path; the login is what stands before the last @. */
const URL_PARTS = /^(?:([^?]*)@)?([^@/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * What follows `://`. Passwords with a slash or a question mark in them libpq refuses too, but other
 * libraries take them.
 *
 * @param before what stands before the first @ that a host follows
 * @param isCut the URL goes on after `rest`: which host it has can't be said
 */
function readUrl(rest: Template, before: Template | undefined, isCut: boolean): ConnectionString {
  const [, more, authority = NOTHING, path = NOTHING, query = NOTHING] =
    rest.match(URL_PARTS) ?? [];
  const login = before ?? more ?? NOTHING;
  const parameters = readQuery(query);
  const hosts = parameters.get("host")?.value ?? authority;
  const ports = parameters.get("port")?.value ?? NOTHING;
  const [, name = path] = path.match(/^(.*?)[),;\]}]+$/s) ?? [];
  const isRead =
    hosts.known === undefined || hosts.split(",").every((one) => one.trim().test(HOST_PART));
  return {
    hosts: isCut || !isRead ? [{ host: HIDDEN_HOST }] : hostsOf(hosts, ports),
    database: isCut ? undefined : (parameters.get("dbname")?.value ?? decoded(name)).unlessEmpty,
    user: (parameters.get("user")?.value ?? decoded(login.split(":")[0] ?? NOTHING)).unlessEmpty,
    parameters,
  };
}

/** Its text may be a part of a password. */
const HIDDEN_HOST = Template.unknown("host of a connection string");

type Parameters = ConnectionString["parameters"];

function readQuery(query: Template): Parameters {
  const pairs = pairsIn(query, /(?:^|[&;])([^&;=]*)=([^&;]*)/g);
  return parametersOf(
    pairs.map(([name, value]) => [decoded(Template.of(name)).render(), decoded(value)]),
  );
}

/** @param pattern a global one, with two groups: a name and its value */
function pairsIn(text: Template, pattern: RegExp): readonly (readonly [string, Template])[] {
  return text
    .matchAll(pattern)
    .map(([, name = NOTHING, value = NOTHING]) => [name.render(), value] as const);
}

function parametersOf(pairs: Iterable<readonly [string, Template]>): Parameters {
  return new Map(
    [...pairs]
      .filter(([name]) => !/pass(?:word)?|pwd|secret/i.test(name))
      .map(([name, value]) => [name.toLowerCase().replace(/[-_\s]/g, ""), { name, value }]),
  );
}

function decoded(text: Template): Template {
  try {
    return text.known === undefined ? text : Template.of(decodeURIComponent(text.known));
  } catch {
    return text;
  }
}

/** A host and its port, as they stand in a list of hosts. */
const HOST_PART = /^(?:\[([^\]]*)\]|(\/.*|[^:<>]*))(?::(\d+))?$/;

/** `a,b` or `a:1,b:2`, with `ports` (`1,2`, or one for all) where hosts have none. */
function hostsOf(text: Template, ports: Template): ConnectionString["hosts"] {
  const given = ports.split(",");
  return text.split(",").map((part, index) => {
    const [, bracketed, plain, port] = part.trim().match(HOST_PART) ?? [];
    const number = Number((port ?? given[index] ?? given[0])?.known);
    const host = decoded(bracketed ?? plain ?? part.trim());
    return Number.isInteger(number) && number > 0 ? { host, port: number } : { host };
  });
}

/** Words for the same thing in libpq's strings and in those of .NET, in `parametersOf`'s form. */
const HOST = ["host", "server", "datasource", "hostaddr", "addr", "address"];
const DATABASE = ["dbname", "database", "initialcatalog", "db"];
const USER = ["user", "username", "userid", "uid"];

/** `host=pooler port=6432 dbname=app`, or `Host=pooler;Port=6432;Database=app`; else undefined. */
export function keywordString(text: Template): ConnectionString | undefined {
  if (!text.test(/(?:^|[\s;])(?:host|server|data source|hostaddr)\s*=/i)) return undefined;
  const pairs = text.test(/;/) ? semicolons(text) : text.parse(readConnectionString);
  if (pairs === undefined) return undefined;
  const parameters = parametersOf(pairs);
  const first = (names: readonly string[]): Template | undefined =>
    names.map((name) => parameters.get(name)?.value).find((value) => value !== undefined);
  const host = first(HOST);
  const [database, user] = [first(DATABASE), first(USER)];
  if (host === undefined || (database === undefined && user === undefined)) return undefined;
  return { hosts: hostsOf(host, first(["port"]) ?? NOTHING), database, user, parameters };
}

function semicolons(text: Template): ReadonlyMap<string, Template> {
  return new Map(
    pairsIn(text, /(?:^|;)([^;=]*)=([^;]*)/g).map(([name, value]) => [name.trim(), value.trim()]),
  );
}
