import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../api/names.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { setting, type Setting } from "../read/poolers.ts";
import { Field } from "../read/field.ts";
import { missing } from "../quantity.ts";
import type { Inventory } from "../read/inventory.ts";
import type { Annotation } from "../workload.ts";
import { deploymentPods } from "./operatorFields.ts";
import type { Adapter, AdapterContext } from "./adapter.ts";
import type { FoundGroup, FoundPooler } from "../read/poolers.ts";
import { availableConnections, settingsIn, type FoundPostgres } from "../read/postgresServers.ts";

const GROUP = "acid.zalan.do";
/** A constant of the operator. */
const MAX_CLIENT_CONN = 10_000;
/** What the operator takes where its configuration is there and says nothing. */
const MAX_DB_CONNECTIONS = 60;
const INSTANCES = 2;

/**
 * Zalando's operator: a `postgresql` with a pooler has a Deployment and a Service NAME-pooler, and
 * NAME-pooler-repl before its replicas. Sizes by its formula: maxDB = maxDBConnections / instances,
 * default_pool_size = maxDB / 2, reserve = default / 2, each rounded down.
 */
export const zalando: Adapter = {
  groups: /(?:^|\.)zalan\.do$/,
  objects: {
    [`${GROUP}/postgresql`]: (object, context) => ({
      poolers: poolersOf(object, context),
      postgres: serversOf(object, context.inventory),
      owned: [
        objectOf({ object, path: [] }),
        `StatefulSet ${object.namespace}/${object.name}`,
        `Deployment ${object.namespace}/${object.name}-pooler`,
        `Deployment ${object.namespace}/${object.name}-pooler-repl`,
      ],
    }),
  },
};

function poolersOf(object: ManifestObject, context: AdapterContext): readonly FoundPooler[] {
  const spec = Field.of(object).at("spec");
  const enabled = spec.at("enableConnectionPooler");
  const isOn = enabled.value === true || (!enabled.exists && spec.at("connectionPooler").exists);
  const hasReplica = spec.at("enableReplicaConnectionPooler").value === true;
  return [...(isOn ? [""] : []), ...(hasReplica ? ["-repl"] : [])].map((suffix) =>
    poolerOf(object, suffix, context),
  );
}

/** The operator's settings of its poolers: an OperatorConfiguration's, or a ConfigMap's. */
function operatorConfiguration(inventory: Inventory): Field | undefined {
  const [object] = inventory.ofKind(GROUP, "OperatorConfiguration");
  if (object !== undefined) return Field.of(object).at("configuration", "connection_pooler");
  return inventory
    .ofKind("", "ConfigMap")
    .map((map) => Field.of(map).at("data"))
    .find(
      (data) => data.at("connection_pooler_image").exists || data.at("spilo_privileged").exists,
    );
}

function poolerOf(
  object: ManifestObject,
  suffix: string,
  { inventory, scalers }: AdapterContext,
): FoundPooler {
  const root = Field.of(object);
  const configuration = operatorConfiguration(inventory);
  const { namespace } = object;
  const name = `${object.name}-pooler${suffix}`;
  const annotation = (key: string): Annotation | undefined =>
    inventory.annotation(key, root.at("metadata"));
  return {
    name: `${objectOf(root.place())}, ${suffix === "" ? "pooler" : "replica pooler"}`,
    place: root.at("spec", "connectionPooler").place(),
    namespace,
    labels: new Map([
      ["application", "db-connection-pooler"],
      ["connection-pooler", name],
      ["cluster-name", object.name],
    ]),
    ports: [POSTGRES_PORT],
    portNames: new Map([["pgbouncer", POSTGRES_PORT]]),
    services: [{ name, port: POSTGRES_PORT }],
    groups: [groupOf(root, name, suffix, { annotation, scalers, configuration })],
    annotation,
    notes: [],
  };
}

