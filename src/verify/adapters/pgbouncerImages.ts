import { POSTGRES_PORT } from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { connectionUrls } from "../read/connectionStrings.ts";
import { setting, type ConfiguredLine, type Configuration, type Setting } from "../read/poolers.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Template } from "../template.ts";
import type { Container, Variable, EnvironmentVariables } from "../workload.ts";
import type { Adapter } from "../read/adapter.ts";

/**
 * What the entrypoints of the common images make of their environment, when no ini is mounted. Read
 * in their repositories; a default that differs between versions of an image is missing here.
 */
export const PGBOUNCER_IMAGES: readonly Adapter[] = [
  { image: { isOf: ({ image }) => /bitnami\w*\/pgbouncer/.test(image), configuration: bitnami } },
  {
    image: {
      isOf: ({ image }) => /(?:^|\/)pgbouncer\/pgbouncer(?::|@|$)/.test(image),
      configuration: official,
    },
  },
  {
    image: {
      isOf: ({ environment: { variables } }) =>
        ["DB_HOST", "DATABASE_URL", "DATABASE_URLS"].some((name) => variables.has(name)),
      configuration: (container) =>
        /(?:^|\/)(?:edoburu|brainsam)\/pgbouncer/.test(container.image)
          ? edoburu(container)
          : withoutDefaults(edoburu(container), container),
    },
  },
];

/** Keys that only name a pool: an unknown value is named by what holds it. */
const IDENTITIES: ReadonlySet<string> = new Set(["auth_user", "user", "dbname"]);

/** A key of the ini by a variable, where it is set. An empty one counts as not set, as in shell. */
function keyOf(variables: EnvironmentVariables, name: string, key: string): Setting | undefined {
  const variable = variables.get(name);
  if (variable === undefined || variable.value.isEmpty) return undefined;
  return settingOf(name, key, variable.value, variable.place);
}

function settingOf(name: string, key: string, value: Template, place: SourcePosition): Setting {
  if (IDENTITIES.has(key)) return setting(value.render(), place);
  return value.known === undefined
    ? missing(`${name}, which ${value.render()} hides`, place, "write its value")
    : setting(value.known, place);
}

