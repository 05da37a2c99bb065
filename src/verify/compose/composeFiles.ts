import type { FieldPath } from "../../api/fieldPath.ts";
import type { ManifestObject, SourcePosition } from "../sourcePosition.ts";
import type { ContainerFile, ContainerFiles, MountedVolume } from "../workload.ts";
import type { ComposeProject, ComposeSurroundings } from "./composeFile.ts";
import { mountParts } from "./composeMerge.ts";
import type { ComposeValue } from "./composeValue.ts";
import { pathFrom } from "./paths.ts";

/** What a service's files are read from, and how places in them are named. */
export interface FileContext {
  readonly project: ComposeProject;
  readonly surroundings: ComposeSurroundings;
  /** The service as an object. */
  readonly object: Pick<SourcePosition["object"], "kind" | "namespace" | "name">;
}

/** Certificates, keys, logins, data and archives: they say nothing of connections. */
const UNREAD =
  /\.(?:crt|cer|key|pem|pfx|p12|jks|pub|sock|sql|dump|jar|war|so|zip|t?gz|tar|png|jpe?g|svg|ico|pid|log)$|(?:^|\/)(?:\.?htpasswd|\.?pgpass|docker\.sock|localtime|timezone)$/i;

/** Of the project's own folder, which may be a whole repository, only these are read. */
const OWN_SETTINGS = /\.(?:ini|conf)$/;

/** Variables of the project, or an example of them, which libraries read where nothing else sets them. */
const OWN_VARIABLES = /^\.env(?:[._-][\w.-]+)?$|^(?:example|sample)\.env$/;

/** Where a program's own code says where it connects. */
const CODE_SETTINGS =
  /(?:^|\/)(?:settings|config|database|db|datasource|knexfile|ormconfig)[\w.-]*\.(?:py|rb|php|[cm]?[jt]s)$/i;

/** Of a folder that is mounted for what is in it. */
const SETTINGS =
  /\.(?:ini|conf|cfg|cnf|ya?ml|json|toml|properties|env|xml|php)$|(?:^|\/)userlist\.txt$/i;

/** What is called so is for those who build a program, or says of others than the container. */
const NO_SETTINGS =
  /(?:^|[/._-])(?:compose|composer|package|lock|tsconfig|jsconfig|manifest)(?:[-_.][^/]*)?\.(?:ya?ml|json)$|(?:^|\/)(?:\.[^/]*|pom\.xml|pyproject\.toml|cargo\.toml)$/i;

/** Libraries, tests, and what begins with a dot: no settings. */
const NO_SETTINGS_FOLDER =
  /^(?:\..*|node_modules|vendor|venv|__pycache__|target|dist|build|tests?|__tests__|docs?|examples?)\/$/i;

/** How far below a mounted folder its settings are looked for. */
const DEPTH_MAX = 4;

/** A folder of more files is one of data. */
const FILES_MAX = 1000;

/** The auth_file of PgBouncer: an absent one lists nothing. */
const LOGINS = /(?:^|\/)userlist\.txt$/i;

const TEXT_LENGTH_MAX = 1_000_000;

/** The file of a path has a name that ends like one, as opposed to a folder of data: `~/.cache`. */
const FILE_NAME = /(?:^|\/)(?:[^/]+\.[a-z]\w*|\.env[\w.-]*)$/i;

/** A secret that is called so holds a password or a key, and no address. */
const LOGIN_SECRET =
  /(?:passw(?:or)?d|passphrase|token|[-_](?:pass|pw|pwd|key)|(?:^|[-_])(?:s3|jwt|client|session|cookie|signing)[-_]secret)(?:\.txt)?$/i;

/** Where the images of PgBouncer have their ini. */
const PGBOUNCER_FOLDER = /(?:^|\/)pgbouncer(?:\/|$)/;

/**
 * The files that a service gets from beside the compose file: volumes, configs and secrets. Those
 * that are not there, or elsewhere on the machine, are unknown; a folder of data is neither.
 */
export function mountedFiles(service: ComposeValue, context: FileContext): ContainerFiles {
  const found: ContainerFiles[] = [
    ...filesOfOthers(service, context),
    ...service.at("volumes").items.map((mount) => volumeFiles(mount, context)),
    ...service.at("configs").items.map((item) => definedFiles(item, "configs", context)),
    ...service.at("secrets").items.map((item) => definedFiles(item, "secrets", context)),
  ];
  return {
    files: new Map(found.flatMap(({ files }) => [...files])),
    unknown: found.flatMap(({ unknown }) => unknown),
    asides: found.flatMap(({ asides = [] }) => asides),
    volumes: found.flatMap(({ volumes = [] }) => volumes),
  };
}

