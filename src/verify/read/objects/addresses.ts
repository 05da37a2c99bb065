import { formatPostgresAddress, postgresAddressOf } from "../../../api/postgresAddress.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "./field.ts";
import type { Inventory } from "./inventory.ts";

/** What takes connections at an address; `proxy` passes them on to it, by the key of what runs it. */
export type Endpoint =
  | { readonly kind: "pooler"; readonly name: string; readonly proxy?: string }
  /** By its main address. */
  | { readonly kind: "postgres"; readonly address: string; readonly proxy?: string }
  /** A pooler that weir can't read: the key of what runs it. */
  | { readonly kind: "unread"; readonly key: string };

/** A text that two endpoints share only where they are the same. */
export function endpointKey(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case "pooler":
      return `pooler ${endpoint.name}`;
    case "postgres":
      return `postgres ${endpoint.address}`;
    case "unread":
    default:
      return `unread ${endpoint.key}`;
  }
}

/** Pods that take connections: a pooler's or a Postgres server's. */
export interface Listener {
  readonly namespace: string;
  /** Labels of the pods; none where no Service selects them. */
  readonly labels: ReadonlyMap<string, string>;
  /** Where they listen; several where it is not known which of them it is. */
  readonly ports: readonly number[];
  readonly portNames: ReadonlyMap<string, number>;
  /** Where it listens is not known: every port may lead to it. */
  readonly hasAnyPort?: true;
  /** Services that an operator makes for them, whether they are among the objects or not. */
  readonly services: readonly { readonly name: string; readonly port: number }[];
  /**
   * Fields of the operator's object that say how these Services are reached: templates of a Service,
   * and switches that give it a load balancer.
   */
  readonly serviceFields?: readonly Field[];
  /** A field that would say it, where an operator's own settings do: they are not among the objects. */
  readonly unsaid?: Field;
}

/** As a Listener, where the ports are not known. */
interface AnyPortListener extends Pick<Listener, "namespace" | "labels"> {
  readonly services: readonly string[];
}

interface Backend extends Pick<Listener, "labels" | "ports" | "portNames" | "hasAnyPort"> {
  readonly endpoint: Endpoint;
}

/** Where a host and port lead to. */
export type Resolved =
  | { readonly kind: "found"; readonly endpoints: readonly Endpoint[] }
  /** Out of what the objects are about: a full host name or an IP address. */
  | { readonly kind: "outside"; readonly host: string }
  /** To a Service that is there, and to no pooler or Postgres. */
  | { readonly kind: "elsewhere" }
  /** Why it is not known. */
  | { readonly kind: "unknown"; readonly why: string };

/** A port of a Service or a host, and what it leads to. */
interface ServicePort {
  /** Absent: every port. */
  readonly port?: number;
  readonly endpoints: readonly Endpoint[];
}

/** ExternalNames that lead to each other. */
const EXTERNAL_DEPTH_MAX = 8;

const LOOPBACK = /^(?:localhost|0\.0\.0\.0|127(?:\.\d{1,3}){3}|::1|\/.*|@.*|)$/i;
const IP = /^(?:\d{1,3}(?:\.\d{1,3}){3}|.*:.*)$/;

/** Whether a host is the pod itself: by loopback, or by a unix socket. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Pods by their labels: a Service asks for those that it selects among all. */
class LabelledPods<Pods extends Pick<Backend, "labels">> {
  readonly #byLabel = new Map<string, Pods[]>();

