import {
  API_VERSION,
  CONNECTS_TO_ANNOTATION,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../../api/names.ts";
import type { AuditObject } from "../sourcePosition.ts";
import type {
  Client,
  MissingQuantity,
  Pooler,
  PoolerGroup,
  PostgresServer,
  System,
} from "../system.ts";
import { AddressBook, completed, isLoopback, type Endpoint } from "./addresses.ts";
import { reserveOf, shareOf } from "./annotations.ts";
import { barePooler } from "./barePooler.ts";
import { clientsOf } from "./clients.ts";
import { Field } from "./field.ts";
import { missing as missingFigure } from "./quantities.ts";
import { Inventory, type AnnotationOverrides } from "./inventory.ts";
import { operators } from "../adapters/operators.ts";
import { unsupportedKinds } from "./unsupportedKinds.ts";
import { podPoolers } from "./pgbouncerPods.ts";
import { groupOf, type FoundPooler } from "./poolers.ts";
import { podPostgres, type FoundPostgres } from "./postgresServers.ts";
import { Scalers } from "./scalers.ts";
import { withoutConflicts } from "./conflictingObjects.ts";
import { workloadsOf, type Workload } from "./workloads.ts";

/**
 * What these objects say of a system of connections: poolers, clients, and the Postgres behind.
 * Pure. A figure that the objects don't tell, or two of one name tell differently, is MissingQuantity and
 * says how to tell it; nothing is guessed.
 *
 * @param told annotations given by flag, as if they stood on the object, and over those that do
 */
export function readSystem(
  objects: readonly AuditObject[],
  { told = new Map() }: { readonly told?: AnnotationOverrides } = {},
): System {
  const inventory = new Inventory(objects, told);
  const scalers = new Scalers(inventory);
  const made = operators(inventory, scalers);
  const owned = new Set(made.owns);
  const workloads = workloadsOf(inventory, scalers).filter(({ key }) => !owned.has(key));
  const poolers = [
    ...workloads.flatMap((workload) => podPoolers(inventory, workload)),
    ...made.poolers,
    ...inventory.objects.flatMap((object) => barePooler(object, inventory)),
  ];
  const servers = [
    ...workloads.flatMap((workload) => podPostgres(inventory, workload)),
    ...made.postgres,
  ];
  const book = addressBook(inventory, poolers, workloads);
  const postgres = addServers(inventory, book, servers);
  const addresses = new Map(servers.map((server, index) => [server, postgres[index]?.address]));
  const behind = new Set(
    poolers.flatMap((pooler) => groupsOf(pooler, book, addresses)).flatMap(addressesOf),
  );
  const keys = new Set([...owned, ...workloads.map(({ key }) => key)]);
  const found = workloads.map((workload) =>
    clientsOf(workload, { inventory, book, poolers, behind }),
  );
  const clients = found.flatMap((one) => one.clients);
  const besides = new Set(found.flatMap((one) => one.besides));
  const served = servedPoolers(inventory, book, poolers);
  const finished = poolers.map((pooler) =>
    finish(
      pooler,
      groupsOf(pooler, book, addresses),
      besides.has(pooler.name) && !served.has(pooler.name),
    ),
  );
  const system: System = {
    poolers: finished.map(({ pooler }) => pooler),
    clients,
    postgres,
    missing: [
      ...inventory.twice.values(),
      ...found.flatMap((one) => one.missing),
      ...finished.flatMap((one) => one.missing),
      ...poolers.flatMap((pooler) => chained(pooler, book, clients)),
      ...unsupportedKinds(inventory, book, (key) => keys.has(key)),
    ],
    notes: [
      ...poolers.flatMap(({ notes }) => notes),
      ...found.flatMap(({ notes }) => notes),
      ...fleetNotes(inventory),
    ],
  };
  return withoutConflicts(system, inventory.twice);
}

function addressBook(
  inventory: Inventory,
  poolers: readonly FoundPooler[],
  workloads: readonly Workload[],
): AddressBook {
  const book = new AddressBook(inventory);
  for (const { namespace, labels } of workloads) book.addOther(namespace, labels);
  for (const pooler of poolers) {
    const endpoint: Endpoint = { kind: "pooler", name: pooler.name };
    const { namespace, labels, ports, portNames } = pooler;
    if (labels.size > 0) book.addBackend({ namespace, labels, ports, portNames, endpoint });
    for (const { name, port } of pooler.services) book.addService(namespace, name, port, endpoint);
    // A bare ini is reached by its name.
    if (pooler.place.object.apiVersion === "") {
      for (const port of ports) book.addHost(pooler.place.object.name, port, endpoint);
    }
  }
  return book;
}

/** Gives each Postgres its addresses: the Services of its operator, and those that select it. */
function addServers(
  inventory: Inventory,
  book: AddressBook,
  servers: readonly FoundPostgres[],
): readonly PostgresServer[] {
  const services = inventory.ofKind("", "Service").map((object) => Field.of(object));
  return servers.map((server) => {
    const { namespace, labels, ports, portNames, place } = server;
    const own = `${place.object.name}.${place.object.kind.toLowerCase()}.${namespace}:${ports[0] ?? 5432}`;
    // Asked of a book of its own: in the one of all, Services may select several.
    const alone = new AddressBook(inventory);
    alone.addBackend({
      namespace,
      labels,
      ports,
      portNames,
      endpoint: { kind: "postgres", address: own },
    });
    const selecting = services
      .filter((service) => service.object.namespace === namespace && labels.size > 0)
      .flatMap((service) =>
        (alone.servicePorts(service) ?? [])
          .filter(({ endpoints }) => endpoints.length > 0)
          .map(({ port }) => ({ name: service.object.name, port })),
      );
    const addresses = [
      ...new Set(
        [...server.services, ...selecting].map(({ name, port }) =>
          completed(name, port, namespace),
        ),
      ),
    ];
    const [address = own, ...aliases] = addresses;
    const endpoint: Endpoint = { kind: "postgres", address };
    if (labels.size > 0) book.addBackend({ namespace, labels, ports, portNames, endpoint });
    for (const { name, port } of server.services) book.addService(namespace, name, port, endpoint);
    const available = inventory.twice.get(place.object) ?? server.available;
    return { address, aliases, available };
  });
}

/** Poolers that a Service leads to, or an operator's own. */
function servedPoolers(
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

/** The groups of a pooler, each line with the address of its Postgres. */
function groupsOf(
  { name, namespace, groups, workload }: FoundPooler,
  book: AddressBook,
  servers: ReadonlyMap<FoundPostgres, string | undefined>,
): readonly PoolerGroup[] {
  const postgresOf = (host: string | undefined, port: number): string => {
    if (host !== undefined && !isLoopback(host)) return book.postgresAt(host, port, namespace);
    // The pod's own: a Postgres in it, or what its socket leads to.
    for (const [server, address] of servers) {
      const isHere = workload !== undefined && server.workload === workload;
      if (isHere && server.ports.includes(port) && address !== undefined) return address;
    }
    return `localhost of ${name}:${port}`;
  };
  return groups.map((group) => groupOf(group, postgresOf));
}

function addressesOf({ lines }: PoolerGroup): readonly string[] {
  return lines.map(({ postgres }) => postgres);
}

function finish(
  { name, place, annotation }: FoundPooler,
  groups: readonly PoolerGroup[],
  isSidecar: boolean,
): { readonly pooler: Pooler; readonly missing: readonly MissingQuantity[] } {
  const { reserve, missing } = reserveOf(annotation(RESERVE_ANNOTATION));
  const share = shareOf(annotation(POSTGRES_CONNECTIONS_ANNOTATION));
  const pooler: Pooler = {
    name,
    place,
    scope: isSidecar ? "pod" : "service",
    groups,
    reserve,
    ...(share === undefined ? {} : { share }),
  };
  return { pooler, missing };
}

/** Lines that lead to another pooler: what goes through two is told by an annotation alone. */
function chained(
  found: FoundPooler,
  book: AddressBook,
  clients: readonly Client[],
): readonly MissingQuantity[] {
  const here = JSON.stringify(found.place.path);
  const own = clients.filter(
    ({ place }) => place.object === found.place.object && JSON.stringify(place.path) === here,
  );
  return found.groups.flatMap(({ configuration }) =>
    "known" in configuration
      ? []
      : [...configuration.lines].flatMap(([name, { place, keys }]) => {
          const [host, port] = [keys.get("host"), keys.get("port")];
          if (!host?.known || isLoopback(host.value)) return [];
          const number = port?.known ? Number(port.value) : 5432;
          const resolved = book.resolve(host.value, number, found.namespace);
          if (resolved.kind !== "found") return [];
          const other = resolved.endpoints.find((endpoint) => endpoint.kind === "pooler");
          if (other === undefined) return [];
          const isTold = ({ target }: Client): boolean =>
            target.kind === "pooler" && target.pooler === other.name;
          if (own.some(isTold)) return [];
          const what = `what line ${name} of ${found.name} opens on the pooler ${other.name} behind it`;
          const tell = `annotate its pods with ${CONNECTS_TO_ANNOTATION} and ${POOL_MAX_ANNOTATION}`;
          return [missingFigure(what, place, tell)];
        }),
  );
}

/** weir's own objects say what is wanted, not what is there. */
function fleetNotes(inventory: Inventory): readonly string[] {
  const fleet = inventory.objects.filter(({ apiVersion }) => apiVersion === API_VERSION);
  if (fleet.length === 0) return [];
  return [
    `${fleet.length} ConnectionBudget and McpServer objects are left out: weir plan reads them`,
  ];
}
