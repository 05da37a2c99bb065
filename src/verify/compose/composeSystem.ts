import { listed } from "../../text/wording.ts";
import { missing } from "../quantity.ts";
import type { Products } from "../read/adapter.ts";
import { AddressBook, completed, type Endpoint } from "../read/objects/addresses.ts";
import { hasSum } from "../read/routes/outsideClients.ts";
import { withAlterations } from "../read/postgres/alteredSettings.ts";
import { addedProxies, connectedSystem } from "../read/connectedSystem.ts";
import { Injectors } from "../read/objects/injectors.ts";
import { Inventory, type AnnotationOverrides } from "../read/objects/inventory.ts";
import { otherPoolerNames, otherPoolersIn } from "../read/poolers/otherPoolers.ts";
import { podPoolers } from "../read/poolers/pgbouncerPods.ts";
import { PostgresImages } from "../read/postgres/postgresImages.ts";
import { podPostgres } from "../read/postgres/postgresServers.ts";
import { COMPOSE_SERVICE, objectOf, type ManifestObject } from "../sourcePosition.ts";
import type { System } from "../system.ts";
import { commandOf, type ContainerFile, type Workload } from "../workload.ts";
import type { ComposeProject, ComposeSurroundings } from "./composeFile.ts";
import { outsideOfProject } from "./outsideOfProject.ts";
import { readService, type ComposeService } from "./composeService.ts";

/** The key of a service's workload: `service author`. */
export function serviceKey(name: string): string {
  return `${COMPOSE_SERVICE} ${name}`;
}

/** The machine as its containers call it. */
const MACHINE = "host.docker.internal";

interface ComposeContext {
  readonly surroundings: ComposeSurroundings;
  readonly products: Products;
  /** Annotations by flag. */
  readonly overrides?: AnnotationOverrides;
  /** Stands before the names of its services, where several projects are judged; "" for none. */
  readonly prefix?: string;
  /** Profiles that are started; absent: any of them may be. */
  readonly profiles?: readonly string[];
  /** An ini of which only one service can be the PgBouncer. */
  readonly ini?: ManifestObject;
}

/** A project as a system. */
export interface ReadProject {
  readonly system: System;
  readonly services: readonly ComposeService[];
  /** The files that its containers get from beside it. */
  readonly files: ReadonlySet<string>;
}

/** The names of a project's services as --annotate takes them. */
export function serviceNames({ services }: ComposeProject, prefix = ""): readonly string[] {
  return [...services.keys()].map((name) => objectOf({ object: serviceObject(name, prefix) }));
}

function serviceObject(name: string, namespace: string) {
  return { kind: COMPOSE_SERVICE, namespace, name };
}

/**
 * The system of a compose project's services. Docker recreates a container in place, so that a service
 * has at most its replicas. On the project's network every port of a service is open.
 */
export function composeSystem(
  project: ComposeProject,
  { surroundings, products, overrides = new Map(), prefix = "", profiles, ini }: ComposeContext,
): ReadProject {
  const all = [...project.services].map(([name, value]) =>
    readService(name, value, {
      project,
      surroundings,
      overrides,
      object: serviceObject(name, prefix),
    }),
  );
  const chosen = profiles ?? project.profiles;
  const started = all.filter((service) => isStarted(service, chosen));
  const injectors = new Injectors(products.knowledge);
  const services = withIni(withNetworks(started), ini, products).map((service) =>
    withFetched(service, injectors),
  );
  const system = withPrefix(systemOf(services, products), prefix);
  const absent = project.absent.filter(({ service }) => service === undefined);
  return {
    system: {
      ...system,
      missing: [
        ...system.missing,
        ...absent.map(({ path, by }) =>
          missing(
            `what the services of ${path} open, which ${by.source.file} includes and which is not there`,
            by.placeIn(serviceObject(project.file, prefix)),
            `put ${path} where docker compose finds it`,
          ),
        ),
      ],
      notes: [...system.notes, ...profileNotes(all, profiles, project)],
    },
    services,
    files: new Set(
      services.flatMap(({ workload }) =>
        workload.containers.flatMap(({ files }) =>
          [...files.files.values()].map(({ place }) => place.object.file),
        ),
      ),
    ),
  };
}

