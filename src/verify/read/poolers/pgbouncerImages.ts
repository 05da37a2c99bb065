import { POSTGRES_PORT } from "../../../api/names.ts";
import { listed } from "../../../text/wording.ts";
import { imagePattern, namePattern } from "../../knowledge/namePatterns.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import type { Template } from "../../template.ts";
import type { Container, EnvironmentVariables, Variable } from "../../workload.ts";
import { connectionUrls } from "../targets/connectionStrings.ts";
import { setting, type ConfiguredLine, type Configuration, type Setting } from "./poolers.ts";

type PgBouncerImage = Knowledge["pgbouncer-images"][number];

/**
 * The paths at which an image reads its ini; of an image that no row names, those of all, and whether
 * any other mounted ini may be it.
 */
export function iniPathsOf(
  container: Container,
  rows: readonly PgBouncerImage[],
): { readonly paths: readonly string[]; readonly isAny: boolean } {
  const named = imageRow(container, rows);
  if (named?.inis !== undefined) return { paths: named.inis, isAny: false };
  return { paths: [...new Set(rows.flatMap(({ inis = [] }) => inis))], isAny: true };
}

/** Paths of the scripts by which an image starts PgBouncer; of one that no row names, those of all. */
export function entrypointsOf(
  container: Container,
  rows: readonly PgBouncerImage[],
): readonly string[] {
  const named = imageRow(container, rows)?.entrypoints;
  return named ?? rows.flatMap(({ entrypoints = [] }) => entrypoints);
}

/** Whether an image is PgBouncer's by its name. Images that only watch a PgBouncer do not count. */
export function isPgBouncerImage(container: Container, rows: readonly PgBouncerImage[]): boolean {
  const row = imageRow(container, rows);
  return row !== undefined && row.watches !== true;
}

/** The patterns of a table, ready to be asked for each container. */
const PATTERNS = new WeakMap<readonly PgBouncerImage[], ReadonlyMap<PgBouncerImage, RegExp>>();

function patternsOf(rows: readonly PgBouncerImage[]): ReadonlyMap<PgBouncerImage, RegExp> {
  const before = PATTERNS.get(rows);
  if (before !== undefined) return before;
  const patterns = new Map(rows.map((row) => [row, imagePattern(row.images)]));
  PATTERNS.set(rows, patterns);
  return patterns;
}

function imageRow(
  { image }: Container,
  rows: readonly PgBouncerImage[],
): PgBouncerImage | undefined {
  const patterns = patternsOf(rows);
  return rows.find((row) => patterns.get(row)?.test(image) === true);
}

/** The configuration that an image's entrypoint makes from the environment, without an ini. */
export function imageConfiguration(
  container: Container,
  rows: readonly PgBouncerImage[],
): Configuration | MissingQuantity {
  const { variables } = container.environment;
  const named = imageRow(container, rows);
  const row = rows.find(
    (one) => one === named || one.marks?.some((name) => variables.has(name)) === true,
  );
  const makes = row?.settings ?? row?.prefixes;
  const [hidden] = container.environment.unknown;
  if (makes !== undefined && hidden !== undefined) {
    const what = `the configuration of PgBouncer: its image makes it from variables, and some come from ${hidden.name}`;
    return missing(what, hidden.place, `give ${hidden.name} too`);
  }
  if (row !== undefined && makes !== undefined) return configurationOf(container, row);
  return missing(
    "the configuration of PgBouncer: no ini is mounted where its image reads one, and what the image makes without it is not known",
    container.imagePlace,
    "mount its ini from a ConfigMap that is among the manifests",
  );
}

function configurationOf(
  container: Container,
  row: PgBouncerImage,
): Configuration | MissingQuantity {
  const { variables } = container.environment;
  const file = fileOf(row, variables);
  if (file !== undefined) return file;
  const image = container.imagePlace;
  const settings = keysOf(variables, {
    ...prefixed(row, variables, row.prefixes?.settings),
    ...row.settings,
  });
  for (const [key, value] of Object.entries(row.defaults?.settings ?? {})) {
    if (!settings.has(key)) settings.set(key, setting(value, image));
  }
  for (const [key, value] of unstated(row, settings, image)) settings.set(key, value);
  const ofUrls = urlLines(row, variables);
  const lines = ofUrls ?? ownLine(row, container);
  const more = dsnLines(row, variables);
  // One of the two may have another name, which nobody knows.
  if (lines.has(ANY) && more.has(ANY)) {
    const place = more.get(ANY)?.place ?? image;
    return missing("the name of the line that this image makes", place, "write it");
  }
  const all = new Map([...lines, ...more]);
  const follower = row.marks === undefined ? undefined : likeness(row, container);
  if (follower === undefined) return { settings, lines: all, users: new Map() };
  return {
    settings: new Map([...settings].map(([key, value]) => [key, follower(key, value)])),
    lines: new Map(
      [...all].map(([name, { place, keys }]) => [
        name,
        { place, keys: new Map([...keys].map(([key, value]) => [key, follower(key, value)])) },
      ]),
    ),
    users: new Map(),
  };
}

/** What a setting rests on in an image that is known only by its variables. */
function likeness(
  { name }: PgBouncerImage,
  { image, imagePlace }: Container,
): (key: string, value: Setting) => Setting {
  return (key, value) => {
    if (!value.known) return value;
    const what = `${key}: image ${image} is taken for ${name}: its container sets the same variables`;
    const question = missing(
      what,
      imagePlace,
      "mount its ini from a ConfigMap that is among the manifests",
    );
    return { ...value, assuming: question };
  };
}

