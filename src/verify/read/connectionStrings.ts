import { hasPlaceholder } from "./placeholders.ts";
import { readConnectionString } from "../../pgbouncer/readIni.ts";

/** What a connection URL or string says. Passwords are left out as it is read. */
export interface ConnectionString {
  /** At least one; the port is absent where none is written. */
  readonly hosts: readonly { readonly host: string; readonly port?: number }[];
  readonly database?: string;
  readonly user?: string;
  /** Parameters by their name in lower case without `_`, `-` and spaces: `connectionlimit`. */
  readonly parameters: ReadonlyMap<string, { readonly name: string; readonly value: string }>;
}

/** postgres://, postgresql+asyncpg://, jdbc:postgresql://, with whatever driver in between. */
const URL_PATTERN =
  /(?:jdbc:|r2dbc:(?:pool:)?)?(?:postgres|postgresql|pgsql|postgis|psql)(?:\+[\w.]+)?:\/\/([^\s"'`<>|\\]*)/gi;

/** All connection URLs of Postgres in a text. */
export function connectionUrls(text: string): readonly ConnectionString[] {
  if (!text.includes("://")) return [];
  return [...text.matchAll(URL_PATTERN)].map(([, rest = ""]) => readUrl(rest));
}

/** What follows `://`. Passwords with a slash or a question mark in them libpq refuses too. */
function readUrl(rest: string): ConnectionString {
  const [beforeQuery = "", ...queries] = rest.split("?");
  const query = queries.join("?");
  const slash = beforeQuery.indexOf("/", Math.max(0, beforeQuery.lastIndexOf("@")));
  const authority = slash === -1 ? beforeQuery : beforeQuery.slice(0, slash);
  const path = slash === -1 ? "" : beforeQuery.slice(slash + 1);
  const at = authority.lastIndexOf("@");
  const login = at === -1 ? "" : authority.slice(0, at);
  const parameters = readQuery(query);
  const hostsText = parameters.get("host")?.value ?? authority.slice(at + 1);
  const ports = parameters.get("port")?.value ?? "";
  const database = parameters.get("dbname")?.value ?? decoded(path.replace(/[),;\]}]+$/, ""));
  const user = parameters.get("user")?.value ?? decoded(login.split(":")[0] ?? "");
  return {
    hosts: hostsOf(hostsText, ports),
    ...(database === "" ? {} : { database }),
    ...(user === "" ? {} : { user }),
    parameters,
  };
}

type Parameters = ConnectionString["parameters"];

function readQuery(query: string): Parameters {
  return parametersOf(
    query.split(/[&;]/).flatMap((pair) => {
      const equals = pair.indexOf("=");
      return equals === -1
        ? []
        : [[decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))] as const];
    }),
  );
}

function parametersOf(pairs: Iterable<readonly [string, string]>): Parameters {
  return new Map(
    [...pairs]
      .filter(([name]) => !/pass(?:word)?|pwd|secret/i.test(name))
      .map(([name, value]) => [name.toLowerCase().replace(/[-_\s]/g, ""), { name, value }]),
  );
}

function decoded(text: string): string {
  try {
    return hasPlaceholder(text) ? text : decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `a,b` or `a:1,b:2`, with `ports` (`1,2`, or one for all) where hosts have none. */
function hostsOf(text: string, ports: string): ConnectionString["hosts"] {
  const given = ports.split(",");
  return text.split(",").map((part, index) => {
    const [, bracketed, plain, port] =
      /^(?:\[([^\]]*)\]|(\/.*|[^:]*))(?::(\d+))?$/.exec(part.trim()) ?? [];
    const number = Number(port ?? given[index] ?? given[0] ?? "");
    const host = decoded(bracketed ?? plain ?? part.trim());
    return Number.isInteger(number) && number > 0 ? { host, port: number } : { host };
  });
}

/** Words for the same thing in libpq's strings and in those of .NET, in `parametersOf`'s form. */
const HOST = ["host", "server", "datasource", "hostaddr", "addr", "address"];
const DATABASE = ["dbname", "database", "initialcatalog", "db"];
const USER = ["user", "username", "userid", "uid"];

/** `host=pooler port=6432 dbname=app`, or `Host=pooler;Port=6432;Database=app`; else undefined. */
export function keywordString(text: string): ConnectionString | undefined {
  if (!/(?:^|[\s;])(?:host|server|data source|hostaddr)\s*=/i.test(text)) return undefined;
  const pairs = text.includes(";") ? semicolons(text) : readConnectionString(text);
  if (pairs === undefined) return undefined;
  const parameters = parametersOf(pairs);
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => parameters.get(name)?.value).find((value) => value !== undefined);
  const host = first(HOST);
  const [database, user] = [first(DATABASE), first(USER)];
  if (host === undefined || (database === undefined && user === undefined)) return undefined;
  return {
    hosts: hostsOf(host, first(["port"]) ?? ""),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    parameters,
  };
}

function semicolons(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(";").flatMap((pair) => {
      const equals = pair.indexOf("=");
      return equals === -1
        ? []
        : [[pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()] as const];
    }),
  );
}
