import { CONNECTS_TO_ANNOTATION } from "../../api/names.ts";
import type { Client, MissingQuantity, Target } from "../system.ts";
import { isLoopback, type Endpoint } from "./addresses.ts";
import { annotatedTargets, writtenTargets, type ConnectionTarget } from "./connectionTargets.ts";
import { fileTargets, mentionedTargets } from "./configFiles.ts";
import { joined, merged, overriding, type Connection } from "./connections.ts";
import { containerEnv, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, product } from "./quantities.ts";
import { placeholder, hasPlaceholder, renderPlaceholders } from "./placeholders.ts";
import { isPgBouncer, isSidecar } from "./pgbouncerPods.ts";
import { poolSize } from "./poolSize.ts";
import { isPostgres } from "./postgresServers.ts";
import { processesOf } from "./processes.ts";
import { resolveTarget } from "./resolveTarget.ts";
import type { AuditContext } from "./auditContext.ts";
import { hiddenEnvironment, unreadProgram } from "./unreadContainers.ts";
import type { Workload } from "./workloads.ts";

/** What the clients of a workload are, and what stands in the way of knowing it. */
export interface FoundClients {
  readonly clients: readonly Client[];
  readonly missing: readonly MissingQuantity[];
  readonly notes: readonly string[];
  /** Poolers that its containers reach over localhost. */
  readonly besides: readonly string[];
}

/** What one container's environment, command and files, or an annotation, say. */
interface Found {
  readonly connections: readonly Connection[];
  readonly missing: readonly MissingQuantity[];
  readonly besides: readonly string[];
}

interface Container {
  readonly field: Field;
  readonly name: string;
  /** What a pooler or a Postgres opens is not a client's, unless somebody says so of it. */
  readonly isServer: boolean;
  readonly environment: Environment;
  readonly read: Found;
}

const NOTHING: Found = { connections: [], missing: [], besides: [] };

/** The connections that a workload's containers open. */
export function clientsOf(workload: Workload, around: AuditContext): FoundClients {
  const { pods } = workload;
  if (pods.known && pods.value === 0) {
    const notes = [`${workload.key} has no pods: ${pods.why}`];
    return { clients: [], missing: [], notes, besides: [] };
  }
  const spec = workload.template.at("spec");
  const initContainers = spec
    .at("initContainers")
    .items()
    .map((field) => readContainer(workload, field, around));
  const containers = spec
    .at("containers")
    .items()
    .map((field) => readContainer(workload, field, around));
  // Told of the pod as a whole, it is of the containers of which something is not known.
  const unclear = [...initContainers, ...containers].filter(isUnclear);
  const clientsIn = (container: Container): FoundClients =>
    containerClients(workload, container, around, {
      isMeant: unclear.length === 0 || unclear.includes(container),
    });
  const regular = [...initContainers.filter(({ field }) => isSidecar(field)), ...containers].map(
    clientsIn,
  );
  const clients = regular.flatMap((found) => found.clients);
  const preparing = initContainers.filter(({ field }) => !isSidecar(field)).map(clientsIn);
  const all = [...regular, ...preparing];
  return {
    clients: [...clients, ...beyond(clients, preparing)],
    missing: all.flatMap((found) => found.missing),
    notes: all.flatMap((found) => found.notes),
    besides: all.flatMap((found) => found.besides),
  };
}

/**
 * Init containers run one by one, before the others: a pod has the larger of what one of them opens
 * and of what the others open together, line by line. An init container counts as far as it goes
 * beyond the others of its line and login; where they already open as many it is left out.
 */
function beyond(regular: readonly Client[], preparing: readonly FoundClients[]): readonly Client[] {
  const most = new Map<string, readonly Client[]>();
  for (const found of preparing) {
    const byTarget = Map.groupBy(found.clients, ({ target }) => targetKey(target));
    for (const [key, clients] of byTarget) {
      const before = most.get(key);
      if (before === undefined || isMore(clients, before)) most.set(key, clients);
    }
  }
  return [...most].flatMap(([key, clients]) => {
    const others = regular.filter(({ target }) => targetKey(target) === key);
    if (others.length === 0) return clients;
    const [own, ofOthers] = [togetherOf(clients), togetherOf(others)];
    if (own === undefined) return clients;
    // Once what is missing of the others is told, there is a sum to compare with.
    if (ofOthers === undefined || own <= ofOthers) return [];
    const places = clients
      .flatMap(({ processes, pool }) => [processes, pool])
      .flatMap((figure) => (figure.known ? figure.places : []));
    const why = `${own} in its init container, ${ofOthers} of them counted with the containers after it`;
    return clients.slice(0, 1).map((client) => ({
      ...client,
      processes: known(1, "all pods"),
      pool: known(own - ofOthers, why, ...places),
    }));
  });
}

/** Connections of all these clients; undefined where one is missing. */
function togetherOf(clients: readonly Client[]): number | undefined {
  let sum = 0;
  for (const { processes, pool } of clients) {
    if (!processes.known || !pool.known) return undefined;
    sum += processes.value * pool.value;
  }
  return sum;
}

function isMore(a: readonly Client[], b: readonly Client[]): boolean {
  const [more, less] = [togetherOf(a), togetherOf(b)];
  return less !== undefined && (more === undefined || more > less);
}

function targetKey(target: Target): string {
  return target.kind === "pooler"
    ? JSON.stringify([target.pooler, target.database, target.user])
    : target.postgres;
}

