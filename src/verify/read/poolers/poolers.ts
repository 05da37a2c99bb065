import { PGBOUNCER_PORT, POSTGRES_PORT } from "../../../api/names.ts";
import { lineNumber, readIni, type Ini, type IniEntry } from "../../../pgbouncer/readIni.ts";
import {
  assumed,
  known,
  missing,
  wholeNumber,
  type MissingQuantity,
  type Quantity,
} from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import type { PoolerGroup, PoolerLine } from "../../system.ts";
import type { Annotation, Workload } from "../../workload.ts";
import type { Listener } from "../objects/addresses.ts";

/** A pooler as it was found, before its lines' addresses are known. */
export interface FoundPooler extends Listener {
  readonly name: string;
  readonly place: SourcePosition;
  readonly groups: readonly FoundGroup[];
  /** The workload whose pods it runs in. */
  readonly workload?: Workload;
  readonly annotation: (name: string) => Annotation | undefined;
  readonly notes: readonly string[];
}

export interface FoundGroup {
  readonly processes: Quantity;
  /** Set if one pod may have several processes: see PoolerGroup. */
  readonly pods?: Quantity;
  readonly configuration: Configuration | MissingQuantity;
}

/** A setting as text and where it stands, or what is missing to know it. */
export type Setting =
  | {
      readonly known: true;
      readonly value: string;
      readonly place: SourcePosition;
      /** What would be missing if the value were not assumed to be read. */
      readonly assuming?: MissingQuantity;
      /** Of an assumed default that nobody wrote: what it surely is, as in KnownQuantity. */
      readonly least?: number;
    }
  | MissingQuantity;

type KnownSetting = Extract<Setting, { known: true }>;

type Settings = ReadonlyMap<string, Setting>;

/** One entry of [databases]. */
export interface ConfiguredLine {
  readonly place: SourcePosition;
  readonly keys: Settings;
}

/**
 * What a PgBouncer is set to, by an ini, by the environment of its image or by an operator's object.
 * A key that is not in it has PgBouncer's own default.
 */
export interface Configuration {
  /** Keys of [pgbouncer]. */
  readonly settings: Settings;
  readonly lines: ReadonlyMap<string, ConfiguredLine>;
  readonly users: ReadonlyMap<string, Settings>;
  /** The logins of auth_file; absent: it is not among the objects, or there is none. */
  readonly logins?: ReadonlySet<string>;
}

export function setting(value: string, place: SourcePosition): Setting {
  return { known: true, value, place };
}

/** Where something of an ini stands. */
type PlaceInIni = (section: string, key: string, file: string, within?: string) => SourcePosition;

/**
 * An ini as a configuration.
 *
 * @param included other files that it may include, by path
 */
export function iniConfiguration(
  text: string,
  file: string,
  included: (path: string) => string | undefined,
  placeOf: PlaceInIni,
): { readonly configuration: Configuration; readonly problems: Ini["problems"] } {
  const ini = readIni(text, file, included);
  const keysOf = (section: string, name: string, { keys, file: origin }: IniEntry): Settings =>
    mapped(keys, (value, key) => setting(value, placeOf(section, name, origin, key)));
  const userlist = ini.settings.get("auth_file")?.value;
  const logins = userlist === undefined ? undefined : included(userlist);
  return {
    configuration: {
      ...(logins !== undefined && { logins: listedLogins(logins) }),
      settings: mapped(ini.settings, ({ value, file: origin }, key) =>
        setting(value, placeOf("pgbouncer", key, origin)),
      ),
      lines: mapped(ini.databases, (entry, name) => ({
        place: placeOf("databases", name, entry.file),
        keys: keysOf("databases", name, entry),
      })),
      users: mapped(ini.users, (entry, name) => keysOf("users", name, entry)),
    },
    problems: ini.problems,
  };
}

/** Every line of an auth_file begins with a login in quotation marks, which are doubled in it. */
function listedLogins(text: string): ReadonlySet<string> {
  const lines = text.matchAll(/^\s*"((?:[^"]|"")+)"\s+"/gm);
  return new Set([...lines].map(([, login = ""]) => login.replaceAll('""', '"')));
}

function mapped<Value, Result>(
  map: ReadonlyMap<string, Value>,
  of: (value: Value, key: string) => Result,
): ReadonlyMap<string, Result> {
  return new Map([...map].map(([key, value]) => [key, of(value, key)]));
}

