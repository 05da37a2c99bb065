import { CONNECTS_TO_ANNOTATION } from "../../api/names.ts";
import type { Client, Missing, Target } from "../system.ts";
import { isLoopback, completed, type Endpoint } from "./addresses.ts";
import { annotatedAims, writtenAims, type Aim } from "./aims.ts";
import { fileAims } from "./configFiles.ts";
import { containerEnv, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, missing, product } from "./figures.ts";
import { hidden, isHidden, shown } from "./hidden.ts";
import { isPgBouncer } from "./pgbouncerPods.ts";
import { poolSize } from "./poolSize.ts";
import { isPostgres } from "./postgresServers.ts";
import { processesOf } from "./processes.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Workload } from "./workloads.ts";

/** What the clients of a workload are, and what stands in the way of knowing it. */
export interface FoundClients {
  readonly clients: readonly Client[];
  readonly missing: readonly Missing[];
  readonly notes: readonly string[];
  /** Poolers that its containers reach over localhost. */
  readonly besides: readonly string[];
}

interface Connection {
  readonly aim: Aim;
  readonly endpoint: Endpoint;
}

const TELL_TARGET = `annotate it with ${CONNECTS_TO_ANNOTATION}: "host:port/database?user=login", or "none"`;

/** An init container that runs on beside the others. */
function isSidecar(container: Field): boolean {
  return container.at("restartPolicy").value === "Always";
}

