import type { SourcePosition } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import {
  commandOf,
  type Container,
  type ContainerFile,
  type NeededHost,
  type Workload,
} from "../../workload.ts";
import {
  mayNameHost,
  stringsIn,
  targetsOf,
  type ConnectionTarget,
} from "../targets/connectionTargets.ts";
import type { FoundPooler } from "../poolers/poolers.ts";
import { declaredTargets } from "../targets/configurationFiles.ts";
import type { Destinations } from "./destinations.ts";
import { decodeBase64 } from "../objects/objectData.ts";
import { commandBesidesWaiting } from "../programs/waiting.ts";
import type { Stores } from "../targets/stores.ts";

/** What stands between a setting's name and its value, in YAML, JSON, PHP, Ruby, Python, XML. */
const ASSIGNED = String.raw`["'\]]*[ \t]*(?:=>|:=|[:=,>])[ \t]*["'\[({]*`;

/** `host: pooler`, `'dbhost' => 'pooler'`, `define('DB_HOST', 'pooler')`, `<server>pooler:6432<`. */
const HOST_SETTING = setting(
  "(?:host|hostname|hostaddr|server|addr|address|endpoint|url|uri|upstream)",
  // A name of what stands in it is no host: `endpoint: {address: pooler}`.
  String.raw`(?![\w-]+["']?:(?!\d))([\w.-]+)(?::(\d{1,5}))?`,
);
const DATABASE_SETTING = setting(
  String.raw`\b(?:database|dbname|db|db_name|database_name)`,
  String.raw`([\w.-]+)`,
);
const USER_SETTING = setting(
  String.raw`\b(?:db_?|database_?)?(?:user|username)`,
  String.raw`([\w.-]+)`,
);
const PORT_SETTING = setting(String.raw`\b(?:db_?|database_?)?port`, String.raw`(\d{1,5})`);

function setting(name: string, value: string): RegExp {
  return new RegExp(name + ASSIGNED + value, "gi");
}

/** A text that may name hosts, and where it stands. */
interface Mention {
  readonly text: Template;
  readonly place: SourcePosition;
  /** `ConfigMap writing/app app.yaml`, `DATABASES`, `its command`. */
  readonly from: string;
}

/**
 * What the files that a container gets say of where it connects, and those that a variable holds as
 * base64: connection strings, and settings called host that name a pooler. Whatever else names a host
 * is no database's.
 */
export function fileTargets(
  workload: Workload,
  container: Container,
  destinations: Destinations,
): readonly ConnectionTarget[] {
  if (destinations.poolers.length === 0) return [];
  const files = [...container.files.files.values(), ...encodedFiles(container)];
  return files.flatMap((file) => {
    const { text, place, from } = file;
    if (saysNothing(file)) return [];
    const strings = text.split("\n").flatMap((line) => stringsIn(Template.of(line)));
    const targets = [
      ...declaredTargets(file, container, destinations.knowledge["configuration-files"]),
      ...strings.flatMap((string) => targetsOf(string, place, from, "")),
    ];
    const hosts = new Set(targets.map(({ host }) => host.known));
    const mentioned = hostTargets({ text: Template.of(text), place, from }, workload, destinations);
    return [...targets, ...mentioned.filter(({ host }) => !hosts.has(host.known))];
  });
}

/** PgBouncer's own ini beside an exporter; certificates. */
function saysNothing({ path, text }: ContainerFile): boolean {
  return /\.(?:crt|key|pem|sql)$/.test(path) || /^\s*\[pgbouncer\]/m.test(text);
}

/** Shorter ones hold no host with its port. */
const BASE64 = /^[\w+/-]{20,}={0,2}$/;

