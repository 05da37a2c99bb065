import type { MissingQuantity } from "../system.ts";
import {
  setting,
  type ConfiguredLine,
  type Configuration,
  type Setting,
} from "../read/configuration.ts";
import { connectionUrls } from "../read/connectionStrings.ts";
import type { Environment, Variable } from "../read/containerEnv.ts";
import type { Field } from "../read/field.ts";
import { missing } from "../read/quantities.ts";
import { hasPlaceholder, renderPlaceholders } from "../read/placeholders.ts";

/**
 * What the entrypoints of the common images make of their environment, when no ini is mounted.
 * Read in their repositories; a default that differs between versions of an image is missing here.
 */
export function imageConfiguration(
  container: Field,
  { variables }: Environment,
): Configuration | MissingQuantity {
  const image = container.at("image").text() ?? "";
  if (/bitnami\w*\/pgbouncer/.test(image)) return bitnami(container, variables);
  if (/(?:^|\/)pgbouncer\/pgbouncer(?::|@|$)/.test(image)) return official(container, variables);
  if (variables.has("DB_HOST") || variables.has("DATABASE_URL") || variables.has("DATABASE_URLS")) {
    const configuration = edoburu(container, variables);
    return /(?:^|\/)(?:edoburu|brainsam)\/pgbouncer/.test(image)
      ? configuration
      : withoutDefaults(configuration, container);
  }
  return missing(
    "the configuration of PgBouncer: no ini is mounted, and the image has none that is known",
    container.at("image").place(),
    "mount its ini from a ConfigMap that is among the manifests",
  );
}

type Variables = ReadonlyMap<string, Variable>;

/** Keys that only tell one pool from another: what is hidden there is named by what hides it. */
const IDENTITIES: ReadonlySet<string> = new Set(["auth_user", "user", "dbname"]);

/** A key of the ini by a variable, where it is set. An empty one counts as not set, as in shell. */
function keyOf(variables: Variables, name: string, isIdentity: boolean): Setting | undefined {
  const variable = variables.get(name);
  if (variable === undefined || variable.value === "") return undefined;
  const { value, place } = variable;
  if (isIdentity) return setting(renderPlaceholders(value), place);
  return hasPlaceholder(value)
    ? missing(`${name}, which ${renderPlaceholders(value)} hides`, place, "write its value")
    : setting(value, place);
}

