import {
  CONNECTS_TO_ANNOTATION,
  CONNECTS_TO_FORM,
  PODS_ANNOTATION,
  POOL_LIMIT_ANNOTATION,
  POOL_MAX_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
} from "../../../api/names.ts";
import { derived, isZero, known, type MissingQuantity } from "../../quantity.ts";
import type { Client, Target } from "../../system.ts";
import { Template } from "../../template.ts";
import type { Workload } from "../../workload.ts";
import { isLoopback, type Endpoint } from "../objects/addresses.ts";
import { answerable, answeredBy } from "../targets/annotations.ts";
import {
  isUnclear,
  merged,
  withAnnotation,
  writtenConnections,
  type ContainerConnections,
} from "./connections.ts";
import type { ConnectionTarget } from "../targets/connectionTargets.ts";
import { withManyPrograms } from "../programs/manyPrograms.ts";
import { ownConnections } from "../programs/ownConnections.ts";
import { poolSize } from "../targets/poolSize.ts";
import { everyDatabase, programDatabase } from "../programs/programTargets.ts";
import { processesPerPod } from "../programs/processes.ts";
import type { Destinations } from "./destinations.ts";
import { withNeeded } from "./neededHosts.ts";

/** What the clients of a workload are, and what is missing to know it. */
interface ReadClients {
  readonly clients: readonly Client[];
  readonly missing: readonly MissingQuantity[];
  readonly notes: readonly string[];
  /** Poolers that its containers reach over localhost. */
  readonly sidecarPoolers: readonly string[];
}

/** The connections that a workload's containers open. */
export function clientsOf(workload: Workload, destinations: Destinations): ReadClients {
  const { pods } = workload;
  if (pods.known && pods.value === 0) {
    const notes = [`${workload.key} has no pods: ${pods.why}`];
    return { clients: [], missing: [], notes, sidecarPoolers: [] };
  }
  const written = withNeeded(
    workload,
    workload.containers.map((container) => writtenConnections(workload, container, destinations)),
    destinations,
  );
  // Said of the pod as a whole, it is of the containers of which something is not known.
  const unclear = written.filter((one) => isUnclear(one, destinations));
  const annotated = written.map((one) =>
    withAnnotation(workload, one, destinations, unclear.length === 0 || unclear.includes(one)),
  );
  const running = annotated.filter(({ container }) => container.role !== "init");
  const preparing = annotated.filter(({ container }) => container.role === "init");
  const clientsIn = (one: ContainerConnections): readonly Client[] =>
    containerClients(workload, one, destinations);
  const regular = running.flatMap(clientsIn);
  const all = [...running, ...preparing];
  return {
    clients: [...regular, ...beyond(regular, preparing.map(clientsIn))],
    missing: all.flatMap(({ container, missing }) =>
      missing.map((question) =>
        answeredBy(question, CONNECTS_TO_ANNOTATION, workload, container, CONNECTS_TO_FORM),
      ),
    ),
    notes: all.flatMap(({ notes }) => notes),
    sidecarPoolers: all.flatMap(({ connections }) =>
      connections.flatMap(({ target, endpoint }) =>
        endpoint.kind === "pooler" && isLoopback(target.host.render()) ? [endpoint.name] : [],
      ),
    ),
  };
}

/**
 * Init containers run one by one, before the others: a pod has the larger of what one of them opens
 * and of what the others open together, line by line. An init container counts as far as it goes
 * beyond the others of its line and login; where they already open as many it is left out.
 */
