import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../api/names.ts";
import { known, missing, type MissingQuantity } from "../quantity.ts";
import { Field } from "../read/objects/field.ts";
import type { Inventory } from "../read/objects/inventory.ts";
import {
  setting,
  type ConfiguredLine,
  type Configuration,
  type FoundPooler,
  type Setting,
} from "../read/poolers/poolers.ts";
import type { PostgresSetting } from "../read/postgres/postgresImages.ts";
import {
  availableConnections,
  settingsIn,
  type FoundPostgres,
} from "../read/postgres/postgresServers.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import type { Adapter, AdapterContext } from "../read/adapter.ts";
import { operatorPooler, settingsOf } from "./operatorObjects.ts";

const GROUP = "stackgres.io";
/** Of its Services: to PgBouncer, and past it to Postgres, as replication needs it. */
const PORT = { pooled: 5432, direct: 5433 } as const;
/** Of its pods, behind Envoy and without it: the Services know them by these names. */
const POD_PORT = { pooled: 6432, direct: POSTGRES_PORT } as const;
const PORT_NAME = { pooled: "pgport", direct: "pgreplication" } as const;

/** What it writes where its SGPoolingConfig says nothing: pgbouncer-default-values.properties. */
const POOLING_DEFAULTS = {
  max_client_conn: 1000,
  max_db_connections: 0,
  max_user_connections: 0,
  auth_user: "authenticator",
} as const;

/** Where an SGPostgresConfig says nothing: postgresql-default-values, and Postgres' own default. */
const SUPERUSER_RESERVED = 8;
const MAX_CONNECTIONS = 100;

/**
 * StackGres: each pod of an SGCluster has a PgBouncer beside its Postgres, which it reaches by a
 * socket, unless spec.pods.disableConnectionPooling. The Service NAME leads to the primary's pod, and
 * NAME-replicas to those of the replicas. https://stackgres.io/doc/latest/reference/crd/sgcluster/ and
 * https://github.com/ongres/stackgres/tree/main/stackgres-k8s/src/operator (PgBouncerPooling.java,
 * PatroniServices.java).
 */
export const stackgres: Adapter = {
  groups: /(?:^|\.)stackgres\.io$/,
  objects: {
    [`${GROUP}/SGCluster`]: (object, context) => {
      const root = Field.of(object);
      const isPooled = root.at("spec", "pods", "disableConnectionPooling").value !== true;
      const roles = ROLES.filter(({ isThere }) => isThere(root));
      return {
        poolers: isPooled ? roles.map((role) => poolerOf(root, role, context)) : [],
        postgres: roles.map((role) => serverOf(root, role, isPooled, context)),
        owned: [`StatefulSet ${object.namespace}/${object.name}`],
      };
    },
  },
};

/** The pods that a Service leads to. Each has a Postgres of its own: one process before each. */
interface ClusterRole {
  readonly name: string;
  readonly isThere: (root: Field) => boolean;
  /** Names of the Services, the main one first. */
  readonly services: (cluster: string) => readonly [string, ...string[]];
  /** Their entry of spec.postgresServices. */
  readonly field: string;
}

const ROLES: readonly ClusterRole[] = [
  {
    name: "primary",
    isThere: () => true,
    services: (cluster) => [cluster, `${cluster}-primary`],
    field: "primary",
  },
  {
    name: "replica",
    isThere: (root) => root.count("spec", "instances") !== 1,
    services: (cluster) => [`${cluster}-replicas`],
    field: "replicas",
  },
];

function listenerOf(root: Field, { services, field }: ClusterRole, port: "pooled" | "direct") {
  return {
    labels: new Map([
      ["app", "StackGresCluster"],
      [`${GROUP}/cluster-name`, root.object.name],
    ]),
    ports: [POD_PORT[port]],
    portNames: new Map([[PORT_NAME[port], POD_PORT[port]]]),
    services: services(root.object.name).map((name) => ({ name, port: PORT[port] })),
    serviceFields: [root.at("spec", "postgresServices", field)],
  };
}

function poolerOf(root: Field, role: ClusterRole, context: AdapterContext): FoundPooler {
  const place = root.at("spec", "configurations", "sgPoolingConfig").place();
  const [service] = role.services(root.object.name);
  const pooler = operatorPooler(
    {
      name: `${objectOf(root.place())}, PgBouncer of the ${role.name}`,
      place,
      deployment: service,
      port: PORT.pooled,
      labels: {},
      replicas: known(1, "1 process before each Postgres", root.at("spec", "instances").place()),
      metadata: [root.at("metadata")],
      configuration: configurationOf(root, service, context.inventory),
    },
    context,
  );
  return { ...pooler, ...listenerOf(root, role, "pooled") };
}