const NO_FILES: ContainerFiles = { files: new Map(), unknown: [] };

/** What `volumes_from` takes from other services, `files:ro`, or from a container of another project. */
function filesOfOthers(
  service: ComposeValue,
  context: FileContext,
  before: ReadonlySet<string> = new Set(),
): readonly ContainerFiles[] {
  return service.at("volumes_from").items.flatMap((item) => {
    const [name = "", container = ""] = (item.text?.render() ?? "").split(":");
    if (before.has(name)) return [];
    const other = name === "container" ? undefined : context.project.services.get(name);
    if (other === undefined) {
      const from = name === "container" ? `container ${container}` : `service ${name}`;
      return [unknownFile(`what ${from} mounts`, "/", item, context)];
    }
    return [
      ...filesOfOthers(other, context, new Set([...before, name])),
      ...other.at("volumes").items.map((mount) => volumeFiles(mount, context)),
    ];
  });
}

function volumeFiles(mount: ComposeValue, context: FileContext): ContainerFiles {
  const [from, to] =
    mount.text === undefined
      ? [mount.at("source").text, mount.at("target").text]
      : mountParts(mount.text);
  const target = to?.known?.replace(/\/+$/, "");
  if (from === undefined || target === undefined) return NO_FILES;
  const source = from.known;
  const isPath = source !== undefined && /^(?:[./~]|[A-Za-z]:[\\/])/.test(source);
  const isHere = isPath && /^\.{1,2}(?:\/|$)/.test(source);
  if (isHere || mount.at("type").text?.known === "bind") {
    const path = pathFrom(mount.source.folder, source ?? "");
    const names = isHere ? context.surroundings.namesIn(path) : undefined;
    if (names !== undefined) return folderFiles(path, names, target, mount, context);
    if (isHere) return oneFile(path, target, mount, context);
  }
  // Docker's own volume is a folder.
  const isVolume = source !== undefined && !isPath;
  const isSettings = (!isVolume && FILE_NAME.test(target)) || PGBOUNCER_FOLDER.test(target);
  const name = `${isPath ? "file" : "volume"} ${from.render()}`;
  return isSettings && !UNREAD.test(target) && !LOGINS.test(target)
    ? unknownFile(name, target, mount, context)
    : unreadVolume(isPath ? `folder ${from.render()}` : name, target, mount, context);
}

/** The settings in a folder and below it; of the project's own only in it and in those just below. */
function folderFiles(
  path: string,
  names: readonly string[],
  target: string,
  mount: ComposeValue,
  context: FileContext,
): ContainerFiles {
  const source = (mount.text === undefined ? mount.at("source").text : mountParts(mount.text)[0])
    ?.known;
  const isOwn = /^[./]+$/.test(source ?? "");
  const found = isOwn
    ? namesBelow(path, names, 1, (name) => /conf/.test(name), context)
    : namesBelow(path, names, DEPTH_MAX, (name) => !NO_SETTINGS_FOLDER.test(name), context);
  const files = found
    .filter((name) => (isOwn ? OWN_SETTINGS : SETTINGS).test(name))
    .filter((name) => isOwn || !NO_SETTINGS.test(name) || /(?:^|\/)\.env$/.test(name))
    .flatMap((name) => [
      ...oneFile(pathFrom(path, name), `${target}/${name}`, mount, context).files,
    ]);
  const unread = found.filter(
    (name) => name.endsWith("/") && !found.some((one) => one !== name && one.startsWith(name)),
  );
  const asides = found.filter(
    (name) => CODE_SETTINGS.test(name) || (isOwn && OWN_VARIABLES.test(name)),
  );
  return {
    files: new Map(files),
    unknown: [],
    asides: asides.flatMap((name) => [
      ...oneFile(pathFrom(path, name), `${target}/${name}`, mount, context).files.values(),
    ]),
    volumes: unread.flatMap((name) => {
      const folder = name.replace(/\/$/, "");
      return (
        unreadVolume(`folder ${pathFrom(path, folder)}`, `${target}/${folder}`, mount, context)
          .volumes ?? []
      );
    }),
  };
}

/** What is mounted and not read: it is asked about only where PgBouncer's own ini may be in it. */
function unreadVolume(
  name: string,
  path: string,
  at: ComposeValue,
  { object }: FileContext,
): ContainerFiles {
  const volume: MountedVolume = {
    name,
    path,
    place: at.placeIn(object),
    volume: name,
    subPath: "",
    isReadOnly: false,
    isEmpty: false,
  };
  return { ...NO_FILES, volumes: [volume] };
}