/** Two configurations with equal text are one: peer_id only names a process and limits nothing. */
export function configurationKey({ settings, lines, users, logins }: Configuration): string {
  return JSON.stringify([
    texts(settings).filter(([key]) => key !== "peer_id"),
    [...lines].map(([name, { keys }]) => [name, texts(keys)]),
    [...users].map(([name, keys]) => [name, texts(keys)]),
    [...(logins ?? [])],
  ]);
}

function texts(settings: Settings): readonly (readonly [string, string])[] {
  return [...settings].map(([key, value]) => [key, value.known ? value.value : value.what]);
}

/** PgBouncer's own defaults; https://www.pgbouncer.org/config.html. */
const DEFAULTS = {
  max_client_conn: 100,
  default_pool_size: 20,
  reserve_pool_size: 0,
  reserve_pool_timeout: 5,
  max_db_connections: 0,
  max_db_client_connections: 0,
  max_user_connections: 0,
} as const;

type PoolSettingKey = keyof typeof DEFAULTS;

/** The port that a configuration listens on. */
export function listenPort({ settings }: Configuration): number | undefined {
  const port = settings.get("listen_port");
  if (port === undefined) return PGBOUNCER_PORT;
  return port.known ? wholeNumber(port.value) : undefined;
}

/**
 * A group of processes with its limits.
 *
 * @param postgresOf names the Postgres at a host (undefined: the pod's own socket) and port
 */
export function groupOf(
  { configuration, ...where }: FoundGroup,
  postgresOf: (host: string | undefined, port: number) => string,
): PoolerGroup {
  if ("known" in configuration) {
    return { ...where, capacity: configuration, lines: [], userLimits: new Map() };
  }
  const { settings, lines, users, logins } = configuration;
  return {
    ...where,
    ...(logins !== undefined && { listedLogins: logins }),
    capacity: quantityOf(settings, "max_client_conn"),
    lines: [...lines].map(([name, line]) => lineOf(name, line, configuration, postgresOf)),
    userLimits: userLimits(settings, lines, users),
  };
}

function lineOf(
  name: string,
  { place, keys }: ConfiguredLine,
  { settings, users }: Configuration,
  postgresOf: (host: string | undefined, port: number) => string,
): PoolerLine {
  const port = textOf(keys.get("port"));
  const user = textOf(keys.get("user"));
  const authUser = textOf(keys.get("auth_user")) ?? textOf(settings.get("auth_user"));
  const authPlace = keys.has("auth_user") ? keys.get("auth_user") : settings.get("auth_user");
  const authDatabase = textOf(keys.get("auth_dbname")) ?? textOf(settings.get("auth_dbname"));
  const database = textOf(keys.get("dbname"));
  const host = keys.get("host");
  const lineLimit = (key: PoolSettingKey): Quantity =>
    lineQuantity(keys.get(key), key) ?? quantityOf(settings, key);
  return {
    name,
    place,
    postgres:
      host?.known === false
        ? host.what
        : postgresOf(textOf(host), port === undefined ? POSTGRES_PORT : lineNumber(port)),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    ...(authUser !== undefined && {
      authUser,
      ...authPool(authUser, users, authPlace?.known ? authPlace.place : place),
      ...(authDatabase !== undefined && { authDatabase }),
    }),
    poolSize: poolSize(keys, settings, user, users),
    plainPoolSize: poolSize(keys, settings, user, new Map()),
    reservePool: reservePool(keys, settings),
    maxBackends: lineLimit("max_db_connections"),
    maxClients: lineLimit("max_db_client_connections"),
  };
}

/** Measured for 20 logins at once: docs/decisions/0026-a-few-for-auth-query.md. */
const AUTH_POOL = 4;

/** The backend connections of who asks for logins: more only while Postgres answers slowly. */
function authPool(
  user: string,
  users: ReadonlyMap<string, Settings>,
  place: SourcePosition,
): Pick<PoolerLine, "authPool" | "authPoolSize"> {
  const authPoolSize = lineQuantity(users.get(user)?.get("pool_size"), `pool_size of user ${user}`);
  if (authPoolSize !== undefined) return { authPoolSize };
  const question = missing(
    `how many backend connections ask for logins as ${user} (auth_query): while Postgres answers slowly, as many as its pool has`,
    place,
    `bound them: max_db_connections, of the line or of all; or ${user} = pool_size=${AUTH_POOL} in [users]; or list all logins in auth_file`,
  );
  // Perhaps nobody asks: all logins are in an auth_file, or another database is asked.
  return { authPool: { ...assumed(question, AUTH_POOL, `${AUTH_POOL} for auth_query`), least: 0 } };
}

