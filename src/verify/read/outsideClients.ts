import { OUTSIDE_CLIENTS_ANNOTATION } from "../../api/names.ts";
import { isMapping } from "../../json/fields.ts";
import { isZero, known, missing, type Quantity } from "../quantity.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import type { Client } from "../system.ts";
import type { Annotation } from "../workload.ts";
import type { AddressBook } from "./addresses.ts";
import { annotatedWhole } from "./annotations.ts";
import { Field } from "./field.ts";
import type { Inventory } from "./inventory.ts";
import type { FoundPooler } from "./poolers.ts";

/** What makes a pooler reachable from outside of the cluster. */
interface Exposure {
  /** `Service shop/pooler is of type LoadBalancer`. */
  readonly why: string;
  readonly field: Field;
}

/**
 * The clients outside of the cluster of each pooler that can be reached from there: they are among no
 * objects, so that only an annotation says how many connections they open.
 */
export function outsideClients(
  inventory: Inventory,
  book: AddressBook,
  poolers: readonly FoundPooler[],
): readonly Client[] {
  const routes = inventory.objects.flatMap((object) =>
    inventory.kinds.rowOf(object)?.effect === "routes" ? routedTo(Field.of(object), book) : [],
  );
  return poolers.flatMap((pooler) => {
    const exposures = [
      ...openServices(inventory, book, pooler),
      ...ownPorts(pooler),
      ...routes.flatMap(({ to, ...exposure }) => (to === pooler.name ? exposure : [])),
      ...tcpServices(inventory, book, pooler),
    ];
    const [first] = exposures;
    if (first === undefined) return [];
    const pool = annotated(inventory, pooler, exposures) ?? unknownPool(pooler, first);
    return isZero(pool) ? [] : [outsideClient(pooler, "cluster", first.field.place(), pool)];
  });
}

/**
 * Clients of a pooler that are among no objects, with one login together.
 *
 * @param whole what they are outside of: the cluster, or the project of a compose file
 * @param pool what all of them open
 */
export function outsideClient(
  pooler: FoundPooler,
  whole: "cluster" | "project",
  place: SourcePosition,
  pool: Quantity,
): Client {
  const name = `clients outside of the ${whole}, of ${pooler.name}`;
  const unknownOne = `the login of ${name}`;
  return {
    name,
    workload: pooler.name,
    place,
    pods: known(1, "all of them"),
    processesPerPod: known(1, "1 process"),
    pool,
    target: {
      kind: "pooler",
      pooler: pooler.name,
      database: unknownOne,
      user: unknownOne,
      unknown: ["database", "user"],
      place,
    },
  };
}

function unknownPool(pooler: FoundPooler, { why, field }: Exposure): Quantity {
  const object = objectOf(field.place());
  const question = missing(
    `how many connections clients outside of the cluster open on ${pooler.name}: ${why}`,
    field.place(),
    `annotate ${object} with ${OUTSIDE_CLIENTS_ANNOTATION}: "N", the most that they open together, all with one login; or "0", if nobody outside connects`,
  );
  return { ...question, answer: { object, annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "N" } };
}

/** What an annotation of the pooler says, or of an object that opens it. */
function annotated(
  inventory: Inventory,
  pooler: FoundPooler,
  exposures: readonly Exposure[],
): Quantity | undefined {
  const annotations: readonly (Annotation | undefined)[] = [
    pooler.annotation(OUTSIDE_CLIENTS_ANNOTATION),
    ...exposures.map(({ field: { object } }) =>
      inventory.annotation(OUTSIDE_CLIENTS_ANNOTATION, Field.of(object).at("metadata")),
    ),
  ];
  const [found] = annotations.flatMap((one) => one ?? []);
  return annotatedWhole(found, "how many connections clients outside of the cluster open");
}

const OPEN_TYPES = /^(?:LoadBalancer|NodePort)$/;