function keysOf(variables: Variables, names: readonly (readonly [string, string])[]): Settings {
  return new Map(
    names.flatMap(([key, name]) => {
      const value = keyOf(variables, name, IDENTITIES.has(key));
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

type Settings = ReadonlyMap<string, Setting>;

const LIMITS = [
  "max_client_conn",
  "default_pool_size",
  "reserve_pool_size",
  "reserve_pool_timeout",
  "max_db_connections",
];

/** An image that only takes the same variables may have defaults of its own: 1000 clients, 80 servers. */
function withoutDefaults(configuration: Configuration, container: Field): Configuration {
  const image = container.at("image").place();
  const settings = new Map(configuration.settings);
  for (const key of ["max_client_conn", "default_pool_size", "reserve_pool_size"]) {
    if (settings.has(key)) continue;
    const tell = `set ${key.toUpperCase()}: what this image takes without it is not known`;
    settings.set(key, missing(`${key} of this image`, image, tell));
  }
  return { ...configuration, settings };
}

/**
 * edoburu/pgbouncer, and those made after it: keys by their names in capitals, one database from
 * DB_* or a URL, several from DATABASE_URLS. It knows no MAX_DB_CLIENT_CONNECTIONS: a line has no
 * bulkhead. Older versions force DB_USER on the line, newer ones
 * make it the auth_user: the latter has the more pools, and is what counts here.
 */
function edoburu(container: Field, variables: Variables): Configuration {
  const settings = new Map(
    keysOf(
      variables,
      [...LIMITS, "max_user_connections", "listen_port", "auth_user"].map(
        (key) => [key, key.toUpperCase()] as const,
      ),
    ),
  );
  if (!settings.has("listen_port")) {
    settings.set("listen_port", setting("5432", container.at("image").place()));
  }
  return { settings, lines: edoburuLines(container, variables), users: new Map() };
}

function edoburuLines(container: Field, variables: Variables): ReadonlyMap<string, ConfiguredLine> {
  const urls = variables.get("DATABASE_URLS") ?? variables.get("DATABASE_URL");
  if (urls !== undefined && urls.value !== "") {
    const { place } = urls;
    const host = missing("where the lines of PgBouncer lead", place, "write their URLs");
    if (hasPlaceholder(urls.value) && connectionUrls(urls.value).length === 0) {
      return new Map([["*", { place, keys: new Map([["host", host]]) }]]);
    }
    return new Map(
      urls.value.split(",").flatMap((text) =>
        connectionUrls(text).map(({ hosts, database, user }) => {
          const [first] = hosts;
          const keys = new Map<string, Setting>([
            [
              "host",
              first === undefined || hasPlaceholder(first.host) ? host : setting(first.host, place),
            ],
            ["port", setting(String(first?.port ?? 5432), place)],
            ["auth_user", setting(renderPlaceholders(user ?? "postgres"), place)],
          ]);
          return [renderPlaceholders(database ?? "*"), { place, keys }] as const;
        }),
      ),
    );
  }
  const keys = new Map(
    keysOf(variables, [
      ["host", "DB_HOST"],
      ["port", "DB_PORT"],
      ["auth_user", "DB_USER"],
    ]),
  );
  if (!keys.has("auth_user")) keys.set("auth_user", setting("postgres", container.place()));
  const name = variables.get("DB_NAME")?.value ?? "";
  const place = variables.get("DB_HOST")?.place ?? container.place();
  return new Map([[name === "" ? "*" : renderPlaceholders(name), { place, keys }]]);
}

/**
 * bitnami/pgbouncer and bitnamilegacy/pgbouncer. They know no PGBOUNCER_MAX_USER_CONNECTIONS, and
 * take what NAME_FILE names for NAME.
 */
function bitnami(container: Field, variables: Variables): Configuration | MissingQuantity {
  const image = container.at("image").place();
  for (const { name: variable, place } of variables.values()) {
    if (!/^(?:PGBOUNCER|POSTGRESQL)_.*_FILE$/.test(variable) || NO_LIMIT.test(variable)) continue;
    return missing(`what the file says that ${variable} names`, place, "write it as a variable");
  }
  const settings = new Map(
    keysOf(variables, [
      ...LIMITS.map((key) => [key, `PGBOUNCER_${key.toUpperCase()}`] as const),
      ["listen_port", "PGBOUNCER_PORT"],
      ["auth_user", "PGBOUNCER_AUTH_USER"],
    ]),
  );
  if (!settings.has("max_client_conn")) {
    const tell = "set PGBOUNCER_MAX_CLIENT_CONN: its default is another in each version";
    settings.set("max_client_conn", missing("max_client_conn of this image", image, tell));
  }
  const lines = new Map<string, ConfiguredLine>();
  const keys = new Map(
    keysOf(variables, [
      ["host", "POSTGRESQL_HOST"],
      ["port", "POSTGRESQL_PORT"],
      ["dbname", "POSTGRESQL_DATABASE"],
    ]),
  );
  if (!keys.has("host")) keys.set("host", setting("postgresql", image));
  if (/^(?:yes|true|1)$/i.test(variables.get("PGBOUNCER_SET_DATABASE_USER")?.value ?? "")) {
    keys.set("user", keyOf(variables, "POSTGRESQL_USERNAME", true) ?? setting("postgres", image));
  }
  const exposed = variables.get("PGBOUNCER_DATABASE");
  const behind = variables.get("POSTGRESQL_DATABASE");
  if (exposed === undefined && behind !== undefined && behind.value !== "postgres") {
    const tell = "set PGBOUNCER_DATABASE: older versions take POSTGRESQL_DATABASE, newer postgres";
    return missing("the name of the line that this image makes", behind.place, tell);
  }
  const name = exposed === undefined || exposed.value === "" ? "postgres" : exposed.value;
  lines.set(renderPlaceholders(name), { place: exposed?.place ?? image, keys });
  for (const { name: variable, value, place } of variables.values()) {
    if (!/^PGBOUNCER_DSN_\d+$/.test(variable)) continue;
    const [, database, text = ""] = /^\s*([^\s=]+)\s*=\s*(.*)$/s.exec(value) ?? [];
    if (database === undefined) continue;
    const pairs = [...text.matchAll(/(\w+)=('(?:[^']|'')*'|\S+)/g)].map(
      ([, key = "", of = ""]) => [key, setting(of.replace(/^'|'$/g, ""), place)] as const,
    );
    lines.set(database, { place, keys: new Map(pairs) });
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
function official(container: Field, variables: Variables): Configuration {
  const settings = new Map<string, Setting>();
  const keys = new Map<string, Setting>();
  for (const name of variables.keys()) {
    const [, section, key = ""] = /^(PGBOUNCER|DATABASES)_(\w+)$/.exec(name) ?? [];
    const value = keyOf(variables, name, IDENTITIES.has(key.toLowerCase()));
    if (value === undefined || BULKHEADS.has(key.toLowerCase())) continue;
    if (section === "PGBOUNCER") settings.set(key.toLowerCase(), value);
    else if (section === "DATABASES") keys.set(key.toLowerCase(), value);
  }
  const name = variables.get("DATABASES_CLIENT_SIDE_DBNAME")?.value ?? "";
  const place = variables.get("DATABASES_HOST")?.place ?? container.at("image").place();
  return {
    settings,
    lines: new Map([[name === "" ? "*" : renderPlaceholders(name), { place, keys }]]),
    users: new Map(),
  };
}