function groupOf(
  root: Field,
  name: string,
  suffix: string,
  known: {
    readonly annotation: (name: string) => Annotation | undefined;
    readonly scalers: AdapterContext["scalers"];
    readonly configuration: Field | undefined;
  },
): FoundGroup {
  const { namespace } = root.object;
  const pooler = root.at("spec", "connectionPooler");
  const { configuration } = known;
  const remedy = "give the operator's OperatorConfiguration or ConfigMap too, or write it";
  const countOf = (own: Field, key: string, byDefault: number): Field | undefined => {
    if (own.exists) return own;
    const field = configuration?.at(key);
    if (field?.exists) return field;
    return configuration === undefined
      ? undefined
      : Field.number(configuration.object, configuration.path, byDefault);
  };
  const instances = countOf(
    pooler.at("numberOfInstances"),
    "connection_pooler_number_of_instances",
    INSTANCES,
  );
  const connections = countOf(
    pooler.at("maxDBConnections"),
    "connection_pooler_max_db_connections",
    MAX_DB_CONNECTIONS,
  );
  const place = pooler.place();
  const [count, max] = [instances?.count(), connections?.count()];
  const strategy = root.at("spec", "connectionPooler", "strategy");
  const processes =
    instances === undefined
      ? missing("how many instances the pooler has", place, remedy)
      : deploymentPods(
          `Deployment ${namespace}/${name}`,
          instances,
          strategy,
          known.annotation,
          known.scalers,
        );
  const at = connections?.place() ?? place;
  const sized = (key: string, of: (maxDb: number) => number): Setting =>
    count === undefined || max === undefined || count === 0
      ? missing(`${key} of the pooler`, place, remedy)
      : setting(String(of(Math.floor(max / count))), at);
  const settings = new Map<string, Setting>([
    ["max_client_conn", setting(String(MAX_CLIENT_CONN), root.at("kind").place())],
    ["listen_port", setting(String(POSTGRES_PORT), root.at("kind").place())],
    ["default_pool_size", sized("default_pool_size", (maxDb) => Math.floor(maxDb / 2))],
    [
      "reserve_pool_size",
      sized("reserve_pool_size", (maxDb) => Math.floor(Math.floor(maxDb / 2) / 2)),
    ],
    ["max_db_connections", sized("max_db_connections", (maxDb) => maxDb)],
  ]);
  const user =
    pooler.at("user").text() ?? configuration?.at("connection_pooler_user").text() ?? "pooler";
  const keys = new Map<string, Setting>([
    ["host", setting(`${root.object.name}${suffix}`, root.at("metadata", "name").place())],
    ["port", setting(String(POSTGRES_PORT), place)],
    ["auth_user", setting(user, place)],
  ]);
  const lines = new Map([["*", { place, keys }]]);
  return { processes, configuration: { settings, lines, users: new Map() } };
}

function serversOf(object: ManifestObject, inventory: Inventory): readonly FoundPostgres[] {
  const root = Field.of(object);
  const parameters = root.at("spec", "postgresql", "parameters");
  const common = {
    place: root.place(),
    namespace: object.namespace,
    ports: [POSTGRES_PORT],
    portNames: new Map([["postgresql", POSTGRES_PORT]]),
    // Without max_connections its image computes it from the memory.
    available: availableConnections(
      settingsIn(parameters),
      inventory.annotation(AVAILABLE_CONNECTIONS_ANNOTATION, root.at("metadata")),
      undefined,
      parameters.place(),
    ),
  };
  const labels = (role: string) =>
    new Map([
      ["application", "spilo"],
      ["cluster-name", object.name],
      ["spilo-role", role],
    ]);
  const service = (suffix: string) => ({ name: `${object.name}${suffix}`, port: POSTGRES_PORT });
  return [
    { ...common, labels: labels("master"), services: [service("")] },
    { ...common, labels: labels("replica"), services: [service("-repl")] },
  ];
}