function textOf(value: Setting | undefined): string | undefined {
  return value?.known && value.value !== "" ? value.value : undefined;
}

/**
 * The user's pool_size, else the line's, else default_pool_size. A line that leaves users as they
 * are may serve any of [users]: the largest counts.
 */
function poolSize(
  keys: Settings,
  settings: Settings,
  user: string | undefined,
  users: ReadonlyMap<string, Settings>,
): Quantity {
  const own = lineQuantity(keys.get("pool_size"), "pool_size");
  const line = own ?? quantityOf(settings, "default_pool_size");
  const sizes = [...users].flatMap(([name, keysOfUser]) => {
    if (user !== undefined && user !== name) return [];
    return lineQuantity(keysOfUser.get("pool_size"), `pool_size of user ${name}`) ?? [];
  });
  if (user !== undefined) return sizes[0] ?? line;
  return sizes.reduce((most, size) => larger(most, size), line);
}

/** The larger pool; 0 is unlimited and so the largest. */
function larger(a: Quantity, b: Quantity): Quantity {
  if (!a.known || !b.known) return a.known ? b : a;
  if (a.value === 0 || b.value === 0) return a.value === 0 ? a : b;
  return b.value > a.value ? b : a;
}

/** Both names are PgBouncer's; reserve_pool_timeout 0 turns the reserve pool off. */
function reservePool(keys: Settings, settings: Settings): Quantity {
  const timeout = quantityOf(settings, "reserve_pool_timeout");
  if (timeout.known && timeout.value === 0) {
    return known(0, "reserve_pool_timeout 0 turns it off", ...timeout.places);
  }
  return (
    lineQuantity(keys.get("reserve_pool_size") ?? keys.get("reserve_pool"), "reserve_pool_size") ??
    quantityOf(settings, "reserve_pool_size")
  );
}

/** A key of a line or a user, as PgBouncer reads numbers there: text without one is 0. */
function lineQuantity(value: Setting | undefined, name: string): Quantity | undefined {
  if (value === undefined) return undefined;
  if (!value.known) return value;
  const number = lineNumber(value.value);
  // A negative one is as if it were not there.
  return number < 0 ? undefined : written(number, name, value);
}

/** A number of a setting. */
function written(number: number, name: string, { place, assuming, least }: KnownSetting): Quantity {
  const why = `${name} ${number}`;
  if (assuming === undefined) return known(number, why, place);
  const quantity = assumed(assuming, number, why, place);
  return quantity.known && least !== undefined ? { ...quantity, least } : quantity;
}

/** A key of [pgbouncer]: with a value that is no number PgBouncer does not start. */
function quantityOf(settings: Settings, key: PoolSettingKey): Quantity {
  const value = settings.get(key);
  if (value === undefined) return known(DEFAULTS[key], `PgBouncer's default ${DEFAULTS[key]}`);
  if (!value.known) return value;
  const number = key === "reserve_pool_timeout" ? Number(value.value) : wholeNumber(value.value);
  if (number !== undefined && !Number.isNaN(number)) {
    return written(number, key, value);
  }
  return missing(`${key}: PgBouncer takes no such text`, value.place, "write a whole number");
}

/** max_user_connections by role: of [users], and the global one for the roles that lines force. */
function userLimits(
  settings: Settings,
  lines: ReadonlyMap<string, ConfiguredLine>,
  users: ReadonlyMap<string, Settings>,
): ReadonlyMap<string, Quantity> {
  const limits = new Map<string, Quantity>();
  const everyUser = quantityOf(settings, "max_user_connections");
  if (!everyUser.known || everyUser.value > 0) {
    for (const { keys } of lines.values()) {
      const user = textOf(keys.get("user"));
      if (user !== undefined) limits.set(user, everyUser);
    }
  }
  for (const [user, keys] of users) {
    const limit = lineQuantity(keys.get("max_user_connections"), "max_user_connections");
    if (limit !== undefined) limits.set(user, limit);
  }
  return limits;
}
