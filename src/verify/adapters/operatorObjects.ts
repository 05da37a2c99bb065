import { AVAILABLE_CONNECTIONS_ANNOTATION, PODS_ANNOTATION } from "../../api/names.ts";
import { assumed, missing, type MissingQuantity, type Quantity } from "../quantity.ts";
import { annotatedCount } from "../read/targets/annotations.ts";
import { Field } from "../read/objects/field.ts";
import { replicasAt, rolledOut } from "../read/pods/peakPods.ts";
import {
  setting,
  type Configuration,
  type FoundPooler,
  type Setting,
} from "../read/poolers/poolers.ts";
import type { PostgresSetting } from "../read/postgres/postgresImages.ts";
import { availableConnections, type FoundPostgres } from "../read/postgres/postgresServers.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import type { Annotation } from "../workload.ts";
import type { AdapterContext } from "../read/adapter.ts";

/** A PgBouncer that an operator makes of an object: a Deployment and a Service of one name. */
interface OperatorPooler {
  readonly name: string;
  readonly place: SourcePosition;
  readonly deployment: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How many pods it has, 1 where it is not written; or what is missing to know it. */
  readonly replicas: Field | Quantity;
  /** Of a Deployment; absent: a pod is replaced once it is gone, as a StatefulSet's. */
  readonly strategy?: Field;
  /** Where annotations may stand. */
  readonly metadata: readonly Field[];
  /** What says how its Service is reached: see Listener. */
  readonly serviceFields?: readonly Field[];
  readonly configuration: Configuration | MissingQuantity;
}

export function operatorPooler(
  { name, place, deployment, port, labels, replicas, ...spec }: OperatorPooler,
  { inventory, scalers }: AdapterContext,
): FoundPooler {
  const { object } = place;
  const { namespace } = object;
  const annotation = (key: string): Annotation | undefined =>
    inventory.annotation(key, ...spec.metadata);
  const podsOf = (count: Field): Quantity => {
    const maxima = [
      ...scalers.maximaOf(object),
      ...scalers.maximaByKey(`Deployment ${namespace}/${deployment}`),
    ];
    const annotated = annotatedCount(annotation(PODS_ANNOTATION), "", "how many pods there can be");
    if (annotated !== undefined) return annotated;
    const written = replicasAt(count, maxima);
    return spec.strategy === undefined ? written : rolledOut(written, spec.strategy);
  };
  const processes = replicas instanceof Field ? podsOf(replicas) : replicas;
  return {
    name,
    place,
    namespace,
    labels: new Map(Object.entries(labels)),
    ports: [port],
    portNames: new Map([["pgbouncer", port]]),
    services: [{ name: deployment, port }],
    serviceFields: spec.serviceFields ?? [],
    groups: [{ processes, configuration: spec.configuration }],
    annotation,
    notes: [],
  };
}

/** The Postgres servers that an operator makes of an object. */
interface OperatorPostgres {
  readonly root: Field;
  readonly port: number;
  readonly portName: string;
  readonly settings: ReadonlyMap<string, PostgresSetting>;
  /** max_connections where none is written; undefined: it is not known. */
  readonly maxConnectionsDefault: number | undefined;
  /** What else may set it, so that the default is assumed; absent: nothing. */
  readonly otherSource?: string;
  /** Where max_connections would be written. */
  readonly settingsPlace: SourcePosition;
  /** The primary, and the replicas as one: each server admits as many. */
  readonly roles: readonly {
    readonly labels: Readonly<Record<string, string>>;
    /** Names of its Services; the first is its main address. */
    readonly services: readonly string[];
    /** What says how these are reached: see Listener. */
    readonly serviceFields?: readonly Field[];
    readonly unsaid?: Field;
  }[];
}

export function operatorPostgres(
  { root, port, portName, settings, roles, ...spec }: OperatorPostgres,
  { inventory }: AdapterContext,
): readonly FoundPostgres[] {
  const annotation = inventory.annotation(AVAILABLE_CONNECTIONS_ANNOTATION, root.at("metadata"));
  const written = availableConnections(
    settings,
    annotation,
    spec.maxConnectionsDefault,
    spec.settingsPlace,
  );
  const isWritten = annotation !== undefined || settings.has("max_connections");
  const available =
    isWritten || spec.otherSource === undefined
      ? written
      : defaultAdmitted(written, root, spec.otherSource, spec.settingsPlace);
  return roles.map(({ labels, services, serviceFields = [], ...more }) => ({
    place: root.place(),
    namespace: root.object.namespace,
    labels: new Map(Object.entries(labels)),
    ports: [port],
    portNames: new Map([[portName, port]]),
    services: services.map((name) => ({ name, port })),
    serviceFields,
    ...more,
    annotation: (key) => inventory.annotation(key, root.at("metadata")),
    available,
  }));
}

/** What Postgres admits by a default that something else may change. */
function defaultAdmitted(
  quantity: Quantity,
  root: Field,
  source: string,
  place: SourcePosition,
): Quantity {
  if (!quantity.known) return quantity;
  const object = objectOf(root.place());
  const question = missing(
    `how many connections Postgres of ${object} admits: ${source} may set max_connections itself`,
    place,
    `annotate it with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N" (max_connections less what is reserved)`,
  );
  const answer = { object, annotation: AVAILABLE_CONNECTIONS_ANNOTATION, value: "N" };
  return assumed({ ...question, answer }, quantity.value, quantity.why, ...quantity.places);
}

/** A mapping of PgBouncer's keys in an operator's object; numbers may stand unquoted. */
export function settingsOf(mapping: Field): Map<string, Setting> {
  return new Map(
    mapping
      .entries()
      .filter(([, field]) => field.exists)
      .map(([key, field]) => [key, setting(String(field.value), field.place())]),
  );
}