/** Keys of the ini, each by the name of its variable. */
function keysOf(
  variables: EnvironmentVariables,
  names: Readonly<Record<string, string>>,
): Map<string, Setting> {
  return new Map(
    Object.entries(names).flatMap(([key, name]) => {
      const value = keyOf(variables, name, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

function inCapitals(keys: readonly string[], prefix = ""): Readonly<Record<string, string>> {
  return Object.fromEntries(keys.map((key) => [key, `${prefix}${key.toUpperCase()}`]));
}

/** The name of the line that a variable gives it. */
function lineName(variable: Variable | undefined, byDefault: string): string {
  return variable === undefined || variable.value.isEmpty ? byDefault : variable.value.render();
}

const LIMITS = [
  "max_client_conn",
  "default_pool_size",
  "reserve_pool_size",
  "reserve_pool_timeout",
  "max_db_connections",
];

/** An image that only takes the same variables may have defaults of its own: 1000 clients, 80 servers. */
function withoutDefaults(configuration: Configuration, container: Container): Configuration {
  const image = container.imagePlace;
  const settings = new Map(configuration.settings);
  for (const key of ["max_client_conn", "default_pool_size", "reserve_pool_size"]) {
    if (settings.has(key)) continue;
    const remedy = `set ${key.toUpperCase()}: what this image takes without it is not known`;
    settings.set(key, missing(`${key} of this image`, image, remedy));
  }
  return { ...configuration, settings };
}

/**
 * edoburu/pgbouncer, and images that follow it: keys by their names in capitals, one database from
 * DB_* or a URL, several from DATABASE_URLS. It knows no MAX_DB_CLIENT_CONNECTIONS: a line has no
 * bulkhead. Older versions force DB_USER on the line, newer ones
 * make it the auth_user: the latter has the more pools, and is what counts here.
 */
function edoburu(container: Container): Configuration {
  const { variables } = container.environment;
  const names = inCapitals([...LIMITS, "max_user_connections", "listen_port", "auth_user"]);
  const settings = keysOf(variables, names);
  if (!settings.has("listen_port")) {
    settings.set("listen_port", setting(String(POSTGRES_PORT), container.imagePlace));
  }
  return { settings, lines: edoburuLines(container), users: new Map() };
}

function edoburuLines(container: Container): ReadonlyMap<string, ConfiguredLine> {
  const { variables } = container.environment;
  const urls = variables.get("DATABASE_URLS") ?? variables.get("DATABASE_URL");
  if (urls !== undefined && !urls.value.isEmpty) {
    const { place } = urls;
    const host = missing("where the lines of PgBouncer lead", place, "write their URLs");
    if (urls.value.known === undefined && connectionUrls(urls.value).length === 0) {
      return new Map([["*", { place, keys: new Map([["host", host]]) }]]);
    }
    return new Map(
      urls.value.split(",").flatMap((text) =>
        connectionUrls(text).map(({ hosts, database, user }) => {
          const [first] = hosts;
          const keys = new Map<string, Setting>([
            ["host", first?.host.known === undefined ? host : setting(first.host.known, place)],
            ["port", setting(String(first?.port ?? POSTGRES_PORT), place)],
            ["auth_user", setting(user?.render() ?? "postgres", place)],
          ]);
          return [database?.render() ?? "*", { place, keys }] as const;
        }),
      ),
    );
  }
  const keys = keysOf(variables, { host: "DB_HOST", port: "DB_PORT", auth_user: "DB_USER" });
  if (!keys.has("auth_user")) keys.set("auth_user", setting("postgres", container.place));
  const name = lineName(variables.get("DB_NAME"), "*");
  const place = variables.get("DB_HOST")?.place ?? container.place;
  return new Map([[name, { place, keys }]]);
}

/**
 * bitnami/pgbouncer and bitnamilegacy/pgbouncer. They know no PGBOUNCER_MAX_USER_CONNECTIONS, and
 * take what NAME_FILE names for NAME.
 */
function bitnami(container: Container): Configuration | MissingQuantity {
  const { variables } = container.environment;
  const image = container.imagePlace;
  for (const { name: variable, place } of variables.values()) {
    if (!/^(?:PGBOUNCER|POSTGRESQL)_.*_FILE$/.test(variable) || NO_LIMIT.test(variable)) continue;
    return missing(`what the file says that ${variable} names`, place, "write it as a variable");
  }
  const settings = keysOf(variables, {
    ...inCapitals([...LIMITS, "auth_user"], "PGBOUNCER_"),
    listen_port: "PGBOUNCER_PORT",
  });
  if (!settings.has("max_client_conn")) {
    const remedy = "set PGBOUNCER_MAX_CLIENT_CONN: its default is another in each version";
    settings.set("max_client_conn", missing("max_client_conn of this image", image, remedy));
  }
  const lines = new Map<string, ConfiguredLine>();
  const keys = keysOf(variables, {
    host: "POSTGRESQL_HOST",
    port: "POSTGRESQL_PORT",
    dbname: "POSTGRESQL_DATABASE",
  });
  if (!keys.has("host")) keys.set("host", setting("postgresql", image));
  if (/^(?:yes|true|1)$/i.test(variables.get("PGBOUNCER_SET_DATABASE_USER")?.value.known ?? "")) {
    keys.set("user", keyOf(variables, "POSTGRESQL_USERNAME", "user") ?? setting("postgres", image));
  }
  const exposed = variables.get("PGBOUNCER_DATABASE");
  const behind = variables.get("POSTGRESQL_DATABASE");
  if (exposed === undefined && behind !== undefined && behind.value.known !== "postgres") {
    const remedy =
      "set PGBOUNCER_DATABASE: older versions take POSTGRESQL_DATABASE, newer postgres";
    return missing("the name of the line that this image makes", behind.place, remedy);
  }
  lines.set(lineName(exposed, "postgres"), { place: exposed?.place ?? image, keys });
  for (const { name: variable, value, place } of variables.values()) {
    if (!/^PGBOUNCER_DSN_\d+$/.test(variable)) continue;
    const [, database, text] = value.match(/^\s*([^\s=]+)\s*=\s*(.*)$/s) ?? [];
    if (database === undefined || text === undefined) continue;
    const pairs = text
      .matchAll(/(\w+)=(?:'((?:[^']|'')*)'|(\S+))/g)
      .flatMap(([, name, quoted, plain]) => {
        const [key, of] = [name?.render() ?? "", quoted ?? plain];
        return of === undefined
          ? []
          : [[key, settingOf(`${key} of ${variable}`, key, of, place)] as const];
      });
    lines.set(database.render(), { place, keys: new Map(pairs) });
  }
  return { settings, lines, users: new Map() };
}

/** Files that say nothing of connections: passwords, keys, logs. */
const NO_LIMIT = /PASSWORD|USERLIST|TLS|LOG_FILE|AUTH_(?:HBA|IDENT)|_QUERY_FILE$/;

/** What bounds connections from above: it counts only where its image surely reads it. */
const BULKHEADS: ReadonlySet<string> = new Set([
  "max_db_client_connections",
  "max_user_client_connections",
]);

/**
 * pgbouncer/pgbouncer: PGBOUNCER_KEY for [pgbouncer], DATABASES_KEY for its one database. Its keys are
 * a list, older than the bulkheads.
 */
function official(container: Container): Configuration {
  const { variables } = container.environment;
  const settings = new Map<string, Setting>();
  const keys = new Map<string, Setting>();
  for (const name of variables.keys()) {
    const [, section, upper = ""] = /^(PGBOUNCER|DATABASES)_(\w+)$/.exec(name) ?? [];
    const key = upper.toLowerCase();
    const value = keyOf(variables, name, key);
    if (value === undefined || BULKHEADS.has(key)) continue;
    if (section === "PGBOUNCER") settings.set(key, value);
    else if (section === "DATABASES") keys.set(key, value);
  }
  const name = lineName(variables.get("DATABASES_CLIENT_SIDE_DBNAME"), "*");
  const place = variables.get("DATABASES_HOST")?.place ?? container.imagePlace;
  return { settings, lines: new Map([[name, { place, keys }]]), users: new Map() };
}