/** Files that variables hold as base64: `CONFIG_B64`. */
function encodedFiles({ environment }: Container): readonly ContainerFile[] {
  return [...environment.variables.values()].flatMap(({ name, value, place }) => {
    const encoded = value.known?.trim() ?? "";
    if (!BASE64.test(encoded)) return [];
    const text = decodeBase64(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return text === undefined ? [] : [{ path: name, text, place, from: name }];
  });
}

/** `pooler:6432`, wherever it stands. */
const HOST_AND_PORT = /(?<![\w.-])([\w-]+(?:\.[\w-]+)*):(\d{2,5})(?!\d)/g;

/** A full name of a Service, wherever it stands. */
const SERVICE_NAME = /(?<![\w.-])([\w-]+\.[\w-]+\.svc(?:\.[\w-]+)*)(?![\w-])/g;

/**
 * What the variables and the arguments of a container name beside connection strings and hosts:
 * JSON with a host in it, `pooler:6432` under whatever name. Only what leads to a pooler.
 */
export function mentionedTargets(
  workload: Workload,
  container: Container,
  destinations: Destinations,
): readonly ConnectionTarget[] {
  if (destinations.poolers.length === 0) return [];
  const inVariables = [...container.environment.variables.values()].map(
    ({ name, value, place }) => ({ text: value, place, from: name }),
  );
  const inCommand = commandBesidesWaiting(container, destinations.knowledge).map(
    ({ text, place }) => ({
      text,
      place,
      from: "its command",
    }),
  );
  return [
    ...[...inVariables, ...inCommand].flatMap((mention) =>
      hostTargets(mention, workload, destinations),
    ),
    ...bareHosts(container, workload, destinations),
  ];
}

/** `HOST_DB=pooler`: a variable about a host or a database whose whole value is a pooler's name. */
function bareHosts(
  { environment: { variables } }: Container,
  { namespace }: Workload,
  { book, stores }: Destinations,
): readonly ConnectionTarget[] {
  const all = [...variables.values()];
  const valueOf = (pattern: RegExp): Template | undefined => {
    const [value, another] = all.filter(({ name }) => pattern.test(name));
    return another === undefined ? value?.value.unlessEmpty : undefined;
  };
  return all.flatMap(({ name, value, place }): readonly ConnectionTarget[] => {
    // Also a list of them.
    const hosts = value.known?.trim().split(/\s*[,;]\s*|\s+/) ?? [];
    if (!hosts.every((host) => /^[\w.-]+$/.test(host)) || !mayNameHost(name, stores)) return [];
    return hosts
      .filter((host) => book.poolerAt(host, undefined, namespace) !== undefined)
      .map((host) => ({
        host: Template.of(host),
        database: valueOf(
          /^(?:\w+_)?(?:DB_?NAME|DATABASE_?NAME|PGDATABASE|(?:POSTGRES|NAME)_DB)$/i,
        ),
        user: valueOf(/^(?:\w+_)?(?:DB_?USER(?:NAME)?|PGUSER|POSTGRES_USER|USER_DB)$/i),
        place,
        by: name,
        prefix: "",
        parameters: new Map(),
        isDatabase: true,
      }));
  });
}

function hostTargets(
  { text, place, from }: Mention,
  { namespace }: Workload,
  { book, poolers }: Destinations,
): readonly ConnectionTarget[] {
  return namedHosts(text).flatMap(({ host, port }): ConnectionTarget[] => {
    const name = book.poolerAt(host, port, namespace);
    if (name === undefined) return [];
    const lines = poolers.flatMap((pooler) => (pooler.name === name ? linesOf(pooler) : []));
    return [
      {
        host: Template.of(host),
        port,
        database: databaseIn({ text, from }, lines),
        user: only(text, USER_SETTING),
        place,
        by: from,
        prefix: "",
        parameters: new Map(),
        isDatabase: true,
      },
    ];
  });
}

/**
 * The database that a text names beside a host: the one of a line. Another word may be of anything in
 * it: a number of Redis' (`db: 0`), a driver, the beginning of a PHP array.
 */
function databaseIn(
  { text, from }: Pick<Mention, "text" | "from">,
  lines: readonly string[],
): Template | undefined {
  const named = text.matchAll(DATABASE_SETTING).map(([, value]) => value?.known);
  if (named.length === 0) return undefined;
  const [one, another] = new Set(named.filter((name) => lines.includes(name ?? "")));
  return one === undefined || another !== undefined
    ? Template.unknown(`the database that ${from} names`)
    : Template.of(one);
}

function linesOf({ groups }: FoundPooler): readonly string[] {
  return groups.flatMap(({ configuration }) =>
    "known" in configuration ? [] : [...configuration.lines.keys()],
  );
}

/** The hosts that a text names, by a setting, with a port or as a Service's full name. */
function namedHosts(text: Template): readonly Pick<NeededHost, "host" | "port">[] {
  // None of the patterns matches without one of these.
  if (!text.test(/[:=,>]|\.svc/i)) return [];
  const named = [HOST_SETTING, HOST_AND_PORT, SERVICE_NAME].flatMap((pattern) =>
    text.matchAll(pattern),
  );
  return named.flatMap(([, host, port]) =>
    host?.known === undefined
      ? []
      : { host: host.known, port: port === undefined ? portIn(text) : Number(port.known) },
  );
}

/** Those of the connection strings in a text. */
function urlHosts(text: Template): readonly Pick<NeededHost, "host" | "port">[] {
  return text
    .split("\n")
    .flatMap(stringsIn)
    .flatMap(({ hosts }) =>
      hosts.flatMap(({ host, port }) =>
        host.known === undefined ? [] : { host: host.known, port },
      ),
    );
}

/**
 * What a container's variables, command and files name as hosts, where nothing says that it is a database's:
 * `WAIT_HOSTS=db:5432`, `HOST_DB=db`, `database: {host: db}`.
 */
export function mentionedHosts(container: Container, stores: Stores): readonly NeededHost[] {
  const { environment, files, argsPlace } = container;
  const variables = [...environment.variables.values()];
  const texts: readonly Mention[] = [
    ...variables.map(({ name, value, place }) => ({ text: value, place, from: name })),
    ...commandOf(container).map((text) => ({ text, place: argsPlace, from: "its command" })),
    ...[...files.files.values(), ...(files.asides ?? [])]
      .filter((file) => !saysNothing(file))
      .map(({ text, place, from }) => ({ text: Template.of(text), place, from })),
  ];
  return [
    ...texts.flatMap(({ text, place, from }) =>
      [...namedHosts(text), ...urlHosts(text)].map((one) => ({
        ...one,
        place,
        how: `which ${from} names`,
      })),
    ),
    ...variables.flatMap(({ name, value, place }) => {
      const host = value.known?.trim() ?? "";
      const isHost = /^[\w.-]+$/.test(host) && mayNameHost(name, stores);
      return isHost ? [{ host, place, how: `which ${name} names` }] : [];
    }),
  ];
}

/** The one port that the text sets; undefined when there are several, or none. */
function portIn(text: Template): number | undefined {
  const port = only(text, PORT_SETTING);
  return port === undefined ? undefined : Number(port.known);
}

function only(text: Template, pattern: RegExp): Template | undefined {
  const values = new Map(text.matchAll(pattern).map(([, value]) => [value?.render(), value]));
  const [value] = values.values();
  return values.size === 1 ? value : undefined;
}