/** Its default, which nobody chose and no Postgres admits: it breaks no sum (decision 28). */
function poolSizeDefault(place: SourcePosition): Setting {
  const value = 1000;
  const question = missing(
    `how many backend connections each pool opens: StackGres' default_pool_size of ${value} leaves it to the clients`,
    place,
    "set default_pool_size under pgBouncer, pgbouncer.ini, pgbouncer in its SGPoolingConfig",
  );
  return { known: true, value: String(value), place, assuming: question, least: 1 };
}

function configurationOf(
  root: Field,
  service: string,
  inventory: Inventory,
): Configuration | MissingQuantity {
  const named = referred(root, "sgPoolingConfig", "SGPoolingConfig", inventory);
  if (named !== undefined && "known" in named) return named;
  const inis = [named, root.at("spec", "configurations", "pooling")].flatMap((spec) =>
    spec === undefined ? [] : [spec.at("pgBouncer", "pgbouncer.ini")],
  );
  const place = root.place();
  const own = new Map(inis.flatMap((ini) => [...settingsOf(ini.at("pgbouncer"))]));
  // The operator drops these two from what users write.
  for (const key of ["auth_user", "listen_port"]) own.delete(key);
  const defaults = { ...POOLING_DEFAULTS, listen_port: POD_PORT.pooled };
  const settings = new Map([
    ...Object.entries(defaults).map(
      ([key, value]) => [key, setting(String(value), place)] as const,
    ),
    ["default_pool_size", poolSizeDefault(place)],
    ...own,
  ]);
  const lines = inis.flatMap((ini) => entriesIn(ini.at("databases")));
  const isUsersLine = lines.some(([name]) => name === "*");
  const all = isUsersLine ? lines : [...lines, ["*", { place, keys: new Map() }] as const];
  return {
    settings,
    lines: new Map(
      all.map(([name, line]) => [name, { ...line, keys: toOwnPostgres(line, service) }]),
    ),
    users: new Map(inis.flatMap((ini) => entriesIn(ini.at("users"))).map(usersKeys)),
  };
}

function entriesIn(mapping: Field): readonly (readonly [string, ConfiguredLine])[] {
  return mapping
    .entries()
    .map(([name, field]) => [name, { place: field.place(), keys: settingsOf(field) }] as const);
}

function usersKeys([name, { keys }]: readonly [string, ConfiguredLine]) {
  return [name, keys] as const;
}

/** The Postgres of the same pod, whatever a line says: by the Service's port that leads past PgBouncer. */
function toOwnPostgres({ place, keys }: ConfiguredLine, service: string): Map<string, Setting> {
  return new Map([
    ...keys,
    ["host", setting(service, place)],
    ["port", setting(String(PORT.direct), place)],
  ]);
}

/** The spec of the object that a cluster refers to; undefined: it refers to none. */
function referred(
  root: Field,
  field: string,
  kind: string,
  inventory: Inventory,
): Field | MissingQuantity | undefined {
  const reference = root.at("spec", "configurations", field);
  const name = reference.text();
  if (name === undefined) return undefined;
  const { namespace } = root.object;
  const object = inventory.find(GROUP, kind, namespace, name);
  if (object !== undefined) return Field.of(object).at("spec");
  const which = `${kind} ${namespace}/${name}`;
  return missing(
    `what ${objectOf(root.place())} takes from ${which}`,
    reference.place(),
    `give ${which} too`,
  );
}

function serverOf(
  root: Field,
  role: ClusterRole,
  isPooled: boolean,
  { inventory }: AdapterContext,
): FoundPostgres {
  const named = referred(root, "sgPostgresConfig", "SGPostgresConfig", inventory);
  const configurations = root.at("spec", "configurations");
  const written =
    named === undefined || "known" in named
      ? new Map<string, PostgresSetting>()
      : settingsIn(named.at("postgresql.conf"));
  const reserved = { value: String(SUPERUSER_RESERVED), place: root.at("spec").place() };
  const settings = new Map<string, PostgresSetting>([
    ["superuser_reserved_connections", reserved],
    ...written,
    ...settingsIn(configurations.at("postgres", "postgresql.conf")),
  ]);
  const available = availableConnections(
    settings,
    inventory.annotation(AVAILABLE_CONNECTIONS_ANNOTATION, root.at("metadata")),
    named !== undefined && "known" in named ? undefined : MAX_CONNECTIONS,
    configurations.place(),
  );
  const direct = listenerOf(root, role, "direct");
  const services = isPooled
    ? direct.services
    : [...listenerOf(root, role, "pooled").services, ...direct.services];
  return {
    place: root.place(),
    namespace: root.object.namespace,
    ...direct,
    services,
    annotation: (key) => inventory.annotation(key, root.at("metadata")),
    available,
  };
}