/** The settings that an image has without a variable and that nobody knows: one question for all. */
function unstated(
  { unknown = [], settings: variables = {} }: PgBouncerImage,
  settings: ReadonlyMap<string, Setting>,
  image: SourcePosition,
): ReadonlyMap<string, Setting> {
  const keys = unknown.filter((key) => !settings.has(key) && key in variables);
  const names = listed(keys.map((key) => variables[key] ?? ""));
  const it = keys.length === 1 ? "it" : "them";
  const question = missing(
    `${listed(keys)} of this image`,
    image,
    `set ${names}: what this image takes without ${it} differs between versions, or is not stated; or mount its ini from a ConfigMap that is among the manifests`,
  );
  return new Map(keys.map((key) => [key, question]));
}

/** For each variable that only other images read, the one that this image reads in its place. */
export function unreadVariables(
  container: Container,
  rows: readonly PgBouncerImage[],
): readonly (readonly [unread: string, read: string])[] {
  const { variables } = container.environment;
  const row = imageRow(container, rows);
  const read = row?.settings;
  if (read === undefined) return [];
  const others = rows.flatMap(({ settings = {} }) => Object.entries(settings));
  const found = others.flatMap(([key, other]) => {
    const own = read[key];
    const isRead = Object.values(read).includes(other);
    return own === undefined || isRead || !variables.has(other) ? [] : [[other, own] as const];
  });
  return [...new Map(found)];
}

/** A variable that names a file in place of a value: what the file says is not known. */
function fileOf(
  { files }: PgBouncerImage,
  variables: EnvironmentVariables,
): MissingQuantity | undefined {
  const [names, harmless] = [namePattern(files?.variables), namePattern(files?.harmless)];
  const named = [...variables.values()].find(
    ({ name }) => names.test(name) && !harmless.test(name),
  );
  return (
    named &&
    missing(`what the file says that ${named.name} names`, named.place, "write it as a variable")
  );
}

/** Keys by their variables, `PGBOUNCER_` and the key in capitals. */
function prefixed(
  { unread = [] }: PgBouncerImage,
  variables: EnvironmentVariables,
  prefix: string | undefined,
): Readonly<Record<string, string>> {
  if (prefix === undefined) return {};
  const names = [...variables.keys()].filter((name) => name.startsWith(prefix));
  return Object.fromEntries(
    names
      .map((name) => [name.slice(prefix.length).toLowerCase(), name] as const)
      .filter(([key]) => !unread.includes(key)),
  );
}

/** The name of the line for every database that has none. */
const ANY = "*";

type Lines = ReadonlyMap<string, ConfiguredLine>;

/** The one line of which each key has a variable. */
function ownLine(row: PgBouncerImage, container: Container): Lines {
  const { variables } = container.environment;
  const image = container.imagePlace;
  const names = { ...prefixed(row, variables, row.prefixes?.line), ...row.line };
  const keys = keysOf(variables, names);
  for (const [key, value] of Object.entries(row.defaults?.line ?? {})) {
    if (!keys.has(key)) keys.set(key, setting(value, image));
  }
  for (const [on, { key, variable, default: byDefault }] of Object.entries(row.switches ?? {})) {
    if (!/^(?:yes|true|1)$/i.test(variables.get(on)?.value.known ?? "")) continue;
    keys.set(key, keyOf(variables, variable, key) ?? setting(byDefault, image));
  }
  const { variable = "", default: byDefault = ANY } = row.lineName ?? {};
  const named = variables.get(variable);
  const place = (named ?? variables.get(names["host"] ?? ""))?.place ?? image;
  return new Map([[lineName(named, byDefault), { place, keys }]]);
}

/** The lines of `DATABASE_URLS`; undefined where no such variable is set. */
function urlLines(row: PgBouncerImage, variables: EnvironmentVariables): Lines | undefined {
  const urls = (row.urls ?? []).map((name) => variables.get(name)).find((one) => one !== undefined);
  if (urls === undefined || urls.value.isEmpty) return undefined;
  const { place } = urls;
  const host = missing("where the lines of PgBouncer lead", place, "write their URLs");
  if (urls.value.known === undefined && connectionUrls(urls.value).length === 0) {
    return new Map([["*", { place, keys: new Map([["host", host]]) }]]);
  }
  const authUser = row.defaults?.line?.["auth_user"] ?? "";
  return new Map(
    urls.value.split(",").flatMap((text) =>
      connectionUrls(text).map(({ hosts, database, user }) => {
        const [first] = hosts;
        const keys = new Map<string, Setting>([
          ["host", first?.host.known === undefined ? host : setting(first.host.known, place)],
          ["port", setting(String(first?.port ?? POSTGRES_PORT), place)],
          ["auth_user", setting(user?.render() ?? authUser, place)],
        ]);
        return [database?.render() ?? "*", { place, keys }] as const;
      }),
    ),
  );
}

/** The lines of `PGBOUNCER_DSN_0`, `PGBOUNCER_DSN_1` and so on: `name=host=… port=…`. */
function dsnLines({ dsns }: PgBouncerImage, variables: EnvironmentVariables): Lines {
  const lines = new Map<string, ConfiguredLine>();
  if (dsns === undefined) return lines;
  for (const { name: variable, value, place } of variables.values()) {
    if (!variable.startsWith(dsns) || !/^\d+$/.test(variable.slice(dsns.length))) continue;
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
  return lines;
}

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

/** The name of the line that a variable gives it; one that is not known may be of any database. */
function lineName(variable: Variable | undefined, byDefault: string): string {
  if (variable === undefined || variable.value.isEmpty) return byDefault;
  return variable.value.known ?? ANY;
}
