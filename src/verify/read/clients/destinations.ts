import { POSTGRES_PORT } from "../../../api/names.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import type { PostgresServer } from "../../system.ts";
import { runningContainers, type Container, type Workload } from "../../workload.ts";
import {
  completed,
  isLoopback,
  outsideAddress,
  type AddressBook,
  type Endpoint,
  type Resolved,
} from "../objects/addresses.ts";
import { targetRemedy } from "../targets/annotations.ts";
import type { ConnectionTarget } from "../targets/connectionTargets.ts";
import type { Injectors } from "../objects/injectors.ts";
import type { Stores } from "../targets/stores.ts";
import type { FoundPooler } from "../poolers/poolers.ts";
import type { PoolVariables } from "../targets/poolVariables.ts";
import type { PostgresImages } from "../postgres/postgresImages.ts";
import type { FoundPostgres } from "../postgres/postgresServers.ts";
import type { TcpProxy } from "../routes/tcpProxies.ts";

/** Everything that a container may connect to. */
export interface Destinations {
  readonly book: AddressBook;
  readonly poolers: readonly FoundPooler[];
  /** Addresses of the Postgres that the poolers' lines lead to. */
  readonly behind: ReadonlySet<string>;
  readonly knowledge: Knowledge;
  readonly pools: PoolVariables;
  readonly injectors: Injectors;
  readonly stores: Stores;
  readonly postgresImages: PostgresImages;
  /** The Postgres that pods run themselves. */
  readonly servers: ReadonlyMap<FoundPostgres, PostgresServer>;
  /** What passes connections on, by its container. */
  readonly proxies: ReadonlyMap<Container, TcpProxy>;
}

/** Where connections of a workload's pods to that host and port go, or what is missing to know it. */
export function resolveTarget(
  target: ConnectionTarget,
  container: string,
  workload: Workload,
  { book, poolers, behind, servers, proxies, knowledge }: Destinations,
): readonly Endpoint[] | MissingQuantity {
  const { port, place, by, isDatabase } = target;
  const host = target.host.known;
  const unknown = (why: string): MissingQuantity =>
    missing(
      `where ${by} of ${workload.key} leads: ${why}`,
      place,
      targetRemedy(workload, container),
    );
  // A system without a pooler has no sum that it could change.
  const isNeeded = isDatabase && poolers.length > 0;
  if (host === undefined) {
    return isNeeded ? unknown(`${target.host.render()} is not among the objects`) : [];
  }
  const { loopback } = workload;
  if (isLoopback(host) && loopback === undefined) {
    const sidecars = poolers
      .filter(
        (pooler) =>
          pooler.workload === workload &&
          (port === undefined || pooler.hasAnyPort === true || pooler.ports.includes(port)),
      )
      .map(({ name }): Endpoint => ({ kind: "pooler", name }));
    const beside = [...servers].flatMap(([server, { address }]): readonly Endpoint[] =>
      server.workload === workload && server.ports.includes(port ?? POSTGRES_PORT)
        ? [{ kind: "postgres", address }]
        : [],
    );
    if (sidecars.length === 0 && beside.length > 0) return isDatabase ? beside : [];
    const passed = [...proxies.values()].find(
      (proxy) => proxy.workload === workload && port !== undefined && proxy.ports.includes(port),
    );
    if (sidecars.length === 0 && passed?.endpoint !== undefined) {
      book.reached.add(workload.key);
      return [passed.endpoint];
    }
    if (sidecars.length === 0 && isNeeded && hasForwarder(workload, knowledge)) {
      return unknown("to a port of its own pod, which another container there passes on");
    }
    if (sidecars.length === 0 && isNeeded) {
      const why = unservedPort(target, workload, poolers);
      if (why !== undefined) return unknown(why);
    }
    return sidecars;
  }
  const meant = isLoopback(host) ? (loopback ?? host) : host;
  const resolved = resolvedHost(target, meant, workload.namespace, book);
  const addressOf = (name: string): string =>
    completed(name, port ?? POSTGRES_PORT, workload.namespace);
  switch (resolved.kind) {
    case "found":
      return resolved.endpoints;
    case "outside": {
      if (!isDatabase) return [];
      // A pooler may name the same host in full.
      const full = addressOf(resolved.host);
      if (behind.has(full)) return [{ kind: "postgres", address: full }];
      if (isNeeded && PRIVATE.test(resolved.host)) {
        return unknown(`${resolved.host} may be the address of a PgBouncer's Service or pod`);
      }
      const own = outsideAddress(resolved.host, port ?? POSTGRES_PORT, workload.namespace);
      return [{ kind: "postgres", address: own }];
    }
    case "unknown": {
      if (!isNeeded) return [];
      // By this very name a pooler reaches its Postgres: past the pooler, to the same.
      const address = addressOf(meant);
      return behind.has(address) ? [{ kind: "postgres", address }] : unknown(resolved.why);
    }
    case "elsewhere":
      // A pooler reaches its Postgres by this name: a proxy that weir can't read.
      if (isDatabase && behind.has(addressOf(meant))) {
        return [{ kind: "postgres", address: addressOf(meant) }];
      }
      return isNeeded && isPostgresTarget(target)
        ? unknown("to pods that are no PgBouncer and no Postgres that weir knows")
        : [];
    default:
      return [];
  }
}

/** A Postgres URL, and libpq's variables, without a port mean Postgres' own, where it is served. */
function resolvedHost(
  { port, isUrl, by }: ConnectionTarget,
  host: string,
  namespace: string,
  book: AddressBook,
): Resolved {
  if (port === undefined && (isUrl || by === "PGHOST")) {
    const resolved = book.resolve(host, POSTGRES_PORT, namespace);
    if (resolved.kind === "found") return resolved;
  }
  return book.resolve(host, port, namespace);
}

/**
 * Why nobody is known to take connections at that port of a pod, though a PgBouncer is in it, or on
 * the network of its node. Undefined where none is, or where another store listens there.
 */
function unservedPort(
  target: ConnectionTarget,
  workload: Workload,
  poolers: readonly FoundPooler[],
): string | undefined {
  const { port } = target;
  const isPort = (own: number): boolean => port === undefined || own === port;
  if (workload.isOnHost === true) {
    const there = poolers.find((one) => one.workload?.isOnHost === true && one.ports.some(isPort));
    if (there !== undefined) return `to its node, where ${there.name} may listen`;
  }
  const beside = poolers.filter((one) => one.workload === workload);
  const isOthers = runningContainers(workload).some(({ ports }) =>
    ports.some(([, own]) => own === port && !isPostgresTarget(target)),
  );
  if (beside.length === 0 || isOthers) return undefined;
  const ports = [...new Set(beside.flatMap((one) => one.ports))];
  return `to port ${port} of its own pod, where PgBouncer listens on ${ports.join(" or ")}`;
}

/** Addresses of private networks, of which clusters take those of pods and Services. */
const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[?f[cd][\da-f]{2}:)/i;

/** Surely Postgres' protocol, and not that of another store which has hosts and databases too. */
function isPostgresTarget({ by, isUrl }: ConnectionTarget): boolean {
  return isUrl || /POSTGRES|^PGHOST/i.test(by);
}

/** Whether another container of the pod may pass connections on: a proxy of a cloud, a tunnel. */
function hasForwarder(workload: Workload, { forwarders }: Knowledge): boolean {
  const words = forwarders.flatMap(({ images }) => images);
  return runningContainers(workload).some(({ image }) =>
    words.some((word) => image.toLowerCase().includes(word)),
  );
}