function beyond(
  regular: readonly Client[],
  preparing: readonly (readonly Client[])[],
): readonly Client[] {
  const most = new Map<string, readonly Client[]>();
  for (const found of preparing) {
    const byTarget = Map.groupBy(found, ({ target }) => targetKey(target));
    for (const [key, clients] of byTarget) {
      const before = most.get(key);
      if (before === undefined || perPodOf(clients) > perPodOf(before)) most.set(key, clients);
    }
  }
  return [...most].flatMap(([key, clients]) => {
    const others = regular.filter(({ target }) => targetKey(target) === key);
    if (others.length === 0) return clients;
    const [own, ofOthers] = [perPodOf(clients), perPodOf(others)];
    if (own === Infinity) return clients;
    const more = Math.max(0, own - ofOthers);
    const why = `${own} in its init container, ${own - more} of them counted with the containers after it`;
    const parts = clients
      .flatMap(({ processesPerPod: count, pool }) => [count, pool])
      .flatMap((quantity) => (quantity.known ? quantity : []));
    const beyondOthers = derived(more, why, ...parts);
    // Once what is missing of the others is known, there is a sum to compare with.
    if (more === 0 && beyondOthers.assuming === undefined) return [];
    return clients.slice(0, 1).map((client) => ({
      ...client,
      processesPerPod: known(1, "1 process"),
      pool: beyondOthers,
    }));
  });
}

/** Connections of all these clients in one pod; ∞ where one is missing. */
function perPodOf(clients: readonly Client[]): number {
  let sum = 0;
  for (const { processesPerPod: count, pool } of clients) {
    sum += count.known && pool.known ? count.value * pool.value : Infinity;
  }
  return sum;
}

function targetKey(target: Target): string {
  return target.kind === "pooler"
    ? JSON.stringify([target.pooler, target.database, target.user])
    : target.postgres;
}

function containerClients(
  workload: Workload,
  { container, connections }: ContainerConnections,
  { knowledge, pools, postgresImages }: Destinations,
): readonly Client[] {
  if (connections.length === 0) return [];
  const servers = postgresImages.serverCalls(container).map(({ words }) => words);
  const processes = processesPerPod(workload, container, knowledge, servers);
  // It waits, or copies files.
  if (isZero(processes)) return [];
  const own = ownConnections(workload, container, knowledge, servers);
  const sized = connections.map((connection) => ({
    ...connection,
    pool: own ?? poolSize(workload, container, connection.target, pools),
  }));
  const isWhole =
    own !== undefined ||
    [POOL_MAX_ANNOTATION, POOL_LIMIT_ANNOTATION].some((name) => workload.annotation(name));
  const usual = programDatabase(container, knowledge);
  return merged(sized, pools, isWhole).flatMap(({ target, endpoint, pool }) => {
    // What a pooler opens for its clients is asked where it is found.
    if (endpoint.kind === "unread") return [];
    const databases =
      endpoint.kind === "pooler" ? everyDatabase(workload, container, knowledge) : undefined;
    const client: Client = {
      name: `${workload.key}, container ${container.name}`,
      workload: workload.key,
      place: container.place,
      pods: answerable(workload.pods, PODS_ANNOTATION, workload),
      ...withManyPrograms(workload, container, {
        processesPerPod: answerable(processes, PROCESSES_PER_POD_ANNOTATION, workload, container),
        pool: databases ?? answerable(pool, POOL_MAX_ANNOTATION, workload, container),
      }),
      target: targetOf(
        workload,
        container.name,
        { ...target, database: target.database ?? usual },
        endpoint,
      ),
    };
    return [client];
  });
}

function targetOf(
  workload: Workload,
  container: string,
  { database, user, place, by, prefix, isUrl }: ConnectionTarget,
  endpoint: Exclude<Endpoint, { kind: "unread" }>,
): Target {
  if (endpoint.kind === "postgres") {
    return { kind: "postgres", postgres: endpoint.address, by, place };
  }
  // A login without a name is another one than all others.
  const login = user ?? Template.unknown(`the login of ${workload.key}, container ${container}`);
  // libpq takes the login's name as the database's; other programs may have another default.
  const isLibpq = isUrl === true || prefix === "" || prefix.toUpperCase() === "PG";
  const base =
    database ??
    (isLibpq ? login : Template.unknown(`the database of ${workload.key}, container ${container}`));
  const unknown = [
    ...(base.known === undefined ? ["database" as const] : []),
    ...(login.known === undefined ? ["user" as const] : []),
  ];
  return {
    kind: "pooler",
    pooler: endpoint.name,
    database: base.render(),
    user: login.render(),
    ...(unknown.length === 0 ? {} : { unknown }),
    ...(database === undefined && !isLibpq && { isUnnamed: true }),
    place,
  };
}