  add(namespace: string, pods: Pods): void {
    for (const label of pods.labels) push(this.#byLabel, labelKey(namespace, label), pods);
  }

  /** Those that have all labels of a selector, which has one at least; in the order they were added. */
  selected(namespace: string, selector: ReadonlyMap<string, string>): readonly Pods[] {
    const [first, ...others] = selector;
    if (first === undefined) return [];
    const found = this.#byLabel.get(labelKey(namespace, first)) ?? [];
    return found.filter(({ labels }) =>
      others.every(([label, value]) => labels.get(label) === value),
    );
  }
}

function labelKey(namespace: string, [label, value]: readonly [string, string]): string {
  return `${namespace} ${label}=${value}`;
}

/** Leads from hosts and ports, as a pod of some namespace says them, to poolers and Postgres. */
export class AddressBook {
  readonly #inventory: Inventory;
  readonly #backends = new LabelledPods<Backend>();
  readonly #others = new LabelledPods<Pick<Backend, "labels">>();
  readonly #services = new Map<string, ServicePort[]>();
  readonly #hosts = new Map<string, ServicePort[]>();
  readonly #outside = new Map<string, string>();
  readonly #found = new Map<ManifestObject, readonly ServicePort[]>();
  /** Proxies that something was asked about leads to. */
  readonly reached = new Set<string>();
  #byIp: ReadonlyMap<string, Field> | undefined;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  add(listener: Listener, endpoint: Endpoint): void {
    const { namespace, labels, services } = listener;
    this.#found.clear();
    if (labels.size > 0) this.#backends.add(namespace, { ...listener, endpoint });
    for (const { name, port } of services) {
      push(this.#services, `${namespace}/${name}`, { port, endpoints: [endpoint] });
    }
  }

