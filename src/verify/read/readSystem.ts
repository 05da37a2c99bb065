import {
  API_VERSION,
  CONSOLE_DATABASE,
  POSTGRES_PORT,
  CONNECTS_TO_ANNOTATION,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../../api/names.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import type { PostgresServer, System, Client, Pooler, PoolerGroup } from "../system.ts";
import type { Workload } from "../workload.ts";
import {
  adapterScalers,
  adapterWorkloads,
  isOperators,
  operatorResources,
  type Products,
} from "./adapter.ts";
import type { Knowledge } from "../knowledge/knowledge.ts";
import { AddressBook, completed, type Endpoint, isLoopback } from "./addresses.ts";
import { withAlterations } from "./alteredSettings.ts";
import { bareInis, barePooler } from "./bareIni.ts";
import { withoutConflicts } from "./conflictingObjects.ts";
import type { Destinations } from "./destinations.ts";
import { externalSecrets } from "./externalSecrets.ts";
import { Field } from "./field.ts";
import { Inventory, type AnnotationOverrides } from "./inventory.ts";
import { operatorSecrets } from "./operatorSecrets.ts";
import { hasSum, outsideClients, type OutsideClients } from "./outsideClients.ts";
import {
  otherPoolerNames,
  otherPoolersIn,
  otherPoolersOf,
  unreadPoolerObjects,
} from "./otherPoolers.ts";
import { podPoolers } from "./pgbouncerPods.ts";
import { type FoundPooler, groupOf } from "./poolers.ts";
import { PoolVariables } from "./poolVariables.ts";
import { Stores } from "./stores.ts";
import { Injectors } from "./injectors.ts";
import { PostgresImages } from "./postgresImages.ts";
import { podPostgres, type FoundPostgres } from "./postgresServers.ts";
import { Scalers } from "./peakPods.ts";
import { tcpProxies, unusedProxy, type TcpProxy } from "./tcpProxies.ts";
import { unnamedDatabases } from "./unnamedDatabases.ts";
import { unreadObjects } from "./unreadObjects.ts";
import { workloadsOf } from "./workloads.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { annotatedWhole, reserveOf } from "./annotations.ts";
import { clientsOf } from "./clients.ts";

/**
 * What these objects say of a system of connections: poolers, clients, and the Postgres behind.
 * Pure. A number that the objects don't have, or that differs between two of one name, is a
 * MissingQuantity and says how to give it; nothing is guessed.
 *
 * @param products what weir knows besides Kubernetes and PgBouncer
 * @param overrides annotations given by flag, as if they stood on the object, and over those that do
 * @param rendered objects of which all that they make is among these
 */
export function readSystem(
  objects: readonly ManifestObject[],
  products: Products,
  {
    overrides = new Map(),
    rendered = new Set(),
  }: {
    readonly overrides?: AnnotationOverrides;
    readonly rendered?: ReadonlySet<ManifestObject>;
  } = {},
): System {
  const { adapters, knowledge } = products;
  const made = [...operatorSecrets(objects, knowledge.secrets), ...externalSecrets(objects)];
  const inventory = new Inventory([...objects, ...made], overrides, knowledge);
  const scalers = new Scalers(inventory, adapterScalers(adapters));
  const operators = operatorResources(adapters, { inventory, scalers });
  const owned = new Set(operators.owned);
  const workloads = [
    ...workloadsOf(inventory, scalers, adapterWorkloads(adapters), owned),
    ...operators.workloads,
  ];
  const configured = [
    ...workloads.flatMap((workload) => podPoolers(workload, knowledge)),
    ...operators.poolers,
  ];
  const bare = bareInis(inventory.objects, configured);
  const poolers = [...configured, ...bare.inis.flatMap((ini) => barePooler(ini, inventory))];
  const others = [
    ...workloads.flatMap((workload) => otherPoolersIn(workload, knowledge)),
    ...inventory.objects.flatMap((object) => otherPoolersOf(object, knowledge)),
  ];
  const book = addressBook(inventory, poolers, workloads);
  const images = new PostgresImages(knowledge);
  for (const other of others) book.addAnyPort(other, { kind: "unread", key: other.key });
  const found = [
    ...workloads.flatMap((workload) => podPostgres(workload, images)),
    ...operators.postgres,
  ];
  const servers = addServers(inventory, book, withAlterations(found, workloads, images));
  const proxies = addedProxies({ workloads, poolers, servers, book, knowledge }, (proxy, to) => {
    const { workload, container, ports } = proxy;
    const { namespace, labels } = workload;
    const portNames = new Map(container.ports);
    if (ports.length === 0) book.addAnyPort({ namespace, labels, services: [] }, to);
    else book.add({ namespace, labels, ports, portNames, services: [] }, to);
  });
  const addressed = addressedPoolers(inventory, book, poolers);
  const { system, destinations } = connectedSystem({
    workloads,
    poolers,
    servers,
    book,
    addressed,
    knowledge,
    outside: outsideClients(inventory, book, { poolers, servers, proxies }, knowledge),
    proxies,
    unreadPoolers: otherPoolerNames(others),
  });
  const keys = new Set([...owned, ...[...workloads, ...others].map(({ key }) => key)]);
  const isRead = (object: ManifestObject): boolean =>
    isOperators(adapters, object) || keys.has(objectOf({ object }));
  return withoutConflicts(
    {
      ...system,
      missing: [
        ...inventory.conflicting.values(),
        ...system.missing,
        ...unreadPoolerObjects(inventory, others),
        ...unreadObjects(inventory, destinations, isRead, rendered),
      ],
      notes: [...system.notes, ...bare.notes, ...fleetNotes(inventory)],
    },
    inventory.conflicting,
  );
}

function addressBook(
  inventory: Inventory,
  poolers: readonly FoundPooler[],
  workloads: readonly Workload[],
): AddressBook {
  const book = new AddressBook(inventory);
  for (const { namespace, labels } of workloads) {
    if (labels.size > 0) book.addOther(namespace, labels);
  }
  for (const pooler of poolers) {
    const endpoint: Endpoint = { kind: "pooler", name: pooler.name };
    book.add(pooler, endpoint);
    // A bare ini is reached by its name.
    if (pooler.place.object.apiVersion === "") {
      book.addHost(pooler.place.object.name, pooler.ports, endpoint);
    }
  }
  return book;
}

/** Gives each Postgres its addresses: the Services of its operator, and those that select it. */
function addServers(
  inventory: Inventory,
  book: AddressBook,
  servers: readonly FoundPostgres[],
): ReadonlyMap<FoundPostgres, PostgresServer> {
  const services = inventory.ofKind("", "Service").map((object) => Field.of(object));
  const addressed = servers.map((server): [FoundPostgres, PostgresServer] => {
    const { namespace, labels, ports, place } = server;
    const own = `${place.object.name}.${place.object.kind.toLowerCase()}.${namespace}:${ports[0] ?? POSTGRES_PORT}`;
    // Asked of a book of its own: in the one of all, Services may select several.
    const alone = new AddressBook(inventory);
    alone.add(server, { kind: "postgres", address: own });
    const selecting = services
      .filter((service) => service.object.namespace === namespace && labels.size > 0)
      .flatMap((service) =>
        (alone.servicePorts(service) ?? []).flatMap(({ port, endpoints }) =>
          port === undefined || endpoints.length === 0 ? [] : [{ name: service.object.name, port }],
        ),
      );
    const addresses = [...server.services, ...selecting].map(({ name, port }) =>
      completed(name, port, namespace),
    );
    const [address = own, ...aliases] = new Set(addresses);
    book.add(server, { kind: "postgres", address });
    const available = inventory.conflicting.get(place.object) ?? server.available;
    return [server, { address, aliases, available }];
  });
  return new Map(addressed);
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
    behind: new Set(groups.flatMap(({ lines }) => lines.map(({ postgres }) => postgres))),
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

/** Poolers that a Service leads to, or an operator's own. */
function addressedPoolers(
  inventory: Inventory,
  book: AddressBook,
  poolers: readonly FoundPooler[],
): ReadonlySet<string> {
  const names = poolers.flatMap(({ name, services }) => (services.length > 0 ? [name] : []));
  for (const object of inventory.ofKind("", "Service")) {
    for (const { endpoints } of book.servicePorts(Field.of(object)) ?? []) {
      names.push(...endpoints.flatMap((one) => (one.kind === "pooler" ? [one.name] : [])));
    }
  }
  return new Set(names);
}

/** weir's own objects say what is wanted, not what exists. */
function fleetNotes(inventory: Inventory): readonly string[] {
  const fleet = inventory.objects.filter(({ apiVersion }) => apiVersion === API_VERSION);
  const note = `${fleet.length} ConnectionBudget and McpServer objects are left out: weir plan reads them`;
  return fleet.length === 0 ? [] : [note];
}

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
  const behind = new Set(
    groups.flat().flatMap(({ lines }) => lines.map(({ postgres }) => postgres)),
  );
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
  return {
    pooler: { name, place, scope, groups, reserve, ...(share === undefined ? {} : { share }) },
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
