import { CONNECTS_TO_ANNOTATION } from "../../../api/names.ts";
import type { MissingQuantity, Quantity } from "../../quantity.ts";
import type { Template } from "../../template.ts";
import type { Container, Workload } from "../../workload.ts";
import { endpointKey, isLoopback, type Endpoint } from "../objects/addresses.ts";
import { annotatedTargets } from "../targets/annotations.ts";
import { writtenTargets, type ConnectionTarget } from "../targets/connectionTargets.ts";
import { fileTargets, mentionedTargets } from "./mentions.ts";
import { withIndirectVariables } from "./indirectVariables.ts";
import { isPgBouncer } from "../poolers/pgbouncerPods.ts";
import type { PoolVariables } from "../targets/poolVariables.ts";
import { isNoClient } from "../programs/ownConnections.ts";
import { programTargets } from "../programs/programTargets.ts";
import { resolveTarget, type Destinations } from "./destinations.ts";
import { unreadProxy } from "../routes/tcpProxies.ts";
import { configuredElsewhere, hiddenTarget, targetOfPool, unreadProgram } from "./hiddenSources.ts";

/** One connection of a container, from one of its sources. */
interface TargetConnection {
  readonly target: ConnectionTarget;
  readonly endpoint: Endpoint;
}

/** What one container connects to, and what is missing to know it. */
export interface ContainerConnections {
  readonly container: Container;
  readonly connections: readonly TargetConnection[];
  /** It names a database of another host than its own, wherever that is. */
  readonly namesDatabase?: boolean;
  readonly missing: readonly MissingQuantity[];
  readonly notes: readonly string[];
}

/** What the environment, the command and the files of a container say of its connections. */
export function writtenConnections(
  workload: Workload,
  given: Container,
  destinations: Destinations,
): ContainerConnections {
  const proxy = destinations.proxies.get(given);
  const container = withIndirectVariables(proxy?.besides ?? given, destinations.injectors);
  const unread = [
    ...unreadProgram(workload, container, destinations),
    ...(proxy === undefined ? [] : unreadProxy(proxy)),
  ];
  const isOwn = ownEndpoints(workload, container, destinations);
  const resolved = (targets: readonly ConnectionTarget[]): ContainerConnections => {
    const all = resolvedConnections(targets, container, workload, destinations);
    return { ...all, connections: all.connections.filter(({ endpoint }) => !isOwn(endpoint)) };
  };
  if (isServer(container, destinations)) {
    // psql in the script that starts Postgres.
    const called = isPgBouncer(container, destinations.knowledge)
      ? []
      : programTargets(container, destinations.knowledge);
    const read = resolved(called);
    const all = [...container.environment.variables.keys()];
    const notes = laterVariables(workload, container, all);
    return { ...read, missing: [...read.missing, ...unread], notes };
  }
  // Variables that it shares with others say nothing of it.
  if (isNoClient(container, destinations.knowledge)) return { ...resolved([]), missing: unread };
  const own = programTargets(container, destinations.knowledge);
  const targets = [
    ...own,
    ...writtenTargets(container, destinations.stores).filter(
      (one) => !own.some((other) => isFlagOf(one, other)),
    ),
    ...fileTargets(workload, container, destinations),
  ];
  const written = resolved(targets);
  // A mention says nothing new where a connection leads to the same.
  const mentions = resolved(mentionedTargets(workload, container, destinations)).connections.filter(
    (mention) => !written.connections.some((other) => isSameEndpoint(mention, other)),
  );
  const connections = [...written.connections, ...mentions];
  const missing = [...written.missing, ...unread];
  const notes = laterVariables(
    workload,
    container,
    connections.map(({ target }) => target.by),
  );
  const namesDatabase = targets.some(
    ({ isDatabase, host }) => isDatabase && !isLoopback(host.render()),
  );
  const namesPooler = connections.some(({ endpoint }) => endpoint.kind !== "postgres");
  if (namesPooler || missing.length > 0) return { ...written, connections, missing, notes };
  // Of what starts a Postgres only what names a target says that it has one.
  const { postgresImages } = destinations;
  if (postgresImages.runsServer(container) && postgresImages.isOfPostgres(container)) {
    return { ...written, connections, missing, notes };
  }
  const hidden = hiddenTarget(workload, container, destinations, connections.length > 0);
  const isSaid =
    hidden.some((one) => one.assumed === undefined) || targets.some((one) => one.isDatabase);
  const unsaid = isSaid
    ? []
    : ([targetOfPool, configuredElsewhere]
        .map((find) => find(workload, container, destinations))
        .find(({ length }) => length > 0) ?? []);
  const asked = unsaid.length > 0 ? unsaid : hidden;
  return { ...written, connections, namesDatabase, missing: asked, notes };
}

