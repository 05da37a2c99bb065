import {
  AVAILABLE_CONNECTIONS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  CONSOLE_DATABASE,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  POSTGRES_PORT,
  RESERVE_ANNOTATION,
} from "../../api/names.ts";
import type { Knowledge } from "../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import {
  postgresAddresses,
  type Client,
  type Pooler,
  type PoolerGroup,
  type PostgresServer,
  type System,
} from "../system.ts";
import type { Workload } from "../workload.ts";
import { isLoopback, type AddressBook, type Endpoint } from "./objects/addresses.ts";
import { annotatedWhole, reserveOf } from "./targets/annotations.ts";
import { clientsOf } from "./clients/clients.ts";
import type { Destinations } from "./clients/destinations.ts";
import { Injectors } from "./objects/injectors.ts";
import { hasSum, type OutsideClients } from "./routes/outsideClients.ts";
import { groupOf, type FoundPooler } from "./poolers/poolers.ts";
import { PoolVariables } from "./targets/poolVariables.ts";
import { PostgresImages } from "./postgres/postgresImages.ts";
import type { FoundPostgres } from "./postgres/postgresServers.ts";
import { Stores } from "./targets/stores.ts";
import { tcpProxies, unusedProxy, type TcpProxy } from "./routes/tcpProxies.ts";
import { unnamedDatabases } from "./clients/unnamedDatabases.ts";

/** What manifests or a compose file hold, before it is known who connects to what. */
interface FoundSystem {
  readonly workloads: readonly Workload[];
  readonly poolers: readonly FoundPooler[];
  readonly servers: ReadonlyMap<FoundPostgres, PostgresServer>;
  /** The addresses of all poolers and servers. */
  readonly book: AddressBook;
  /** Names of the poolers that have an address: others than their own pods can connect to them. */
  readonly addressed: ReadonlySet<string>;
  readonly knowledge: Knowledge;
  readonly unreadPoolers: System["unreadPoolers"];
  readonly proxies: readonly TcpProxy[];
  /** Clients that are among no objects. */
  readonly outside?: OutsideClients;
}

/** The system, every connection followed to where it leads. */
export function connectedSystem(found: FoundSystem): {
  readonly system: System;
  readonly destinations: Destinations;
} {
  const {
    workloads,
    poolers,
    servers,
    book,
    addressed,
    knowledge,
    unreadPoolers,
    proxies,
    outside = { clients: [], closed: new Set() },
  } = found;
  const groups = poolers.map((pooler) => groupsOf(pooler, book, servers));
  const behind = new Set(groups.flat().flatMap(({ lines }) => lines.flatMap(postgresAddresses)));
  const stores = new Stores(knowledge);
  const pools = new PoolVariables(knowledge, stores);
  const postgresImages = new PostgresImages(knowledge);
  const destinations: Destinations = {
    book,
    poolers,
    behind,
    knowledge,
    pools,
    injectors: new Injectors(knowledge),
    stores,
    postgresImages,
    servers,
    proxies: new Map(proxies.map((proxy) => [proxy.container, proxy])),
  };
  const byWorkload = workloads.map((workload) => clientsOf(workload, destinations));
  const own = byWorkload.flatMap((one) => one.clients);
  const sidecars = new Set(byWorkload.flatMap(({ sidecarPoolers }) => sidecarPoolers));
  const finished = poolers.map((pooler, index) => {
    const isSidecar = sidecars.has(pooler.name) && !addressed.has(pooler.name);
    const read = poolerOf(pooler, groups[index] ?? [], isSidecar ? "pod" : "service");
    const isClosed = outside.closed.has(pooler.name) && { isClosed: true as const };
    return { ...read, pooler: { ...read.pooler, ...isClosed } };
  });
  const parts = {
    poolers: finished.map(({ pooler }) => pooler),
    clients: own,
    postgres: [...servers.values()],
  };
  const isCounted = hasSum(parts);
  const clients = [
    ...own,
    ...outside.clients.filter(
      ({ target }) => target.kind === "pooler" || isCounted(target.postgres),
    ),
  ];
  const system: System = {
    ...parts,
    clients,
    unreadPoolers,
    missing: [
      ...byWorkload.flatMap((one) => one.missing),
      ...finished.flatMap((one) => one.missing),
      ...unnamedDatabases(parts.poolers, clients),
      ...poolers.flatMap((pooler) => chained(pooler, book, clients)),
      ...proxies.flatMap((proxy) =>
        proxy.endpoint === undefined ? [] : unusedProxy(proxy, book.reached),
      ),
    ],
    notes: [...poolers.flatMap(({ notes }) => notes), ...byWorkload.flatMap(({ notes }) => notes)],
  };
  return { system, destinations };
}