/** The connections that a workload's containers open. */
export function clientsOf(workload: Workload, around: Surroundings): FoundClients {
  const { pods } = workload;
  if (pods.known && pods.value === 0) {
    const notes = [`${workload.key} has no pods: ${pods.why}`];
    return { clients: [], missing: [], notes, besides: [] };
  }
  const spec = workload.template.at("spec");
  const initContainers = spec.at("initContainers").items();
  const regular = [...initContainers.filter(isSidecar), ...spec.at("containers").items()].map(
    (container) => containerClients(workload, container, around),
  );
  const clients = regular.flatMap((found) => found.clients);
  const preparing = initContainers
    .filter((container) => !isSidecar(container))
    .map((container) => containerClients(workload, container, around));
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
 * and of what the others open together, line by line. An init client counts as far as it goes
 * beyond the others of its line and login; where they already open as many it is left out.
 */
function beyond(regular: readonly Client[], preparing: readonly FoundClients[]): readonly Client[] {
  const most = new Map<string, Client>();
  for (const client of preparing.flatMap((found) => found.clients)) {
    const key = targetKey(client.target);
    const before = most.get(key);
    if (before === undefined || isMore(client, before)) most.set(key, client);
  }
  return [...most].flatMap(([key, client]) => {
    const others = regular.filter(({ target }) => targetKey(target) === key);
    if (others.length === 0) return client;
    const ofOthers = others.map(connectionsOf);
    const own = connectionsOf(client);
    // Once what is missing of the others is told, there is a sum to compare with.
    if (own === undefined || ofOthers.includes(undefined)) return own === undefined ? client : [];
    const more = own - ofOthers.reduce((sum: number, one) => sum + (one ?? 0), 0);
    if (more <= 0) return [];
    const places = [client.processes, client.pool].flatMap((figure) =>
      figure.known ? figure.places : [],
    );
    const why = `${own} in its init container, ${own - more} of them counted with the containers after it`;
    return {
      ...client,
      processes: known(1, "all pods"),
      pool: known(more, why, ...places),
    };
  });
}

function connectionsOf({ processes, pool }: Client): number | undefined {
  return processes.known && pool.known ? processes.value * pool.value : undefined;
}

function isMore(a: Client, b: Client): boolean {
  const [more, less] = [connectionsOf(a), connectionsOf(b)];
  return less !== undefined && (more === undefined || more > less);
}

function targetKey(target: Target): string {
  return target.kind === "pooler"
    ? JSON.stringify([target.pooler, target.database, target.user])
    : target.postgres;
}

function containerClients(
  workload: Workload,
  container: Field,
  around: Surroundings,
): FoundClients {
  const nothing = { clients: [], missing: [], notes: [], besides: [] };
  const annotation = workload.annotation(CONNECTS_TO_ANNOTATION);
  const name = container.at("name").text() ?? "";
  // What a pooler or a Postgres opens is not a client's, unless somebody says so of it.
  const isServer = isPgBouncer(container) || runsPostgres(container);
  const isMeant = !isServer || isAlone(workload) || annotation?.value.includes(`${name}=`) === true;
  const told = isMeant ? annotatedAims(annotation, name) : undefined;
  if (told === undefined && isServer) return nothing;
  const environment = containerEnv(around.inventory, workload, container);
  const unclear: Missing[] = [...(told?.missing ?? [])];
  const besides = new Set<string>();
  const connections: Connection[] = [];
  const aims = told?.aims ?? [
    ...writtenAims(container, environment),
    ...fileAims(workload, container, environment, around),
  ];
  for (const aim of aims) {
    const reached = reach(aim, workload, around);
    if (reached.missing !== undefined) unclear.push(reached.missing);
    for (const endpoint of reached.endpoints) {
      if (isLoopback(aim.host) && endpoint.kind === "pooler") besides.add(endpoint.name);
      connections.push({ aim, endpoint });
    }
  }
  if (connections.length === 0 && unclear.length === 0 && told === undefined) {
    unclear.push(...hiddenEnvironment(workload, name, environment, around));
  }
  return {
    clients: merged(connections).map((connection) =>
      clientOf(workload, container, environment, connection),
    ),
    missing: unclear,
    notes: [],
    besides: [...besides],
  };
}

/** Its only container: what an annotation of the pod says is said of it. */
function isAlone({ template }: Workload): boolean {
  return template.at("spec", "containers").items().length === 1;
}

function runsPostgres(container: Field): boolean {
  return isPostgres(container) && !container.at("command").exists;
}

interface Reached {
  readonly endpoints: readonly Endpoint[];
  readonly missing?: Missing;
}

const NOWHERE: Reached = { endpoints: [] };

function reach(aim: Aim, workload: Workload, { book, poolers }: Surroundings): Reached {
  const { host, port, place, by, isDatabase } = aim;
  if (isLoopback(host)) {
    const beside = poolers.filter(
      (pooler) =>
        pooler.workload === workload && (port === undefined || pooler.ports.includes(port)),
    );
    return { endpoints: beside.map(({ name }) => ({ kind: "pooler", name })) };
  }
  const resolved = book.resolve(host, port, workload.namespace);
  switch (resolved.kind) {
    case "found":
      return { endpoints: resolved.endpoints };
    case "outside": {
      if (!isDatabase) return NOWHERE;
      const address = completed(resolved.host, port ?? 5432, workload.namespace);
      return { endpoints: [{ kind: "postgres", address }] };
    }
    case "unknown": {
      if (!isDatabase || poolers.length === 0) return NOWHERE;
      const why = isHidden(host) ? `${shown(host)} is not among the objects` : resolved.why;
      const what = `where ${by} of ${workload.key} leads: ${why}`;
      return { endpoints: [], missing: missing(what, place, TELL_TARGET) };
    }
    case "elsewhere":
    default:
      return NOWHERE;
  }
}

/** Nothing tells of a connection, and a part of the environment is not there. */
function hiddenEnvironment(
  workload: Workload,
  container: string,
  { unknown }: Environment,
  { poolers }: Surroundings,
): readonly Missing[] {
  const [first] = unknown;
  if (first === undefined || poolers.length === 0) return [];
  const what = `whether container ${container} of ${workload.key} connects to a pooler: ${first.name}, which its environment is from, is not among the objects`;
  return [missing(what, first.place, `give ${first.name} too, or ${TELL_TARGET}`)];
}

/**
 * A target that is named twice (PGHOST… and DATABASE_URL) is one pool. What one of them leaves out
 * it has from the other; the one that has parameters, and so may tell the pool, is kept.
 */
function merged(connections: readonly Connection[]): readonly Connection[] {
  const kept: Connection[] = [];
  const byDetail = connections.toSorted((a, b) => detail(b) - detail(a));
  for (const connection of byDetail) {
    const same = kept.some(
      (other) =>
        JSON.stringify(other.endpoint) === JSON.stringify(connection.endpoint) &&
        (connection.endpoint.kind === "postgres" ||
          (agrees(other.aim.database, connection.aim.database) &&
            agrees(other.aim.user, connection.aim.user))),
    );
    if (!same) kept.push(connection);
  }
  return kept;
}

function detail({ aim }: Connection): number {
  return (
    Number(aim.database !== undefined) * 4 +
    Number(aim.user !== undefined) * 2 +
    Number(aim.parameters.size > 0)
  );
}

function agrees(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function clientOf(
  workload: Workload,
  container: Field,
  environment: Environment,
  { aim, endpoint }: Connection,
): Client {
  const name = container.at("name").text() ?? "";
  const perPod = processesOf(workload, container, environment);
  return {
    name: `${workload.key}, container ${name}`,
    place: container.place(),
    processes: product(workload.pods, perPod),
    pool: poolSize(workload, container, environment, aim),
    target: targetOf(workload, name, aim, endpoint),
  };
}

function targetOf(
  workload: Workload,
  container: string,
  { database, user, place }: Aim,
  endpoint: Endpoint,
): Target {
  if (endpoint.kind === "postgres") {
    return { kind: "postgres", postgres: endpoint.address, place };
  }
  // Who is not named is somebody of its own. libpq: a database that is not named is called so too.
  const login = user ?? hidden(`the login of ${workload.key}, container ${container}`);
  const base = database ?? login;
  const unknown = [
    ...(isHidden(base) ? ["database" as const] : []),
    ...(isHidden(login) ? ["user" as const] : []),
  ];
  return {
    kind: "pooler",
    pooler: endpoint.name,
    database: shown(base),
    user: shown(login),
    ...(unknown.length === 0 ? {} : { hidden: unknown }),
    place,
  };
}
