import { CONNECTS_TO_ANNOTATION, POOL_MAX_ANNOTATION, POSTGRES_PORT } from "../../../api/names.ts";
import { usualName } from "../../knowledge/namePatterns.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { Template } from "../../template.ts";
import {
  commandLine,
  hasOneContainer,
  type Container,
  type HiddenSource,
  type Variable,
  type Workload,
} from "../../workload.ts";
import { targetRemedy } from "../targets/annotations.ts";
import { hiddenEnvironmentFile } from "../programs/environmentFiles.ts";
import { otherPoolerIn, unreadPooler } from "../poolers/otherPoolers.ts";
import { hasMoreThanPgBouncer, isPgBouncer } from "../poolers/pgbouncerPods.ts";
import { connectsAsTold, isNoClient } from "../programs/ownConnections.ts";
import { largestFilePool, settingsOf } from "../targets/filePools.ts";
import type { Destinations } from "./destinations.ts";
import type { Stores } from "../targets/stores.ts";

// What may open connections and that weir does not read: other programs, and sources of variables and
// files that are not among the objects.

/** The missing numbers of a container with another pooler, or programs beside its PgBouncer. */
export function unreadProgram(
  workload: Workload,
  container: Container,
  { knowledge }: Destinations,
): readonly MissingQuantity[] {
  const { name, place } = container;
  if (isPgBouncer(container, knowledge)) {
    if (!hasMoreThanPgBouncer(container)) return [];
    const what = `what container ${name} opens besides the PgBouncer that its command starts`;
    const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION}: "${name}=localhost:PORT/DATABASE?user=LOGIN" and ${POOL_MAX_ANNOTATION}, or "${name}=none"`;
    return [missing(what, place, remedy)];
  }
  const product = otherPoolerIn(container, knowledge);
  if (product !== undefined) return [unreadPooler(workload, container, product)];
  return unknownPgBouncer(workload, container, knowledge);
}

/** Folders of settings; in another one an ini is a file beside a client's code. */
const OF_SETTINGS = /^\/(?:etc|confs?|configs?|settings)\/|\/pgbouncer\//i;

/** An image of whoever: that it gets a PgBouncer's ini is all that says what it may start. */
function unknownPgBouncer(
  { key, containers }: Workload,
  { name, role, files }: Container,
  knowledge: Destinations["knowledge"],
): readonly MissingQuantity[] {
  // What stands beside a PgBouncer has its ini to watch it, or to prepare it.
  if (role === "init" || containers.some((one) => isPgBouncer(one, knowledge))) return [];
  const ini = [...files.files.values()].find(
    ({ path, text }) => OF_SETTINGS.test(path) && /^\s*\[pgbouncer\]/m.test(text),
  );
  if (ini === undefined) return [];
  const what = `whether container ${name} of ${key} starts a PgBouncer: it gets ${ini.path}, and its image is not known`;
  const remedy = `write its command (pgbouncer ${ini.path}) if it does, else annotate its pods with ${CONNECTS_TO_ANNOTATION}: "${name}=none"`;
  return [missing(what, ini.place, remedy)];
}

/**
 * The missing target of a container that names none, while something says that it may have one: a part
 * of its environment or files is not among the objects, or a variable says how large its pool is.
 */
export function hiddenTarget(
  workload: Workload,
  container: Container,
  { poolers, knowledge, stores }: Destinations,
  hasTarget: boolean,
): readonly MissingQuantity[] {
  if (poolers.length === 0) return [];
  const { name, environment, argsPlace } = container;
  // A password alone says that there is a Postgres if it is one's, and not where.
  const unknownFiles = container.files.unknown.filter(
    ({ login }) =>
      login === undefined || (!hasTarget && stores.isDatabaseName(login.replaceAll("-", "_"))),
  );
  const file = hiddenEnvironmentFile(container, knowledge, stores);
  const [first]: readonly (HiddenSource & { how: string })[] = [
    ...environment.unknown.map((source) => ({ ...source, how: "environment is from" })),
    ...(file === undefined
      ? []
      : [{ name: `file ${file}`, place: argsPlace, how: "command takes variables from" }]),
    ...unknownFiles
      .filter(({ mayHoldKeys }) => mayHoldKeys !== true)
      .map((mount) => ({ ...mount, how: "files are from" })),
  ];
  if (first?.isProgram !== true && isNoClient(container, knowledge)) return [];
  const whether = `whether container ${name} of ${workload.key} connects to a pooler`;
  const remedy = targetRemedy(workload, name);
  if (first !== undefined) {
    const { name: source, how, place, isProgram = false } = first;
    return isProgram
      ? [missing(`${whether}: what ${source} adds to it is not among the objects`, place, remedy)]
      : [
          missing(
            `${whether}: ${source}, which its ${how}, is not among the objects`,
            place,
            `give ${source} too, or ${remedy}`,
          ),
        ];
  }
  return unknownFiles.slice(0, 1).map(({ name: source, path, place }) => ({
    ...missing(
      `connections that container ${name} of ${workload.key} opens by what ${source} holds, which is mounted at ${path} as certificates are`,
      place,
      remedy,
    ),
    assumed: 0,
    answer: answerOf(workload, name),
  }));
}

/** `--spring.config.import=configserver:`, `-Dspring.cloud.config.uri=http://config:8888` in JAVA_OPTS. */
const FLAG = /(?:^|[\s"'])(?:-D|--)([A-Za-z][\w.-]*)=["']?([^\s"']+)/g;

/** Files that may say it are of these words. */
const ASKING_WORDS = /spring|config|import/i;

/**
 * The missing target of a container that asks a server for its configuration, or has it encrypted in its
 * image: of one that names no database where it may be said.
 */
export function configuredElsewhere(
  workload: Workload,
  container: Container,
  { poolers, injectors, knowledge }: Destinations,
): readonly MissingQuantity[] {
  if (poolers.length === 0) return [];
  const { name, environment, files, argsPlace } = container;
  const variables = [...environment.variables.values()];
  const texts = [
    { text: commandLine(container), place: argsPlace },
    ...variables.map(({ value, place }) => ({ text: value, place })),
  ];
  const flags = texts.flatMap(({ text, place }) =>
    text.matchAll(FLAG).map(([, flag, value]) => ({
      name: flag?.render() ?? "",
      value: value?.render() ?? "",
      place,
    })),
  );
  const isAsked = [...files.files.values()].some(({ text }) => ASKING_WORDS.test(text));
  const properties = isAsked || variables.some(({ value }) => value.test(/^\s*\{/));
  const settings = [
    ...variables.map(({ value, ...one }) => ({ ...one, value: value.render() })),
    ...flags,
    ...(properties ? settingsOf(container) : []).map(({ setting, text, file }) => ({
      name: setting,
      value: text,
      place: file.place,
    })),
  ];
  for (const setting of settings) {
    const product = injectors.bySetting(setting.name, setting.value);
    if (product === undefined) continue;
    if (connectsAsTold(container, knowledge)) return [];
    const what = `whether container ${name} of ${workload.key} connects to a pooler: what ${product} tells it, which ${setting.name} asks, is not among the objects`;
    return [missing(what, setting.place, targetRemedy(workload, name))];
  }
  return [];
}

function answerOf(workload: Workload, container: string): NonNullable<MissingQuantity["answer"]> {
  const value = hasOneContainer(workload) ? "none" : `${container}=none`;
  return { object: workload.key, annotation: CONNECTS_TO_ANNOTATION, value };
}

/** The missing target of a container that has a pool: a variable or a flag says how large. */
export function targetOfPool(
  workload: Workload,
  container: Container,
  { poolers, pools, stores }: Destinations,
): readonly MissingQuantity[] {
  if (poolers.length === 0) return [];
  const variables = [...container.environment.variables.values()];
  if (variables.some((one) => stores.isOfAnother(one))) return [];
  const isOthers = [commandLine(container), ...variables.map(({ value }) => value)].some((text) =>
    stores.namesAnother(text.knownParts),
  );
  const pool =
    variables.find(
      (one) => pools.isSize(one.name) && !pools.isThreads(one.name) && !one.value.isEmpty,
    ) ?? (isOthers ? undefined : pools.flagSizesOf(container)[0]);
  if (pool !== undefined) return [unsaidTarget(workload, container, pool, true)];
  const ports = new Set(poolers.flatMap((pooler) => pooler.ports));
  const sign = variables.find(
    (one) => isPoolersPort(one, ports, stores) || isReference(one, stores),
  );
  return sign === undefined ? [] : [unsaidTarget(workload, container, sign, false)];
}

/**
 * The missing target of a program that connects somewhere, as a pool in its files or a login says. A
 * login is no sign of a program that connects only as it is told, and may be a Postgres' own.
 */
export function targetOfLogin(
  workload: Workload,
  container: Container,
  destinations: Destinations,
): MissingQuantity | undefined {
  const { pools, stores } = destinations;
  const { environment, files } = container;
  const isOthers = [...files.files.values()].some(({ text }) => stores.namesAnother(text));
  const inFile = isOthers ? undefined : largestFilePool(container, pools);
  if (inFile !== undefined) {
    const { setting, file } = inFile;
    const pool = { name: `${setting} of ${file.from}`, place: file.place };
    return unsaidTarget(workload, container, pool, true);
  }
  const variables = [...environment.variables.values()];
  if (variables.some((one) => stores.isOfAnother(one))) return undefined;
  if (mayBeServer(workload, container, destinations)) return undefined;
  const login =
    variables.find((one) => stores.isLogin(one)) ??
    (isOthers ? [] : settingsOf(container))
      .filter(
        ({ path, setting, text }) =>
          /(?:user(?:name)?|password|login)$/i.test(setting) &&
          stores.isLogin({ name: usualName(path), value: Template.of(text) }),
      )
      .map(({ setting, file }) => ({ name: `${setting} of ${file.from}`, place: file.place }))[0];
  return login && unsaidTarget(workload, container, login, false);
}

/** @param isPool whether what is said is how large its pool is */
function unsaidTarget(
  workload: Workload,
  { name }: Container,
  sign: Pick<Variable, "name" | "place">,
  isPool: boolean,
): MissingQuantity {
  const where = isPool
    ? `where container ${name} of ${workload.key} opens the connections of ${sign.name}`
    : `where container ${name} of ${workload.key} connects, as ${sign.name} says that it does`;
  const what = `${where}: no variable, argument or file of it says where`;
  return missing(what, sign.place, targetRemedy(workload, name));
}

/** Whether a container may run a Postgres of an image that nobody knows. */
function mayBeServer(
  { object }: Workload,
  { ports, files, environment }: Container,
  { behind }: Destinations,
): boolean {
  return (
    environment.variables.has("PGDATA") ||
    ports.some(([, port]) => port === POSTGRES_PORT) ||
    files.volumes?.some(({ path }) => /postgres|pgdata/i.test(path)) === true ||
    [...behind].some((address) => address.split(/[.:]/, 1)[0] === object.name)
  );
}

/** `DB_PORT=6432`: the host stands in the program. */
function isPoolersPort(
  { name, value }: Variable,
  ports: ReadonlySet<number>,
  stores: Stores,
): boolean {
  return /PORT$/i.test(name) && stores.isDatabaseName(name) && ports.has(Number(value.known));
}

/** `DB_SECRET_ARN`: the program itself asks a store of secrets for host and login. */
function isReference({ name, value }: Variable, stores: Stores): boolean {
  const isNamed = /(?:_SECRET_(?:ARN|ID|NAME|PATH)|_CREDENTIALS?(?:_ARN|_SECRET)?)$/i.test(name);
  return isNamed && stores.isDatabaseName(name) && !value.isEmpty;
}