function systemOf(services: readonly ComposeService[], products: Products): System {
  const { knowledge } = products;
  const workloads = services.map(({ workload }) => workload);
  const byWorkload = new Map(services.map((service) => [service.workload, service]));
  const book = addressBook(services, knowledge);
  const machines = machineNames(services);
  /** The names of a service, and of the machine for its ports that are published there. */
  const addressesOf = (workload: Workload | undefined, ports: readonly number[] | undefined) => {
    const service = workload && byWorkload.get(workload);
    if (service === undefined) return [];
    const published = service.published.filter(
      ([, port]) => ports === undefined || ports.includes(port),
    );
    const own = service.network === "machine" ? machines : service.hosts;
    return [
      ...own.map((host) => ({ host, ports })),
      ...machines.map((host) => ({ host, ports: published.map(([machine]) => machine) })),
    ];
  };
  const add = (
    workload: Workload | undefined,
    ports: readonly number[] | undefined,
    to: Endpoint,
  ) => {
    for (const one of addressesOf(workload, ports)) book.addHost(one.host, one.ports, to);
  };
  const poolers = workloads.flatMap((workload) => podPoolers(workload, knowledge));
  for (const { name, workload, ports, hasAnyPort } of poolers) {
    add(workload, hasAnyPort === true ? undefined : ports, { kind: "pooler", name });
  }
  const others = services.flatMap((service) =>
    otherPoolersIn(service.workload, knowledge).map((other) => ({ ...other, service })),
  );
  for (const { key, service } of others) {
    const unread: Endpoint = { kind: "unread", key };
    const own = service.network === "machine" ? machines : service.hosts;
    for (const host of own) book.addHost(host, undefined, unread);
    const published = service.published.map(([port]) => port);
    for (const host of machines) book.addHost(host, published, unread);
  }
  const images = new PostgresImages(knowledge);
  const found = withAlterations(
    workloads.flatMap((workload) => podPostgres(workload, images)),
    workloads,
    images,
  );
  const servers = new Map(
    found.map((server) => {
      const { workload, ports, available } = server;
      const [address = "", ...aliases] = addressesOf(workload, ports).flatMap((one) =>
        (one.ports ?? []).map((port) => completed(one.host, port, "")),
      );
      add(workload, ports, { kind: "postgres", address });
      return [server, { address, aliases: [...new Set(aliases)], available }] as const;
    }),
  );
  const proxies = addedProxies({ workloads, poolers, servers, book, knowledge }, (proxy, to) => {
    const { workload, ports } = proxy;
    if (ports.length > 0) add(workload, ports, to);
    else
      for (const host of byWorkload.get(workload)?.hosts ?? []) book.addHost(host, undefined, to);
  });
  const addressed = new Set(poolers.map(({ name }) => name));
  const unreadPoolers = otherPoolerNames(others);
  const outside = outsideOfProject(poolers, servers, services);
  const { system } = connectedSystem({
    workloads,
    poolers,
    servers,
    book,
    addressed,
    knowledge,
    outside,
    proxies,
    unreadPoolers,
  });
  const isCounted = hasSum(system);
  const assumed = outside.assumed.flatMap(({ question, postgres }) =>
    postgres === undefined || isCounted(postgres) ? question : [],
  );
  return { ...system, missing: [...system.missing, ...assumed] };
}

function addressBook(
  services: readonly ComposeService[],
  knowledge: Products["knowledge"],
): AddressBook {
  const book = new AddressBook(new Inventory([], new Map(), knowledge));
  for (const { hosts, network, extraHosts } of services) {
    if (network !== "machine") for (const host of hosts) book.addHostElsewhere(host);
    for (const [host, address] of extraHosts) {
      book.addOutside(host, address === GATEWAY ? MACHINE : address);
    }
  }
  book.addOutside(MACHINE, MACHINE);
  return book;
}

const GATEWAY = "host-gateway";

/** What containers call the machine: also by extra_hosts. */
function machineNames(services: readonly ComposeService[]): readonly string[] {
  const named = services.flatMap(({ extraHosts }) =>
    extraHosts.filter(([, address]) => address === GATEWAY).map(([host]) => host),
  );
  return [...new Set([MACHINE, ...named])];
}

/** Each service with the names that links give it, and on the network that it shares. */
function withNetworks(services: readonly ComposeService[]): readonly ComposeService[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const linked = services.flatMap(({ links }) => links);
  const shared = new Set(
    services.flatMap(({ network }) => (typeof network === "object" ? network.service : [])),
  );
  return services.map((service) => {
    const { name, network, workload } = service;
    const other = typeof network === "object" ? byName.get(network.service) : undefined;
    const aliases = linked.filter(([target]) => target === name).map(([, alias]) => alias);
    const loopback =
      network === "machine" ? MACHINE : (other?.name ?? (shared.has(name) ? name : undefined));
    return {
      ...service,
      hosts: [...new Set([...(other ?? service).hosts, ...service.hosts, ...aliases])],
      workload: loopback === undefined ? workload : { ...workload, loopback },
    };
  });
}