  /** What takes connections at ports that are not known. */
  addAnyPort({ namespace, labels, services }: AnyPortListener, endpoint: Endpoint): void {
    this.#found.clear();
    if (labels.size > 0) {
      const none = { ports: [], portNames: new Map<string, number>() };
      this.#backends.add(namespace, { ...none, labels, endpoint, hasAnyPort: true });
    }
    for (const name of services) {
      push(this.#services, `${namespace}/${name}`, { endpoints: [endpoint] });
    }
  }

  /** Labels of pods that are neither pooler nor Postgres. */
  addOther(namespace: string, labels: ReadonlyMap<string, string>): void {
    this.#others.add(namespace, { labels });
  }

  /**
   * A host that means the same everywhere; several things may have one name.
   *
   * @param ports undefined: every port
   */
  addHost(host: string, ports: readonly number[] | undefined, endpoint: Endpoint): void {
    this.addHostElsewhere(host);
    const name = host.toLowerCase();
    if (ports === undefined) this.#hosts.get(name)?.push({ endpoints: [endpoint] });
    for (const port of ports ?? []) this.#hosts.get(name)?.push({ port, endpoints: [endpoint] });
  }

  /** A host that means the same everywhere, and where neither pooler nor Postgres is. */
  addHostElsewhere(host: string): void {
    const name = host.toLowerCase();
    if (!this.#hosts.has(name)) this.#hosts.set(name, []);
  }

  /** A host that leads out of what the objects are about, where no port of it is known: see addHost. */
  addOutside(host: string, address: string): void {
    this.#outside.set(host.toLowerCase(), address.toLowerCase());
  }

  /**
   * @param port undefined: not said. Then that of the Service counts, if it has just one
   * @param namespace of the pod that connects
   */
  resolve(host: string, port: number | undefined, namespace: string): Resolved {
    const resolved = this.#resolved(host, port, namespace, 0);
    for (const endpoint of resolved.kind === "found" ? resolved.endpoints : []) {
      if (endpoint.kind !== "unread" && endpoint.proxy !== undefined) {
        this.reached.add(endpoint.proxy);
      }
    }
    return resolved;
  }

  /** @param depth how many ExternalNames led here */
  #resolved(host: string, port: number | undefined, namespace: string, depth: number): Resolved {
    const name = host.toLowerCase().replace(/\.$/, "");
    const here = this.#hosts.get(name);
    const outside = this.#outside.get(name);
    const found = here === undefined ? undefined : atPort(here, port);
    if (outside !== undefined && found?.kind !== "found") return { kind: "outside", host: outside };
    if (found !== undefined) return found;
    if (IP.test(name)) {
      const service = this.#servicesByIp().get(name);
      return service === undefined
        ? { kind: "outside", host: name }
        : this.#byService(service, port);
    }
    for (const [service, where] of candidates(name, namespace)) {
      const object = this.#inventory.find("", "Service", where, service);
      const external = object && externalName(Field.of(object));
      if (external !== undefined && depth < EXTERNAL_DEPTH_MAX) {
        return this.#resolved(external, port, where, depth + 1);
      }
      const operators = this.#services.get(`${where}/${service}`);
      if (operators !== undefined) return atPort(operators, port);
      if (object !== undefined) return this.#byService(Field.of(object), port);
    }
    if (isClusterName(name) || this.#isInNamespace(name)) {
      return unknown(`no Service ${name} is among the objects`);
    }
    return { kind: "outside", host: name };
  }

  /** Services by the addresses that they have, as a live cluster has them. */
  #servicesByIp(): ReadonlyMap<string, Field> {
    this.#byIp ??= new Map(
      this.#inventory.ofKind("", "Service").flatMap((object) => {
        const service = Field.of(object);
        const ips = [
          service.at("spec", "clusterIP"),
          ...service.items("spec", "externalIPs"),
          ...service.items("status", "loadBalancer", "ingress").map((one) => one.at("ip")),
        ];
        return ips.flatMap((ip) => {
          const text = ip.text();
          return text === undefined || !IP.test(text) ? [] : [[text, service] as const];
        });
      }),
    );
    return this.#byIp;
  }

  /** NAME.NAMESPACE, of a namespace that the objects have. */
  #isInNamespace(name: string): boolean {
    const [, namespace, ...more] = name.split(".");
    return (
      more.length === 0 && namespace !== undefined && this.#inventory.namespaces.has(namespace)
    );
  }

  #byService(service: Field, port: number | undefined): Resolved {
    const { namespace } = service.object;
    const name = `${namespace}/${service.object.name}`;
    const ports = this.servicePorts(service);
    if (ports === undefined) return unknown(`Service ${name} has no selector`);
    const found = atPort(ports, port);
    if (found.kind === "found") return found;
    if (ports.some((one) => one.endpoints.length > 0)) {
      return unknown(`Service ${name} leads from another port than ${port}`);
    }
    if (this.leadsElsewhere(service)) return { kind: "elsewhere" };
    const selector = service.texts("spec", "selector");
    if (this.#backends.selected(namespace, selector).length > 0) {
      return unknown(`no port of Service ${name} leads to a port that its pods serve`);
    }
    return unknown(`no pods that Service ${name} selects are among the objects`);
  }

  /** Whether a Service selects pods that are among the objects, and no pooler or Postgres. */
  leadsElsewhere(service: Field): boolean {
    const { namespace } = service.object;
    const selector = service.texts("spec", "selector");
    const isOfBackends = this.#backends.selected(namespace, selector).length > 0;
    return !isOfBackends && this.#others.selected(namespace, selector).length > 0;
  }

  /** Where each port of a Service leads; undefined when it selects nothing by itself. */
  servicePorts(service: Field): readonly ServicePort[] | undefined {
    const before = this.#found.get(service.object);
    if (before !== undefined) return before;
    const selector = service.texts("spec", "selector");
    if (selector.size === 0) return undefined;
    const backends = this.#backends.selected(service.object.namespace, selector);
    const isHeadless = service.at("spec", "clusterIP").value === "None";
    const ports = service
      .items("spec", "ports")
      .flatMap((field) => servicePort(field, backends, isHeadless));
    this.#found.set(service.object, ports);
    return ports;
  }

  /** The name of the pooler at a host, of the first where there are several. */
  poolerAt(host: string, port: number | undefined, namespace: string): string | undefined {
    const resolved = this.resolve(host, port, namespace);
    if (resolved.kind !== "found") return undefined;
    return resolved.endpoints.find((one) => one.kind === "pooler")?.name;
  }

  /**
   * The Postgres at a host, by its main address where it is known: with commas between them where a
   * Service leads to several.
   */
  postgresAt(host: string, port: number, namespace: string): string {
    if (host.includes(",")) {
      const hosts = host.split(",").map((one) => this.postgresAt(one.trim(), port, namespace));
      return hosts.join(",");
    }
    const resolved = this.resolve(host, port, namespace);
    const endpoints = resolved.kind === "found" ? resolved.endpoints : [];
    const addresses = endpoints.flatMap((one) => (one.kind === "postgres" ? one.address : []));
    if (addresses.length > 0) return [...new Set(addresses)].join(",");
    return resolved.kind === "outside"
      ? outsideAddress(resolved.host, port, namespace)
      : completed(host, port, namespace);
  }
}

