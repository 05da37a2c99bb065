import {
  CONNECTS_TO_ANNOTATION,
  PGBOUNCER_PORT,
  POOL_MAX_ANNOTATION,
  POSTGRES_PORT,
} from "../../../api/names.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { hasOneContainer, type Container, type NeededHost, type Workload } from "../../workload.ts";
import { isLoopback } from "../objects/addresses.ts";
import { otherPoolerIn } from "../poolers/otherPoolers.ts";
import { isPgBouncer } from "../poolers/pgbouncerPods.ts";
import { connectsAsTold } from "../programs/ownConnections.ts";
import { waitedHosts } from "../programs/waiting.ts";
import type { ContainerConnections } from "./connections.ts";
import type { Destinations } from "./destinations.ts";
import { targetOfLogin } from "./hiddenSources.ts";
import { mentionedHosts } from "./mentions.ts";

// A program of which nothing says where it connects, and that needs a PgBouncer or a Postgres behind one,
// or has a login: its settings may be in its image, or in code that is mounted.

/** A PgBouncer, or a Postgres behind one, that a container needs. */
interface NeededListener {
  /** `service pooler`, `Postgres db`. */
  readonly name: string;
  /** `pooler:6432`. */
  readonly address: string;
  readonly pooler?: string;
  readonly need: NeededHost;
}

/**
 * The connections of a workload's containers, with what is missing of those that name no database and
 * need a PgBouncer or a Postgres behind one, or have a login. What an init container needs, or a compose file says of
 * the whole, is needed by the containers after it, unless one of them says where it connects.
 */
export function withNeeded(
  workload: Workload,
  written: readonly ContainerConnections[],
  destinations: Destinations,
): readonly ContainerConnections[] {
  const { poolers, knowledge, stores } = destinations;
  if (poolers.length === 0) return written;
  const isOthersNeed = !written.some(
    (one) => one.container.role !== "init" && saysWhere(one, destinations),
  );
  const ofAll = isOthersNeed ? needsOfAll(workload, written, destinations) : [];
  return written.map((one) => {
    const { container } = one;
    if (!mayBeClient(workload, one, destinations)) return one;
    const own = [...waitedHosts(container, knowledge), ...mentionedHosts(container, stores)];
    const needs = container.role === "init" ? own : [...own, ...ofAll];
    const listeners = needs.flatMap((need) => listenerOf(need, workload, destinations) ?? []);
    const question =
      whetherNeeded(workload, container, listeners) ??
      targetOfLogin(workload, container, destinations);
    return question === undefined ? one : { ...one, missing: [question] };
  });
}

/** What stands for the pod as a whole, or is of what runs before its containers. */
function needsOfAll(
  workload: Workload,
  written: readonly ContainerConnections[],
  { knowledge, stores }: Destinations,
): readonly NeededHost[] {
  const preparing = written.filter(({ container }) => container.role === "init");
  return [
    ...(workload.needs ?? []),
    ...preparing.flatMap(({ container, connections }) => [
      ...waitedHosts(container, knowledge),
      ...mentionedHosts(container, stores),
      ...connections.flatMap(({ target: { host, port, place } }): readonly NeededHost[] =>
        host.known === undefined
          ? []
          : [
              {
                host: host.known,
                port,
                place,
                how: `to which container ${container.name} connects`,
              },
            ],
      ),
    ]),
  ];
}

/** Whether a container names a database, or is asked about already. */
function saysWhere(
  { container, connections, namesDatabase, missing: asked }: ContainerConnections,
  { stores }: Destinations,
): boolean {
  return (
    connections.length > 0 ||
    namesDatabase === true ||
    asked.some(({ assumed }) => assumed === undefined) ||
    [...container.environment.variables.values()].some((one) => stores.isInstead(one))
  );
}

function mayBeClient(
  workload: Workload,
  one: ContainerConnections,
  destinations: Destinations,
): boolean {
  const { container } = one;
  const { knowledge, postgresImages, proxies } = destinations;
  if (saysWhere(one, destinations) || connectsAsTold(container, knowledge)) return false;
  if (isPgBouncer(container, knowledge) || postgresImages.runsServer(container)) return false;
  if (otherPoolerIn(container, knowledge) !== undefined) return false;
  return ![...proxies.values()].some(
    (proxy) => proxy.workload === workload && proxy.container === container,
  );
}

/** The PgBouncer at a host, or a Postgres behind one; the pod's own, where it is that. */
function listenerOf(
  need: NeededHost,
  workload: Workload,
  { book, behind, poolers }: Destinations,
): NeededListener | undefined {
  const { host, port } = need;
  const { namespace, loopback } = workload;
  const ofPooler = (name: string, at: string): NeededListener => {
    const own = poolers.find((pooler) => pooler.name === name)?.ports[0];
    return { name, pooler: name, address: `${at}:${port ?? own ?? PGBOUNCER_PORT}`, need };
  };
  if (isLoopback(host) && loopback === undefined) {
    const beside = poolers.find((pooler) => pooler.workload === workload);
    return beside && (port === undefined || beside.ports.includes(port))
      ? ofPooler(beside.name, "localhost")
      : undefined;
  }
  const meant = isLoopback(host) ? (loopback ?? host) : host;
  const pooler = book.poolerAt(meant, port, namespace);
  if (pooler !== undefined) return ofPooler(pooler, meant);
  const resolved = book.resolve(meant, port, namespace);
  const endpoints = resolved.kind === "found" ? resolved.endpoints : [];
  const addresses = [
    ...endpoints.flatMap((one) => (one.kind === "postgres" ? one.address : [])),
    ...book.postgresAt(meant, port ?? POSTGRES_PORT, namespace).split(","),
  ];
  return addresses.some((address) => behind.has(address))
    ? { name: `Postgres ${meant}`, address: `${meant}:${port ?? POSTGRES_PORT}`, need }
    : undefined;
}

function whetherNeeded(
  workload: Workload,
  container: Container,
  listeners: readonly NeededListener[],
): MissingQuantity | undefined {
  const first = listeners.find(({ pooler }) => pooler !== undefined) ?? listeners[0];
  if (first === undefined) return undefined;
  const { name, address, pooler, need } = first;
  const isOne = hasOneContainer(workload);
  const who = isOne ? workload.key : `container ${container.name} of ${workload.key}`;
  const own = isOne ? "" : `${container.name}=`;
  const target = `${own}${address}/database?user=login`;
  const question = missing(
    `whether ${who} connects to ${name}, ${need.how}, and with how many connections: nothing that weir reads says so`,
    need.place,
    `annotate it with ${CONNECTS_TO_ANNOTATION}: "${target}" and ${POOL_MAX_ANNOTATION}: "${own}N", or with ${CONNECTS_TO_ANNOTATION}: "${own}none"`,
  );
  const answer = { object: workload.key, annotation: CONNECTS_TO_ANNOTATION, value: target };
  return { ...question, answer, ...(pooler !== undefined && { pooler }) };
}
