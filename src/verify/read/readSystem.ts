import { API_VERSION, POSTGRES_PORT } from "../../api/names.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import type { PostgresServer, System } from "../system.ts";
import type { Workload } from "../workload.ts";
import {
  adapterScalers,
  adapterWorkloads,
  isOperators,
  operatorResources,
  type Products,
} from "./adapter.ts";
import { AddressBook, completed, type Endpoint } from "./objects/addresses.ts";
import { withAlterations } from "./postgres/alteredSettings.ts";
import { bareInis, barePooler } from "./bareIni.ts";
import { withoutConflicts } from "./objects/conflictingObjects.ts";
import { addedProxies, connectedSystem } from "./connectedSystem.ts";
import { externalSecrets } from "./objects/externalSecrets.ts";
import { Field } from "./objects/field.ts";
import { Inventory, type AnnotationOverrides } from "./objects/inventory.ts";
import { operatorSecrets } from "./objects/operatorSecrets.ts";
import {
  otherPoolerNames,
  otherPoolersIn,
  otherPoolersOf,
  unreadPoolerObjects,
} from "./poolers/otherPoolers.ts";
import { outsideClients } from "./routes/outsideClients.ts";
import { Scalers } from "./pods/peakPods.ts";
import { podPoolers } from "./poolers/pgbouncerPods.ts";
import type { FoundPooler } from "./poolers/poolers.ts";
import { PostgresImages } from "./postgres/postgresImages.ts";
import { podPostgres, type FoundPostgres } from "./postgres/postgresServers.ts";
import { unreadObjects } from "./clients/unreadObjects.ts";
import { workloadsOf } from "./pods/workloads.ts";

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
  const operated = [...objects, ...operatorSecrets(objects, knowledge.secrets)];
  const inventory = new Inventory(
    [...operated, ...externalSecrets(operated)],
    overrides,
    knowledge,
  );
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
  // Whichever of several applies, what all of them make is among the objects.
  const isRendered = (object: ManifestObject): boolean =>
    rendered.has(object) &&
    objects.every((one) => objectOf({ object: one }) !== objectOf({ object }) || rendered.has(one));
  // Whichever of several Services applies, no sum is about what it leads to.
  const leadElsewhere = (object: ManifestObject): boolean =>
    object.kind === "Service" &&
    objects
      .filter((one) => objectOf({ object: one }) === objectOf({ object }))
      .every((one) => book.leadsElsewhere(Field.of(one)));
  return withoutConflicts(
    {
      ...system,
      missing: [
        ...[...inventory.conflicting].flatMap(([object, question]) =>
          isRendered(object) || leadElsewhere(object) ? [] : [question],
        ),
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
