import { formatPath } from "../../../api/fieldPath.ts";
import { OUTSIDE_CLIENTS_ANNOTATION } from "../../../api/names.ts";
import { isMapping } from "../../../json/fields.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { objectOf, type ManifestObject, type SourcePosition } from "../../sourcePosition.ts";
import type { Workload } from "../../workload.ts";
import {
  endpointKey,
  type AddressBook,
  type Endpoint,
  type Listener,
} from "../objects/addresses.ts";
import { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";
import type { KindRow } from "../objects/kinds.ts";
import type { TcpProxy } from "./tcpProxies.ts";

/** What makes something reachable from outside of the cluster. */
export interface Exposure {
  /** `Service shop/pooler is of type LoadBalancer`. */
  readonly why: string;
  readonly field: Field;
  /** Nothing opens it: only an annotation says how many clients come by it. */
  readonly isSaid?: true;
}

/** A pooler or a Postgres, and what runs it. */
export interface Exposable extends Listener {
  readonly endpoint: Endpoint;
  readonly place: SourcePosition;
  readonly workload?: Workload;
}

type ExposureRow = Knowledge["exposures"][number];

/** What of the objects leads clients from outside of the cluster to a pooler or a Postgres. */
export class Exposures {
  readonly #inventory: Inventory;
  readonly #book: AddressBook;
  readonly #rows: readonly ExposureRow[];
  /** By the endpoint that they lead to. */
  readonly #found = new Map<string, Exposure[]>();
  /** Services that are open, and lead to nothing that is known. */
  readonly #unclear: { readonly service: Field; readonly exposure: Exposure }[] = [];

  constructor(inventory: Inventory, book: AddressBook, { exposures }: Knowledge) {
    this.#inventory = inventory;
    this.#book = book;
    this.#rows = exposures;
    for (const object of inventory.ofKind("", "Service")) this.#addService(Field.of(object));
    for (const object of inventory.objects) this.#addRoute(Field.of(object));
    for (const object of inventory.ofKind("", "ConfigMap")) this.#addTcpServices(Field.of(object));
  }

  of(one: Exposable): readonly Exposure[] {
    return [
      ...(this.#found.get(endpointKey(one.endpoint)) ?? []),
      ...this.#unclear.flatMap(({ service, exposure }) =>
        mayLeadTo(service, one) ? exposure : [],
      ),
      ...this.#ownPorts(one),
    ];
  }

  /** A proxy whose pods open ports of their own: their clients are those of what it leads to. */
  addProxy({ workload, container, ports, endpoint }: TcpProxy): void {
    if (endpoint === undefined) return;
    const { namespace, labels } = workload;
    const portNames = new Map(container.ports);
    const { place } = container;
    const own = { namespace, labels, ports, portNames, services: [], place, workload, endpoint };
    const opened = this.#ownPorts(own);
    for (const exposure of opened) this.#add([endpoint], exposure);
    if (opened.length > 0) this.#book.reached.add(workload.key);
  }

  #add(endpoints: readonly Endpoint[], exposure: Exposure): void {
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint);
      const before = this.#found.get(key);
      if (before === undefined) this.#found.set(key, [exposure]);
      else before.push(exposure);
    }
  }

  #addService(service: Field): void {
    const exposure = this.#openService(service) ?? this.#saidOf(service);
    if (exposure === undefined) return;
    const { name, namespace } = service.object;
    const resolved = this.#book.resolve(name, undefined, namespace);
    if (resolved.kind === "found") this.#add(resolved.endpoints, exposure);
    if (resolved.kind === "unknown") this.#unclear.push({ service, exposure });
  }

  #saidOf(service: Field): Exposure | undefined {
    const metadata = service.at("metadata");
    const said = this.#inventory.annotation(OUTSIDE_CLIENTS_ANNOTATION, metadata);
    return said === undefined ? undefined : { why: said.name, field: metadata, isSaid: true };
  }

  /** What opens a Service: its type, addresses of its own, or an annotation. */
  #openService(service: Field): Exposure | undefined {
    const key = objectOf(service.place());
    const type = openType(service.at("spec"));
    if (type !== undefined) return { why: `${key} is of type ${type.text()}`, field: type };
    const addresses = service.at("spec", "externalIPs");
    if (addresses.items().length > 0) return { why: `${key} has externalIPs`, field: addresses };
    return this.#opened(service.at("metadata"), key);
  }

  /** The annotation or the label that asks a product to open what has this metadata. */
  #opened(metadata: Field, key: string): Exposure | undefined {
    const marks = [...metadata.entries("annotations"), ...metadata.entries("labels")];
    for (const { name, annotations = [], unless = [], contains = "" } of this.#rows) {
      if (marks.some(([mark, field]) => unless.includes(mark) && isOff(field))) continue;
      const found = marks.find(
        ([mark, field]) =>
          annotations.includes(mark) && !isOff(field) && field.scalar()?.includes(contains),
      );
      if (found === undefined) continue;
      const [mark, field] = found;
      return { why: `${key} is exposed by ${name} (${mark})`, field };
    }
    return undefined;
  }

  /** Ports that its pods open on their node, an annotation, or a Service that its operator opens. */
  #ownPorts({ place, workload, ports, serviceFields = [] }: Exposable): readonly Exposure[] {
    const { object, path } = place;
    const key = objectOf(place);
    if (workload === undefined) {
      return serviceFields.flatMap((field): readonly Exposure[] => {
        const open = openField(field);
        if (open !== undefined)
          return [
            { why: `${objectOf(open.place())} opens it by ${formatPath(open.path)}`, field: open },
          ];
        const metadata = this.#opened(field.at("metadata"), key) ?? this.#opened(field, key);
        return metadata === undefined ? [] : [metadata];
      });
    }
    const root = Field.of(object);
    const pod = root.at(...path.slice(0, -2));
    const port = ["containers", "initContainers"]
      .flatMap((containers) => pod.items(containers))
      .flatMap((container) => container.items("ports"))
      .find((one) => {
        const number = one.count("containerPort");
        const isHere = ports.length === 0 || number === undefined || ports.includes(number);
        return (
          one.at("hostPort").exists && isHere && one.text("hostIP")?.startsWith("127.") !== true
        );
      });
    if (port !== undefined) {
      return [{ why: `${key} has a hostPort`, field: port.at("hostPort") }];
    }
    const network = pod.at("hostNetwork");
    if (network.value === true) return [{ why: `${key} has hostNetwork`, field: network }];
    const opened =
      this.#opened(root.at("metadata"), key) ??
      this.#opened(root.at(...path.slice(0, -3), "metadata"), key);
    return opened === undefined ? [] : [opened];
  }

  /** What an Ingress, a route, a gateway's rule or an export of a Service leads to. */
  #addRoute(root: Field): void {
    const { object } = root;
    const key = objectOf(root.place());
    const row = this.#inventory.kinds.rowOf(object);
    const effect = row?.effect;
    if (effect === "exports") {
      this.#add(this.#at(object.name, undefined, object.namespace), {
        why: `${key} exports it to other clusters`,
        field: root.at("metadata", "name"),
      });
    }
    // Of a kind that is not known, or that gives names, only what surely is a Service or its pods counts.
    if (effect !== "routes" && effect !== "names" && row !== undefined) return;
    const isWithin = isWithinCluster(root);
    const known = new Set(
      isWithin ? ownHosts(root).flatMap((host) => this.#keysAt(host, object.namespace)) : [],
    );
    // Within the cluster it leads pods by the names that it is about, which are none of the target.
    if (isWithin && ownHosts(root).length === 0) return;
    for (const { endpoints, field } of this.#routedTo(root, row)) {
      const others = endpoints.filter((one) => !known.has(endpointKey(one)));
      const how = isWithin ? "gives it another name" : "leads to it";
      this.#add(others, { why: `${key} ${how}`, field });
    }
  }

  #keysAt(host: string, namespace: string): readonly string[] {
    return this.#at(host, undefined, namespace).map(endpointKey);
  }

  #at(host: string, port: number | undefined, namespace: string): readonly Endpoint[] {
    const resolved = this.#book.resolve(host, port, namespace);
    return resolved.kind === "found" ? resolved.endpoints : [];
  }

  /** @param row what is known of its kind */
  #routedTo(
    root: Field,
    row: KindRow | undefined,
  ): readonly { readonly endpoints: readonly Endpoint[]; readonly field: Field }[] {
    const found: { endpoints: readonly Endpoint[]; field: Field }[] = [];
    const isRoute = row?.effect === "routes";
    const names = isRoute ? BACKEND : SERVICE;
    const walk = (field: Field, name: string, namespace: string): void => {
      if (isMapping(field.value)) {
        const own = field.text("namespace") ?? field.text("serviceNamespace") ?? namespace;
        if (row !== undefined && SELECTORS.test(name))
          found.push({ field, endpoints: this.#selected(field, own) });
        const isOther = field.at("kind").exists && field.text("kind")?.endsWith("Service") !== true;
        const hasPort = field.entries().some(([key]) => /port$/i.test(key));
        for (const [key, child] of field.entries()) {
          const isListenersName = name === "listeners" && key === "name";
          if (NO_BACKEND.test(key) || isListenersName) continue;
          // `serviceRef: { name: pooler }`. A word without a port names other things as often.
          const reference = key === "name" && !isOther ? name : key;
          const isUnclear = !isRoute && !hasPort && !/Refs?$/.test(reference);
          walk(
            child,
            isRoute ? key : isUnclear && child.text() !== undefined ? "" : reference,
            own,
          );
        }
        return;
      }
      for (const item of field.items()) walk(item, name, namespace);
      const text = field.text();
      if (text === undefined) return;
      // `pooler`; `pooler.shop:6432`.
      const [, host = text, port] = /^([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
      const number = port === undefined ? undefined : Number(port);
      const endpoints = names.test(name) ? this.#at(host, number, namespace) : [];
      if (endpoints.length > 0) found.push({ field, endpoints });
    };
    for (const [name, field] of root.entries()) {
      if (!STANDARD_FIELDS.has(name)) walk(field, "", root.object.namespace);
    }
    const spec = root.at("spec");
    const selector = spec.at("selector");
    const text = selector.text() ?? "";
    if (SELECTOR.test(text)) {
      const pairs = text.split(",").map((pair) => pair.trim().split("="));
      const service: ManifestObject = {
        ...root.object,
        value: {
          spec: {
            selector: Object.fromEntries(pairs.map(([label = "", value]) => [label, value])),
            ports: [{ port: spec.at("port").value }],
          },
        },
      };
      const ports = this.#book.servicePorts(Field.of(service)) ?? [];
      found.push({ field: selector, endpoints: ports.flatMap(({ endpoints }) => endpoints) });
    }
    return found;
  }

  /** What the pods serve that have the labels of a selector. */
  #selected(selector: Field, namespace: string): readonly Endpoint[] {
    const [matched, labels] = [selector.texts("matchLabels"), selector.texts("labels")];
    const pairs = [matched, labels].find(({ size }) => size > 0) ?? selector.texts();
    const service: ManifestObject = {
      ...selector.object,
      namespace,
      // Of a headless one every port of the pods counts.
      value: {
        spec: { clusterIP: "None", selector: Object.fromEntries(pairs), ports: [{ port: 0 }] },
      },
    };
    const ports = this.#book.servicePorts(Field.of(service)) ?? [];
    return ports.flatMap(({ endpoints }) => endpoints);
  }

  /** ConfigMaps of ingress-nginx: `"6432": shop/pooler:6432`. */
  #addTcpServices(map: Field): void {
    for (const [key, field] of map.entries("data")) {
      const [, namespace, host, port] =
        (/^\d{1,5}$/.test(key) && TCP_SERVICE.exec(field.text() ?? "")) || [];
      if (namespace === undefined || host === undefined) continue;
      const why = `${objectOf(map.place())} leads port ${key} to it`;
      const number = /^\d+$/.test(port ?? "") ? Number(port) : undefined;
      this.#add(this.#at(host, number, namespace), { why, field });
    }
  }
}

/** An annotation that asks for nothing. */
function isOff(field: Field): boolean {
  return /^(?:false|)$/i.test(field.scalar() ?? "");
}

/** The type of a Service, unless it is of the cluster alone. */
function openType(spec: Field): Field | undefined {
  const type = spec.at("type");
  return CLOSED_TYPES.test(type.text() ?? "") ? undefined : type;
}

const CLOSED_TYPES = /^(?:ClusterIP|ExternalName|None|Headless|)$/i;

/** What opens a Service that an operator makes: see Listener. */
function openField(field: Field): Field | undefined {
  if (/^true$/i.test(field.scalar() ?? "")) return field;
  const addresses = [field, field.at("spec")].map((one) => one.at("externalIPs"));
  return (
    openType(field) ?? openType(field.at("spec")) ?? addresses.find((one) => one.items().length > 0)
  );
}

/** A rule for the pods of the cluster: it leads nobody from outside. */
function isWithinCluster(root: Field): boolean {
  const spec = root.at("spec");
  // Without a gateway Istio's rules are for the pods of the mesh.
  if (root.object.kind === "VirtualService") {
    return spec.items("gateways").every((one) => one.text() === "mesh");
  }
  const parents = spec.items("parentRefs");
  return parents.length > 0 && parents.every((one) => one.text("kind") === "Service");
}

/** The names by which pods of the cluster reach what a rule for them leads to. */
function ownHosts(root: Field): readonly string[] {
  const spec = root.at("spec");
  const hosts = spec.items("hosts").flatMap((host) => host.text() ?? []);
  const parents = spec.items("parentRefs").flatMap((parent) => parent.text("name") ?? []);
  return [...hosts, ...parents];
}

/** Fields that name a Service in a rule. */
const BACKEND = /^(?:name|host|service|serviceName)$/;

/** As BACKEND, in objects of which nothing else is known. */
const SERVICE =
  /^(?:(?:target|backend|upstream|destination)?services?(?:Name|Refs?)?|backends?(?:Refs?)?)$/i;

/** Fields that select pods: `selector`, `workloadSelector`, `localEndpointSelector`. */
const SELECTORS = /^(?:selector|(?:workload|pod|endpoint|localEndpoint)Selector)$/;

/** Fields of every object, which lead nowhere. */
const STANDARD_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "status"]);