/** The groups of a pooler, each line with the address of its Postgres. */
function groupsOf(
  { name, namespace, groups, workload }: FoundPooler,
  book: AddressBook,
  servers: FoundSystem["servers"],
): readonly PoolerGroup[] {
  const postgresOf = (host: string | undefined, port: number): string => {
    const named = host === undefined || isLoopback(host) ? workload?.loopback : host;
    if (named !== undefined) return book.postgresAt(named, port, namespace);
    // The pod's own: a Postgres in it, or what its socket leads to.
    for (const [server, { address }] of servers) {
      const isHere = workload !== undefined && server.workload === workload;
      if (isHere && server.ports.includes(port)) return address;
    }
    return `localhost of ${name}:${port}`;
  };
  return groups.map((group) => groupOf(group, postgresOf));
}

/** A pooler with its groups, and what is missing of its reserve. */
function poolerOf(
  { name, place, annotation }: FoundPooler,
  groups: readonly PoolerGroup[],
  scope: Pooler["scope"],
): { readonly pooler: Pooler; readonly missing: readonly MissingQuantity[] } {
  const { reserve, missing: missingReserve } = reserveOf(annotation(RESERVE_ANNOTATION));
  const share = annotatedWhole(
    annotation(POSTGRES_CONNECTIONS_ANNOTATION),
    "its share of Postgres",
  );
  const available = annotatedWhole(
    annotation(AVAILABLE_CONNECTIONS_ANNOTATION),
    "what the Postgres behind it admits",
  );
  return {
    pooler: {
      name,
      place,
      scope,
      groups,
      reserve,
      ...(share && { share }),
      ...(available && { available }),
    },
    missing: missingReserve,
  };
}

/** Lines that lead to another pooler: only an annotation says what goes through two. */
function chained(
  found: FoundPooler,
  book: AddressBook,
  clients: readonly Client[],
): readonly MissingQuantity[] {
  const here = JSON.stringify(found.place.path);
  const own = clients.filter(
    ({ place }) => place.object === found.place.object && JSON.stringify(place.path) === here,
  );
  const lines = found.groups.flatMap(({ configuration }) =>
    "known" in configuration ? [] : [...configuration.lines],
  );
  return lines.flatMap(([name, { place, keys }]) => {
    if (name === CONSOLE_DATABASE) return [];
    const [host, port] = [keys.get("host"), keys.get("port")];
    if (!host?.known || isLoopback(host.value)) return [];
    const number = port?.known ? Number(port.value) : POSTGRES_PORT;
    const other = book.poolerAt(host.value, number, found.namespace);
    if (other === undefined) return [];
    const isAnnotated = own.some(
      ({ target }) => target.kind === "pooler" && target.pooler === other,
    );
    if (isAnnotated) return [];
    const what = `what line ${name} of ${found.name} opens on the pooler ${other} behind it`;
    const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION} and ${POOL_MAX_ANNOTATION}`;
    return [missing(what, place, remedy)];
  });
}

/**
 * The proxies before these poolers and servers, those before other proxies too.
 *
 * @param add gives one an address, which leads to `to`
 */
export function addedProxies(
  {
    workloads,
    poolers,
    servers,
    book,
    knowledge,
  }: Pick<FoundSystem, "workloads" | "poolers" | "servers" | "book" | "knowledge">,
  add: (proxy: TcpProxy, to: Endpoint) => void,
): readonly TcpProxy[] {
  if (poolers.length === 0) return [];
  const groups = poolers.flatMap((pooler) => groupsOf(pooler, book, servers));
  const targets = {
    book,
    behind: new Set(groups.flatMap(({ lines }) => lines.flatMap(postgresAddresses))),
    own: [
      ...poolers.map((pooler) => ({
        ...pooler,
        endpoint: { kind: "pooler", name: pooler.name } as const,
      })),
      ...[...servers].map(([server, { address }]) => ({
        ...server,
        endpoint: { kind: "postgres", address } as const,
      })),
    ],
  };
  return tcpProxies(workloads, targets, knowledge, add);
}