function readContainer(workload: Workload, field: Field, around: AuditContext): Container {
  const name = field.at("name").text() ?? "";
  const environment = containerEnv(around.inventory, workload, field);
  const isServer = isPgBouncer(field) || runsPostgres(field);
  const unread = unreadProgram(workload, field, around);
  if (isServer) {
    return { field, name, isServer, environment, read: { ...NOTHING, missing: unread } };
  }
  const written = reachAll(
    [...writtenTargets(field, environment), ...fileTargets(workload, field, environment, around)],
    name,
    workload,
    around,
  );
  // A mention tells nothing new where a connection leads to the same.
  const reached = new Set(written.connections.map(({ endpoint }) => JSON.stringify(endpoint)));
  const mentions = reachAll(
    mentionedTargets(workload, field, environment, around),
    name,
    workload,
    around,
  ).connections.filter(({ endpoint }) => !reached.has(JSON.stringify(endpoint)));
  const read = { ...written, connections: [...written.connections, ...mentions] };
  const unclear = [...read.missing, ...unread];
  const namesPooler = read.connections.some(({ endpoint }) => endpoint.kind === "pooler");
  const isSilent = !namesPooler && unclear.length === 0;
  const missing = isSilent ? hiddenEnvironment(workload, field, environment, around) : unclear;
  return { field, name, isServer, environment, read: { ...read, missing } };
}

/** What it connects to is not known, or not all of it. */
function isUnclear({ isServer, read }: Container): boolean {
  return !isServer && (read.missing.length > 0 || read.connections.length === 0);
}

function containerClients(
  workload: Workload,
  container: Container,
  around: AuditContext,
  { isMeant }: { readonly isMeant: boolean },
): FoundClients {
  const { name, environment, field } = container;
  const { connections, missing, besides, notes } = withTold(
    workload,
    container,
    around,
    isMeant || (container.isServer && isAlone(workload)),
  );
  const sized = connections.map((connection) => ({
    ...connection,
    pool: poolSize(workload, field, environment, connection.aim),
  }));
  const perPod = processesOf(workload, field, environment);
  return {
    clients: merged(sized).map(({ aim, endpoint, pool }) => ({
      name: `${workload.key}, container ${name}`,
      place: field.place(),
      processes: product(workload.pods, perPod),
      pool,
      target: targetOf(workload, name, aim, endpoint),
    })),
    missing,
    notes,
    besides,
  };
}

/**
 * What was read of a container, with what an annotation says of it. By the container's name it goes
 * before what was read. Of the pod as a whole it answers what is not known, and drops nothing that
 * is: what a container's own environment says is there.
 */
function withTold(
  workload: Workload,
  { name, isServer, read }: Container,
  around: AuditContext,
  isMeant: boolean,
): Found & { readonly notes: readonly string[] } {
  const told = annotatedTargets(workload.annotation(CONNECTS_TO_ANNOTATION), name);
  const isOwn = told?.isOwn === true;
  if (told === undefined || (!isOwn && isServer && !isAlone(workload))) {
    return { ...read, notes: [] };
  }
  const reached = reachAll(told.aims, name, workload, around);
  const missing = [...told.missing, ...reached.missing];
  if (isOwn) {
    const connections = overriding(reached.connections, read.connections);
    return { connections, missing, besides: reached.besides, notes: [] };
  }
  const connections = isMeant ? joined(reached.connections, read.connections) : read.connections;
  const [first] = read.connections;
  const notes =
    told.isNone && first !== undefined
      ? [
          `${workload.key}, container ${name} counts all the same, by ${first.aim.by}: ` +
            `${CONNECTS_TO_ANNOTATION} is none of its pods as a whole ("${name}=none" is of it)`,
        ]
      : [];
  return { connections, missing, besides: [...read.besides, ...reached.besides], notes };
}

function reachAll(
  aims: readonly ConnectionTarget[],
  container: string,
  workload: Workload,
  around: AuditContext,
): Found {
  const missing: MissingQuantity[] = [];
  const besides = new Set<string>();
  const connections: Connection[] = [];
  for (const aim of aims) {
    const reached = resolveTarget(aim, container, workload, around);
    if (reached.missing !== undefined) missing.push(reached.missing);
    for (const endpoint of reached.endpoints) {
      if (isLoopback(aim.host) && endpoint.kind === "pooler") besides.add(endpoint.name);
      connections.push({ aim, endpoint });
    }
  }
  return { connections, missing, besides: [...besides] };
}

/** Its only container: what an annotation of the pod says is said of it. */
function isAlone({ template }: Workload): boolean {
  return template.at("spec", "containers").items().length === 1;
}

function runsPostgres(container: Field): boolean {
  return isPostgres(container) && !container.at("command").exists;
}

function targetOf(
  workload: Workload,
  container: string,
  { database, user, place }: ConnectionTarget,
  endpoint: Endpoint,
): Target {
  if (endpoint.kind === "postgres") {
    return { kind: "postgres", postgres: endpoint.address, place };
  }
  // Who is not named is somebody of its own. libpq: a database that is not named is called so too.
  const login = user ?? placeholder(`the login of ${workload.key}, container ${container}`);
  const base = database ?? login;
  const unknown = [
    ...(hasPlaceholder(base) ? ["database" as const] : []),
    ...(hasPlaceholder(login) ? ["user" as const] : []),
  ];
  return {
    kind: "pooler",
    pooler: endpoint.name,
    database: renderPlaceholders(base),
    user: renderPlaceholders(login),
    ...(unknown.length === 0 ? {} : { hidden: unknown }),
    place,
  };
}