/** Notes on what Kubernetes leaves as it is: a reference of these variables to one that comes later. */
function laterVariables(
  workload: Workload,
  { name: container, environment: { variables } }: Container,
  names: readonly string[],
): readonly string[] {
  // In a compose file $( ) means nothing.
  if (workload.namespace === "") return [];
  return [...new Set(names)].flatMap((by) => {
    const later = (variables.get(by)?.value.matchAll(REFERENCE) ?? []).flatMap(([, name]) =>
      variables.has(name?.known ?? "") ? (name?.known ?? []) : [],
    );
    return [...new Set(later)].map(
      (name) =>
        `${workload.key}, container ${container}: ${by} keeps $(${name}) as it is, since Kubernetes expands only variables that come before it: define ${name} before ${by}`,
    );
  });
}

/** `$(NAME)`. */
const REFERENCE = /\$\(([A-Za-z_.-][\w.-]*)\)/g;

/** Whether a target is no more than the host of one that a program's flags say in full. */
function isFlagOf(one: ConnectionTarget, program: ConnectionTarget): boolean {
  return one.by === program.by && !one.isDatabase && one.host.equals(program.host);
}

/** Connections of a pooler or a Postgres are no client's, unless an annotation declares them. */
function isServer(container: Container, { postgresImages, knowledge }: Destinations): boolean {
  return isPgBouncer(container, knowledge) || postgresImages.runsNothingElse(container);
}

/** Whether an endpoint is the Postgres that a container itself starts: what it does there is its start. */
function ownEndpoints(
  workload: Workload,
  container: Container,
  { postgresImages, servers }: Destinations,
): (endpoint: Endpoint) => boolean {
  if (!postgresImages.runsServer(container)) return () => false;
  const own = [...servers].flatMap(([server, { address }]) =>
    server.workload === workload ? address : [],
  );
  return (endpoint) => endpoint.kind === "postgres" && own.includes(endpoint.address);
}

/** Whether some connections of a container are not known. */
export function isUnclear(
  { container, connections, missing }: ContainerConnections,
  destinations: Destinations,
): boolean {
  const hasGap = missing.length > 0 || connections.length === 0;
  return hasGap && !isServer(container, destinations);
}

/**
 * The connections of a container with what an annotation says of it. By the container's name it goes
 * before what was read. Of the pod as a whole it answers what is not known, and drops nothing that
 * is: what a container's own environment says is there.
 *
 * @param isMeant whether an annotation of the pod as a whole is about this container too
 */
export function withAnnotation(
  workload: Workload,
  read: ContainerConnections,
  destinations: Destinations,
  isMeant: boolean,
): ContainerConnections {
  const { container } = read;
  const { name } = container;
  const annotated = annotatedTargets(workload.annotation(CONNECTS_TO_ANNOTATION), name);
  const isAServer = isServer(container, destinations);
  const isServerOfMany = isAServer && !isAlone(workload);
  if (annotated === undefined || (!annotated.isOwn && isServerOfMany)) return read;
  const resolved = resolvedConnections(annotated.targets, container, workload, destinations);
  const missing = [...annotated.missing, ...resolved.missing];
  if (annotated.isOwn) {
    const connections = overriding(resolved.connections, read.connections);
    return { ...resolved, connections, missing };
  }
  const [first] = read.connections;
  const notes =
    annotated.isNone && first !== undefined
      ? [
          `${workload.key}, container ${name} counts all the same, by ${first.target.by}: ` +
            `${CONNECTS_TO_ANNOTATION} is none of its pods as a whole ("${name}=none" is of it)`,
        ]
      : [];
  return {
    container,
    connections:
      isMeant || isAServer ? joined(resolved.connections, read.connections) : read.connections,
    missing,
    notes,
  };
}

/** No other container runs beside it: what an annotation of the pod says is said of it. */
function isAlone({ containers }: Workload): boolean {
  return containers.filter(({ role }) => role === "app").length === 1;
}

function resolvedConnections(
  targets: readonly ConnectionTarget[],
  container: Container,
  workload: Workload,
  destinations: Destinations,
): ContainerConnections {
  const connections: TargetConnection[] = [];
  const missing: MissingQuantity[] = [];
  for (const target of targets) {
    const resolved = resolveTarget(target, container.name, workload, destinations);
    if ("known" in resolved) missing.push(resolved);
    else connections.push(...resolved.map((endpoint) => ({ target, endpoint })));
  }
  return { container, connections, missing, notes: [] };
}