/** The service with what its command fetches from a store of secrets. */
function withFetched(service: ComposeService, injectors: Injectors): ComposeService {
  const { workload } = service;
  const containers = workload.containers.map((container) => {
    const { command, args, environment } = container;
    const fetched = injectors.byCommand([...command, ...args]);
    if (fetched.length === 0) return container;
    const unknown = [...environment.unknown, ...fetched];
    return { ...container, environment: { ...environment, unknown } };
  });
  return { ...service, workload: { ...workload, containers } };
}

/** Gives a bare ini to the one service that runs PgBouncer and whose configuration is not known. */
function withIni(
  services: readonly ComposeService[],
  ini: ManifestObject | undefined,
  { knowledge }: Products,
): readonly ComposeService[] {
  const text = ini?.value["text"];
  const unread = services.filter(({ workload }) =>
    podPoolers(workload, knowledge).some(({ groups }) =>
      groups.some(({ configuration }) => "known" in configuration),
    ),
  );
  const [only, another] = unread;
  if (ini === undefined || typeof text !== "string" || another !== undefined) return services;
  return services.map((service) => {
    if (service !== only) return service;
    const { workload } = service;
    const object: ManifestObject = {
      ...workload.object,
      file: ini.file,
      value: { [ini.name]: text },
      positionOf: (_, line = 0) => ({ line: line + 1, column: 1 }),
    };
    const containers = workload.containers.map((container) => {
      const [named] = commandOf(container)
        .flatMap((word) => word.matchAll(/[^\s"'`;&|=()]+\.ini(?![\w.])/g))
        .map(([path]) => path?.known);
      const path = named ?? "/etc/pgbouncer/pgbouncer.ini";
      const place = { object, path: [ini.name] };
      const file: ContainerFile = { path, text, place, from: ini.file };
      const files = new Map([...container.files.files, [path, file] as const]);
      return { ...container, files: { ...container.files, files }, pgbouncerIni: path };
    });
    return { ...service, workload: { ...workload, containers } };
  });
}

/** Two projects may have a Postgres of the same name; a name without a dot is one of the project. */
function withPrefix(system: System, prefix: string): System {
  if (prefix === "") return system;
  const named = (addresses: string): string =>
    addresses
      .split(",")
      .map((address) => (address.includes(".") ? address : `${address} of ${prefix}`))
      .join(",");
  return {
    ...system,
    poolers: system.poolers.map((pooler) => ({
      ...pooler,
      groups: pooler.groups.map((group) => ({
        ...group,
        lines: group.lines.map((line) => ({ ...line, postgres: named(line.postgres) })),
      })),
    })),
    clients: system.clients.map((client) => {
      const { target } = client;
      if (target.kind === "pooler") return client;
      return { ...client, target: { ...target, postgres: named(target.postgres) } };
    }),
    postgres: system.postgres.map((server) => ({
      ...server,
      address: named(server.address),
      aliases: server.aliases.map(named),
    })),
  };
}

/** Whether a service is started with these profiles: `*` is all of them. */
function isStarted(service: ComposeService, profiles: readonly string[] | undefined): boolean {
  if (profiles === undefined || service.profiles.length === 0) return true;
  return profiles.includes("*") || service.profiles.some((name) => profiles.includes(name));
}

/** @param profiles those of --profile: as for docker compose they stand for COMPOSE_PROFILES */
function profileNotes(
  services: readonly ComposeService[],
  profiles: readonly string[] | undefined,
  project: ComposeProject,
): readonly string[] {
  if (profiles !== undefined) return [];
  const own = services.filter((service) => service.profiles.length > 0);
  const leftOut = own.filter((service) => !isStarted(service, project.profiles));
  if (leftOut.length > 0) {
    return [
      `Left out: ${listed(leftOut.map(({ name }) => name))} of ${project.file}: COMPOSE_PROFILES is ` +
        `${project.profiles?.join(",")}, which docker compose starts. --profile NAME counts those of NAME instead`,
    ];
  }
  if (own.length === 0 || project.profiles !== undefined) return [];
  const names = [...new Set(own.flatMap((service) => service.profiles))];
  return [
    `Services of profiles are counted as started: ${listed(own.map(({ name }) => name))}. ` +
      `--profile NAME counts those of NAME alone (${listed(names)})`,
  ];
}

/** Systems side by side, such as those of manifests and of a compose file. */
export function jointSystem(systems: readonly System[]): System {
  return {
    poolers: systems.flatMap(({ poolers }) => poolers),
    clients: systems.flatMap(({ clients }) => clients),
    postgres: systems.flatMap(({ postgres }) => postgres),
    unreadPoolers: systems.flatMap(({ unreadPoolers }) => unreadPoolers),
    missing: systems.flatMap((system) => system.missing),
    notes: systems.flatMap(({ notes }) => notes),
  };
}