/** Fields of a rule whose names are not those of Services that it leads to. */
const NO_BACKEND = /^(?:parentRefs|parents|ports?|gateways|middlewares|tls)$/;

/** A selector of labels as a text: `app=pooler,tier=db`. */
const SELECTOR = /^\s*[\w./-]+=[\w.-]+(?:\s*,\s*[\w./-]+=[\w.-]+)*\s*$/;

/** Its port by a number, or by a name: then every port of it counts. */
const TCP_SERVICE = /^([a-z0-9-]+)\/([a-z0-9-]+):([a-z0-9-]+)/;

/**
 * Whether a Service that selects no pods that are known may select these: by labels that their
 * operator or their controller adds.
 */
function mayLeadTo(service: Field, { place, workload, ...listener }: Exposable): boolean {
  const { namespace, name } = place.object;
  if (service.object.namespace !== namespace) return false;
  const pairs = [...service.texts("spec", "selector")];
  const isTheirs = pairs.every(([label, value]) => {
    const own = listener.labels.get(label);
    if (own !== undefined) return own === value;
    return workload === undefined || CONTROLLERS_LABEL.test(label);
  });
  const isNamed = pairs.some(
    ([label, value]) =>
      (workload !== undefined && listener.labels.get(label) === value) ||
      value === name ||
      value.startsWith(`${name}-`),
  );
  return isTheirs && isNamed && service.items("spec", "ports").some(leadsToPort);

  function leadsToPort(port: Field): boolean {
    const target = port.at("targetPort");
    const number = target.count() ?? (target.exists ? undefined : port.count("port"));
    const at = number ?? listener.portNames.get(target.text() ?? "");
    return at === undefined ? workload === undefined : listener.ports.includes(at);
  }
}

/** Labels that pods get from what makes them. */
const CONTROLLERS_LABEL =
  /^(?:statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|controller-revision-hash|pod-template-hash)$/;