/** A connection with the size of its pool. */
interface SizedConnection extends TargetConnection {
  readonly pool: Quantity;
}

/**
 * What an annotation says of a container by its name goes before what was read. An annotated
 * connection to where a read one leads keeps the parameters of that one, since they may set the pool;
 * annotated with a pooler that two read ones lead to, it is both.
 */
function overriding(
  annotated: readonly TargetConnection[],
  read: readonly TargetConnection[],
): readonly TargetConnection[] {
  const matched = new Set<TargetConnection>();
  const byLogin = annotated.map((one) => {
    const same = read.filter((other) => isSame(one, other));
    for (const other of same) matched.add(other);
    return { one, same };
  });
  return byLogin.flatMap(({ one, same }) => {
    const rest = read.filter((other) => !matched.has(other) && isSameEndpoint(one, other));
    const known = same.length > 0 ? same : rest;
    return known.length === 0 ? [one] : known.map((other) => withPool(one, other));
  });
}

/**
 * What an annotation says of a whole pod never drops what was read of a container. It fills in what
 * is unknown of a read connection, and what leads elsewhere is there too.
 */
function joined(
  annotated: readonly TargetConnection[],
  read: readonly TargetConnection[],
): readonly TargetConnection[] {
  const filled = read.map((one) => {
    const same = annotated.find((other) => isSame(one, other));
    return same === undefined ? one : withPool(same, one);
  });
  return [...filled, ...annotated.filter((one) => !read.some((other) => isSame(one, other)))];
}

/** `annotated`, with what `read` says of the pool, and of what `annotated` leaves out. */
function withPool(
  annotated: TargetConnection,
  { target: read }: TargetConnection,
): TargetConnection {
  const { target } = annotated;
  const port = target.port ?? read.port;
  const database = target.database ?? read.database;
  const user = target.user ?? read.user;
  const { prefix, parameters } = read;
  return { ...annotated, target: { ...target, port, database, user, prefix, parameters } };
}

/**
 * A target that is named twice (PGHOST… and DATABASE_URL) is one pool, unless the pools differ, or
 * their variables say that they are two (REPLICA_DATABASE_URL). What one of them leaves out it has
 * from the other.
 *
 * @param isWhole whether the size is what a process opens in all its pools
 */
export function merged(
  connections: readonly SizedConnection[],
  pools: PoolVariables,
  isWhole: boolean,
): readonly SizedConnection[] {
  /** Nothing says how large its pool is, as opposed to something that can't be read. */
  const hasNoPool = ({ target, pool }: SizedConnection): boolean =>
    !pool.known && !pools.parameters.some((key) => target.parameters.has(key));
  const found: SizedConnection[] = [];
  for (const connection of connections.toSorted((a, b) => detail(b) - detail(a))) {
    const same = found.filter(
      (other) =>
        isNamedTwice(connection, other) &&
        (isWhole || !pools.haveOwnPools(connection.target, other.target)),
    );
    if (same.some(({ pool }) => isSamePool(pool, connection.pool))) continue;
    // The parts of a connection string stand beside it; another string is another pool.
    if (same.some(({ target }) => target.isUrl) && !connection.target.isUrl) continue;
    if (same.length > 0 && hasNoPool(connection)) continue;
    const unsized = same.find(hasNoPool);
    if (unsized === undefined) found.push(connection);
    else found[found.indexOf(unsized)] = { ...unsized, pool: connection.pool };
  }
  return found;
}

function isSamePool(a: Quantity, b: Quantity): boolean {
  return a.known && b.known && a.value === b.value;
}

function isNamedTwice(a: TargetConnection, b: TargetConnection): boolean {
  return isSame(a, b, (text) => text);
}

/** As isNamedTwice, where what is unknown of one may be what the other says. */
function isSame(a: TargetConnection, b: TargetConnection, said = knownOnly): boolean {
  if (!isSameEndpoint(a, b)) return false;
  if (a.endpoint.kind === "postgres") return true;
  return (["database", "user"] as const).every((key) => {
    const [one, other] = [said(a.target[key]), said(b.target[key])];
    return one === undefined || other === undefined || one.equals(other);
  });
}

function knownOnly(text: Template | undefined): Template | undefined {
  return text?.known === undefined ? undefined : text;
}

function isSameEndpoint(a: TargetConnection, b: TargetConnection): boolean {
  return endpointKey(a.endpoint) === endpointKey(b.endpoint);
}

function detail({ target }: TargetConnection): number {
  return (
    Number(target.database !== undefined) * 4 +
    Number(target.user !== undefined) * 2 +
    Number(target.parameters.size > 0)
  );
}