/** `HOST:PORT` with its full name: see postgresAddress.ts. Without a namespace a name is full. */
export function completed(host: string, port: number, namespace: string): string {
  if (namespace === "") return formatPostgresAddress({ host: host.toLowerCase(), port });
  const budget = { metadata: { namespace }, spec: { postgres: { host, port } } };
  return formatPostgresAddress(postgresAddressOf(budget));
}

/** `HOST:PORT` of a host outside of the cluster: with one dot it is no Service's name. */
export function outsideAddress(host: string, port: number, namespace: string): string {
  const isDomain = !IP.test(host) && host.includes(".");
  return completed(host, port, isDomain ? "" : namespace);
}

/** Services that a name may mean, and their namespace: as the cluster's DNS looks for them. */
function candidates(name: string, namespace: string): readonly (readonly [string, string])[] {
  const isService = /\.svc(?:\..*)?$/.test(name);
  const labels = name.replace(/\.svc(?:\..*)?$/, "").split(".");
  const [first = "", second, third] = labels;
  if (second === undefined) return [[first, namespace]];
  // POD.SERVICE.NAMESPACE; without .svc it is a name of the cluster only where such a Service is.
  if (third !== undefined) return labels.length === 3 ? [[second, third]] : [];
  // SERVICE.NAMESPACE, or POD.SERVICE of the own namespace.
  const full = [first, second] as const;
  return isService ? [full] : [full, [second, namespace]];
}

/** Names of one label, and those that end in .svc, only the cluster's DNS knows. */
function isClusterName(name: string): boolean {
  return !name.includes(".") || /\.svc(?:\.|$)/.test(name);
}

function unknown(why: string): Resolved {
  return { kind: "unknown", why };
}

/** What the port of them that is named leads to, or all where none is. */
function atPort(ports: readonly ServicePort[], port: number | undefined): Resolved {
  const fitting = ports.filter((one) => [one.port, port].includes(undefined) || one.port === port);
  const endpoints = unique(fitting.flatMap((one) => one.endpoints));
  return endpoints.length === 0 ? { kind: "elsewhere" } : { kind: "found", endpoints };
}

function externalName(service: Field): string | undefined {
  const spec = service.at("spec");
  return spec.at("type").value === "ExternalName" ? spec.text("externalName") : undefined;
}

function servicePort(
  field: Field,
  backends: readonly Backend[],
  isHeadless: boolean,
): readonly ServicePort[] {
  const port = field.count("port");
  if (port === undefined) return [];
  const target = field.at("targetPort");
  const number = target.count() ?? (target.exists ? undefined : port);
  const fitting = backends.filter(({ ports, portNames, hasAnyPort }) => {
    if (hasAnyPort) return true;
    const at = number ?? portNames.get(target.text() ?? "");
    return at !== undefined && ports.includes(at);
  });
  const own = { port, endpoints: unique(fitting.map(({ endpoint }) => endpoint)) };
  if (!isHeadless) return [own];
  // A headless name gives the pods' addresses: there the port is the pod's own.
  const direct = backends.flatMap(({ ports, endpoint, hasAnyPort }): readonly ServicePort[] =>
    hasAnyPort
      ? [{ endpoints: [endpoint] }]
      : ports.map((at) => ({ port: at, endpoints: [endpoint] })),
  );
  return [own, ...direct];
}

function unique(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.length < 2) return endpoints;
  return [...new Map(endpoints.map((one) => [endpointKey(one), one])).values()];
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