/** The names of what is in a folder and below it, those of folders with a slash at their ends. */
function namesBelow(
  path: string,
  names: readonly string[],
  depth: number,
  isSearched: (name: string) => boolean,
  context: FileContext,
): readonly string[] {
  const folders = depth === 0 ? [] : names.filter((name) => name.endsWith("/") && isSearched(name));
  const found = [...names];
  for (const name of folders) {
    if (found.length > FILES_MAX) break;
    const folder = pathFrom(path, name);
    const own = context.surroundings.namesIn(folder) ?? [];
    found.push(...namesBelow(folder, own, depth - 1, isSearched, context).map((one) => name + one));
  }
  return found;
}

function oneFile(
  path: string,
  target: string,
  mount: ComposeValue,
  context: FileContext,
): ContainerFiles {
  if (UNREAD.test(path) || UNREAD.test(target)) return NO_FILES;
  const text = context.surroundings.textOf(path);
  if (text === undefined) {
    // Docker makes a folder of what is not there. Logins are often left out of a repository.
    if (LOGINS.test(path)) return NO_FILES;
    return FILE_NAME.test(path)
      ? unknownFile(`file ${path}`, target, mount, context)
      : unreadVolume(`folder ${path}, which is not there`, target, mount, context);
  }
  if (text.length > TEXT_LENGTH_MAX || text.includes("\u{0}")) {
    return unreadVolume(`file ${path}`, target, mount, context);
  }
  return knownFile(path, target, text, context);
}

function knownFile(
  path: string,
  target: string,
  text: string,
  { object }: FileContext,
): ContainerFiles {
  const file: ContainerFile = {
    path: target,
    text,
    place: textPlace(path, text, object),
    from: path,
  };
  return { files: new Map([[target, file]]), unknown: [] };
}

function unknownFile(
  name: string,
  path: string,
  at: ComposeValue,
  { object }: FileContext,
): ContainerFiles {
  return { files: new Map(), unknown: [{ name, path, place: at.placeIn(object) }] };
}

/** A config or a secret of the project, at its target in the container. */
function definedFiles(
  item: ComposeValue,
  section: "configs" | "secrets",
  context: FileContext,
): ContainerFiles {
  const name = (item.text ?? item.at("source").text)?.render() ?? "";
  const folder = section === "secrets" ? "/run/secrets" : "";
  const target = pathFrom(folder === "" ? "/" : folder, item.at("target").text?.known ?? name);
  const definition = context.project[section].get(name);
  const file = definition?.at("file").text;
  if (definition !== undefined && file?.known !== undefined) {
    const path = pathFrom(definition.source.folder, file.known);
    if (UNREAD.test(path)) return NO_FILES;
    const text = context.surroundings.textOf(path);
    if (text !== undefined) return knownFile(path, target, text, context);
    if (LOGINS.test(path)) return NO_FILES;
  }
  const variable = definition?.at("environment").text?.known;
  const content =
    definition?.at("content").text ??
    (variable === undefined ? undefined : definition?.source.variables(variable));
  if (definition !== undefined && content?.known !== undefined) {
    const place = definition.at("content").placeIn(context.object);
    const made: ContainerFile = { path: target, text: content.known, place, from: name };
    return { files: new Map([[target, made]]), unknown: [] };
  }
  const { unknown } = unknownFile(`${section.slice(0, -1)} ${name}`, target, item, context);
  const login = [name, target].find((one) => LOGIN_SECRET.test(one));
  return {
    files: new Map(),
    unknown: unknown.map((mount) => ({ ...mount, ...(login !== undefined && { login }) })),
  };
}

/** A text file as the object whose field is its text, so that a line of it can be named. */
function textPlace(path: string, text: string, object: FileContext["object"]): SourcePosition {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { object: textObject(path, text, object), path: [name] };
}

/** Where an env file sets a variable. */
export function variablePlace(
  path: string,
  text: string,
  name: string,
  object: FileContext["object"],
): SourcePosition {
  return { object: textObject(path, text, object), path: [name] };
}

function textObject(file: string, text: string, object: FileContext["object"]): ManifestObject {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const texts = text.split("\n");
  const positionOf = ([key]: FieldPath, line?: number) => {
    const named = texts.findLastIndex(
      (one) => /^\s*(?:export\s+)?([\w.-]+)\s*=/.exec(one)?.[1] === key,
    );
    return { line: (line ?? Math.max(0, named)) + 1, column: 1 };
  };
  return { ...object, file, apiVersion: "", value: { [name]: text }, positionOf };
}