function openServices(
  inventory: Inventory,
  book: AddressBook,
  { name }: FoundPooler,
): readonly Exposure[] {
  return inventory.ofKind("", "Service").flatMap((object) => {
    const service = Field.of(object);
    const type = service.at("spec", "type");
    const isTyped = OPEN_TYPES.test(type.text() ?? "");
    const addresses = service.items("spec", "externalIPs");
    if (!isTyped && addresses.length === 0) return [];
    const leadsHere = (book.servicePorts(service) ?? []).some(({ endpoints }) =>
      endpoints.some((one) => one.kind === "pooler" && one.name === name),
    );
    if (!leadsHere) return [];
    const key = objectOf(service.place());
    return isTyped
      ? [{ why: `${key} is of type ${type.text()}`, field: type }]
      : [{ why: `${key} has externalIPs`, field: service.at("spec", "externalIPs") }];
  });
}

/** Ports that its pods open on their node, or a Service that its operator opens. */
function ownPorts({ place, workload }: FoundPooler): readonly Exposure[] {
  const { object, path } = place;
  const root = Field.of(object);
  const key = objectOf(place);
  if (workload === undefined) {
    const field = openService(root.at("spec"), false);
    const why = `${key} opens it by ${field?.path.join(".")}`;
    return field === undefined ? [] : [{ why, field }];
  }
  const container = root.at(...path);
  const port = container
    .items("ports")
    .map((one) => one.at("hostPort"))
    .find(({ exists }) => exists);
  if (port !== undefined) return [{ why: `${key} has a hostPort`, field: port }];
  const network = root.at(...path.slice(0, -2), "hostNetwork");
  return network.value === true ? [{ why: `${key} has hostNetwork`, field: network }] : [];
}

/** In an operator's object: the type of a Service that it makes, or a switch for a load balancer. */
function openService(field: Field, isOfService: boolean): Field | undefined {
  const children = isMapping(field.value)
    ? field.entries()
    : field.items().map((item) => ["", item] as const);
  for (const [name, child] of children) {
    const isOpen =
      (isOfService && name === "type" && OPEN_TYPES.test(child.text() ?? "")) ||
      (/pooler\w*loadbalancer$/i.test(name) && child.value === true);
    const found = isOpen ? child : openService(child, isOfService || /service|expose/i.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Poolers that an Ingress, a route or a gateway's rule leads to. */
function routedTo(root: Field, book: AddressBook): readonly (Exposure & { readonly to: string })[] {
  const { object } = root;
  const gateways = root.items("spec", "gateways").map((one) => one.text());
  // Without a gateway Istio's rules are for the pods of the cluster.
  if (object.kind === "VirtualService" && gateways.every((one) => one === "mesh")) return [];
  const why = `${objectOf(root.place())} leads to it`;
  const found: (Exposure & { readonly to: string })[] = [];
  const walk = (field: Field, name: string, namespace: string): void => {
    if (isMapping(field.value)) {
      const own = field.text("namespace") ?? namespace;
      for (const [key, child] of field.entries()) walk(child, key, own);
      return;
    }
    for (const item of field.items()) walk(item, name, namespace);
    const host = BACKEND.test(name) ? field.text() : undefined;
    const to = host && book.poolerAt(host, undefined, namespace);
    if (to !== undefined && to !== "") found.push({ why, field, to });
  };
  walk(root.at("spec"), "", object.namespace);
  return found;
}

/** Fields that name a Service in a rule. */
const BACKEND = /^(?:name|host|serviceName)$/;

/** ConfigMaps of ingress-nginx: `"6432": shop/pooler:6432`. */
function tcpServices(
  inventory: Inventory,
  book: AddressBook,
  { name }: FoundPooler,
): readonly Exposure[] {
  return inventory.ofKind("", "ConfigMap").flatMap((object) =>
    Field.of(object)
      .entries("data")
      .flatMap(([key, field]): readonly Exposure[] => {
        if (!/^\d{1,5}$/.test(key)) return [];
        const [, namespace, host, port] = TCP_SERVICE.exec(field.text() ?? "") ?? [];
        if (namespace === undefined || host === undefined) return [];
        if (book.poolerAt(host, Number(port), namespace) !== name) return [];
        return [{ why: `${objectOf(field.place())} leads port ${key} to it`, field }];
      }),
  );
}

const TCP_SERVICE = /^([a-z0-9-]+)\/([a-z0-9-]+):(\d+)/;
