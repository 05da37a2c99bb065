import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../api/names.ts";
import { readConnectionString } from "../../pgbouncer/readIni.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { setting, type ConfiguredLine, type Settings } from "../read/poolers.ts";
import { Field } from "../read/field.ts";
import type { Inventory } from "../read/inventory.ts";
import type { Annotation } from "../workload.ts";
import { deploymentPods, settingsOf } from "./operatorFields.ts";
import type { Adapter, AdapterContext } from "./adapter.ts";
import type { FoundPooler } from "../read/poolers.ts";
import { availableConnections, settingsIn, type FoundPostgres } from "../read/postgresServers.ts";

const GROUP = "postgres-operator.crunchydata.com";
/** As whom its PgBouncer asks for passwords. */
const AUTH_USER = "_crunchypgbouncer";

/**
 * Crunchy's PGO: a PostgresCluster with spec.proxy.pgBouncer has a Deployment and a Service
 * NAME-pgbouncer; without databases of its own one line `*` to NAME-primary.
 */
export const crunchy: Adapter = {
  groups: /(?:^|\.)crunchydata\.com$/,
  objects: {
    [`${GROUP}/PostgresCluster`]: (object, context) => ({
      poolers: poolerOf(object, context),
      postgres: serversOf(object, context.inventory),
      owned: [
        objectOf({ object, path: [] }),
        `Deployment ${object.namespace}/${object.name}-pgbouncer`,
      ],
    }),
  },
};

function poolerOf(
  object: ManifestObject,
  { inventory, scalers }: AdapterContext,
): readonly FoundPooler[] {
  const root = Field.of(object);
  const spec = root.at("spec", "proxy", "pgBouncer");
  if (!spec.exists) return [];
  const { namespace } = object;
  const name = `${object.name}-pgbouncer`;
  const annotation = (key: string): Annotation | undefined =>
    inventory.annotation(key, root.at("metadata"), spec.at("metadata"));
  const config = spec.at("config");
  const port = spec.at("port").count() ?? POSTGRES_PORT;
  const settings = settingsOf(config.at("global"));
  settings.set("listen_port", setting(String(port), spec.at("port").place()));
  if (!settings.has("auth_user")) settings.set("auth_user", setting(AUTH_USER, spec.place()));
  const processes = deploymentPods(
    `Deployment ${namespace}/${name}`,
    spec.at("replicas"),
    spec.at("strategy", "type"),
    annotation,
    scalers,
  );
  const users = entriesOf(config.at("users"));
  return [
    {
      name: `${objectOf(root.place())}, pgBouncer`,
      place: spec.place(),
      namespace,
      labels: new Map([
        [`${GROUP}/cluster`, object.name],
        [`${GROUP}/role`, "pgbouncer"],
      ]),
      ports: [port],
      portNames: new Map([["pgbouncer", port]]),
      services: [{ name, port }],
      groups: [
        {
          processes,
          configuration: {
            settings,
            lines: linesOf(root, config),
            users: new Map([...users].map(([user, { keys }]) => [user, keys])),
          },
        },
      ],
      annotation,
      notes: [],
    },
  ];
}

function linesOf(root: Field, config: Field): ReadonlyMap<string, ConfiguredLine> {
  const databases = entriesOf(config.at("databases"));
  if (databases.size > 0) return databases;
  const place = root.at("metadata", "name").place();
  const keys: Settings = new Map([
    ["host", setting(`${root.object.name}-primary`, place)],
    ["port", setting(String(root.at("spec", "port").count() ?? POSTGRES_PORT), place)],
  ]);
  return new Map([["*", { place, keys }]]);
}

/** `name: host=… pool_size=…`, as in an ini. */
function entriesOf(mapping: Field): ReadonlyMap<string, ConfiguredLine> {
  return new Map(
    mapping.entries().map(([name, field]) => {
      const pairs = readConnectionString(field.text() ?? "") ?? new Map<string, string>();
      const keys = new Map(
        [...pairs].map(([key, value]) => [key, setting(value, field.place(key))] as const),
      );
      return [name, { place: field.place(), keys }];
    }),
  );
}

function serversOf(object: ManifestObject, inventory: Inventory): readonly FoundPostgres[] {
  const root = Field.of(object);
  const patroni = root.at("spec", "patroni", "dynamicConfiguration", "postgresql", "parameters");
  const port = root.at("spec", "port").count() ?? POSTGRES_PORT;
  const common = {
    place: root.place(),
    namespace: object.namespace,
    ports: [port],
    portNames: new Map([["postgres", port]]),
    available: availableConnections(
      settingsIn(patroni, root.at("spec", "config", "parameters")),
      inventory.annotation(AVAILABLE_CONNECTIONS_ANNOTATION, root.at("metadata")),
      undefined,
      root.at("spec", "patroni").place(),
    ),
  };
  const labels = (role: string) =>
    new Map([
      [`${GROUP}/cluster`, object.name],
      [`${GROUP}/role`, role],
    ]);
  const service = (suffix: string) => ({ name: `${object.name}-${suffix}`, port });
  return [
    { ...common, labels: labels("master"), services: [service("primary"), service("ha")] },
    { ...common, labels: labels("replica"), services: [service("replicas")] },
  ];
}
