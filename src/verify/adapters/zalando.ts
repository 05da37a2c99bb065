import { POSTGRES_PORT } from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { Field } from "../read/objects/field.ts";
import type { Inventory } from "../read/objects/inventory.ts";
import {
  setting,
  type Configuration,
  type FoundPooler,
  type Setting,
} from "../read/poolers/poolers.ts";
import { settingsIn, type FoundPostgres } from "../read/postgres/postgresServers.ts";
import { objectOf } from "../sourcePosition.ts";
import type { Adapter, AdapterContext } from "../read/adapter.ts";
import { operatorPooler, operatorPostgres } from "./operatorObjects.ts";

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
    [`${GROUP}/postgresql`]: (object, context) => {
      const root = Field.of(object);
      const spec = root.at("spec");
      const enabled = spec.at("enableConnectionPooler");
      const isOn = enabled.exists ? enabled.value === true : spec.at("connectionPooler").exists;
      const hasReplica = spec.at("enableReplicaConnectionPooler").value === true;
      const suffixes = [...(isOn ? [""] : []), ...(hasReplica ? ["-repl"] : [])];
      const key = `${object.namespace}/${object.name}`;
      return {
        poolers: suffixes.map((suffix) => poolerOf(root, suffix, context)),
        postgres: serversOf(root, context),
        owned: [`StatefulSet ${key}`, `Deployment ${key}-pooler`, `Deployment ${key}-pooler-repl`],
      };
    },
  },
};

/** A part of the operator's settings: an OperatorConfiguration's, or all of a ConfigMap's. */
function operatorConfiguration(
  inventory: Inventory,
  part: "connection_pooler" | "load_balancer",
): Field | undefined {
  const [object] = inventory.ofKind(GROUP, "OperatorConfiguration");
  if (object !== undefined) return Field.of(object).at("configuration", part);
  return inventory
    .ofKind("", "ConfigMap")
    .map((map) => Field.of(map).at("data"))
    .find(
      (data) => data.at("connection_pooler_image").exists || data.at("spilo_privileged").exists,
    );
}

function remedyFor(field: string): string {
  return `write spec.connectionPooler.${field}, or give the operator's OperatorConfiguration or ConfigMap too`;
}

/** The switches that open a Service of it: its own, else the operator's. */
const SWITCHES = {
  master: ["enableMasterLoadBalancer", "enableMasterNodePort"],
  replica: ["enableReplicaLoadBalancer", "enableReplicaNodePort"],
  pooler: ["enableMasterPoolerLoadBalancer", "enableMasterPoolerNodePort"],
  "pooler-repl": ["enableReplicaPoolerLoadBalancer", "enableReplicaPoolerNodePort"],
} as const;

/** Names of them in older versions. */
const OLD_SWITCHES: Readonly<Record<string, string>> = {
  enableMasterLoadBalancer: "useLoadBalancer",
  enableReplicaLoadBalancer: "replicaLoadBalancer",
};

/** Operators whose configuration is there and says nothing of it have a load balancer. */
const ON_BY_DEFAULT = "enableMasterLoadBalancer";

function switchesOf(
  root: Field,
  which: keyof typeof SWITCHES,
  { inventory }: AdapterContext,
): readonly Field[] {
  const operator = operatorConfiguration(inventory, "load_balancer");
  return SWITCHES[which].map((name) => {
    const own = [name, OLD_SWITCHES[name] ?? name].map((one) => root.at("spec", one));
    const written = own.find(({ exists }) => exists);
    if (written !== undefined || operator === undefined) return written ?? root.at("spec", name);
    const field = operator.at(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const isOn = !field.exists && name === ON_BY_DEFAULT;
    return isOn ? Field.byDefault(field.object, field.path, true) : field;
  });
}

/**
 * Without its configuration the operator's default is open: its code opens the primary, its chart and
 * its sample configurations do not.
 * https://github.com/zalando/postgres-operator/blob/master/docs/reference/operator_parameters.md
 */
function unsaidSwitch(root: Field, { inventory }: AdapterContext): { readonly unsaid?: Field } {
  const names = [ON_BY_DEFAULT, OLD_SWITCHES[ON_BY_DEFAULT] ?? ON_BY_DEFAULT];
  const isSaid =
    operatorConfiguration(inventory, "load_balancer") !== undefined ||
    names.some((name) => root.at("spec", name).exists);
  return isSaid ? {} : { unsaid: root.at("spec", ON_BY_DEFAULT) };
}

/** What is missing where neither the object nor the operator's configuration says it. */
function missingInstances(pooler: Field): MissingQuantity {
  const place = pooler.at("numberOfInstances").place();
  return missing("how many instances the pooler has", place, remedyFor("numberOfInstances"));
}

function poolerOf(root: Field, suffix: string, context: AdapterContext): FoundPooler {
  const { object } = root;
  const name = `${object.name}-pooler${suffix}`;
  const pooler = root.at("spec", "connectionPooler");
  const operator = operatorConfiguration(context.inventory, "connection_pooler");
  const place = pooler.place();
  const instances = countField(
    pooler.at("numberOfInstances"),
    operator,
    "connection_pooler_number_of_instances",
    INSTANCES,
  );
  return operatorPooler(
    {
      name: `${objectOf(root.place())}, ${suffix === "" ? "pooler" : "replica pooler"}`,
      place,
      deployment: name,
      port: POSTGRES_PORT,
      labels: {
        application: "db-connection-pooler",
        "connection-pooler": name,
        "cluster-name": object.name,
      },
      replicas: instances ?? missingInstances(pooler),
      strategy: pooler.at("strategy"),
      metadata: [root.at("metadata")],
      serviceFields: switchesOf(root, suffix === "" ? "pooler" : "pooler-repl", context),
      configuration: configurationOf(root, suffix, instances, operator),
    },
    context,
  );
}

/** The field that gives a count: the object's own, the operator's, or the operator's default. */
function countField(
  own: Field,
  operator: Field | undefined,
  key: string,
  byDefault: number,
): Field | undefined {
  if (own.exists) return own;
  const field = operator?.at(key);
  if (operator === undefined || field?.exists) return field;
  return Field.byDefault(operator.object, operator.path, byDefault);
}

function configurationOf(
  root: Field,
  suffix: string,
  instances: Field | undefined,
  operator: Field | undefined,
): Configuration {
  const pooler = root.at("spec", "connectionPooler");
  const connections = countField(
    pooler.at("maxDBConnections"),
    operator,
    "connection_pooler_max_db_connections",
    MAX_DB_CONNECTIONS,
  );
  const place = pooler.place();
  const [count, max] = [instances?.count(), connections?.count()];
  const at = connections?.place() ?? place;
  // All sizes follow from these two: asked for are the fields that the object has.
  const unknownMax = missing(
    "how many backend connections all instances of the pooler may open",
    pooler.at("maxDBConnections").place(),
    remedyFor("maxDBConnections"),
  );
  const sized = (of: (maxDb: number) => number): Setting => {
    if (max === undefined) return unknownMax;
    if (count === undefined || count === 0) return missingInstances(pooler);
    return setting(String(of(Math.floor(max / count))), at);
  };
  const kind = root.at("kind").place();
  const settings = {
    max_client_conn: setting(String(MAX_CLIENT_CONN), kind),
    listen_port: setting(String(POSTGRES_PORT), kind),
    default_pool_size: sized((maxDb) => Math.floor(maxDb / 2)),
    reserve_pool_size: sized((maxDb) => Math.floor(maxDb / 4)),
    max_db_connections: sized((maxDb) => maxDb),
  };
  const user = pooler.text("user") ?? operator?.text("connection_pooler_user") ?? "pooler";
  const keys = new Map<string, Setting>([
    ["host", setting(`${root.object.name}${suffix}`, root.at("metadata", "name").place())],
    ["port", setting(String(POSTGRES_PORT), place)],
    ["auth_user", setting(user, place)],
  ]);
  const lines = new Map([["*", { place, keys }]]);
  return { settings: new Map(Object.entries(settings)), lines, users: new Map() };
}

function serversOf(root: Field, context: AdapterContext): readonly FoundPostgres[] {
  const { name } = root.object;
  const parameters = root.at("spec", "postgresql", "parameters");
  const labels = (role: string) => ({
    application: "spilo",
    "cluster-name": name,
    "spilo-role": role,
  });
  return operatorPostgres(
    {
      root,
      port: POSTGRES_PORT,
      portName: "postgresql",
      settings: settingsIn(parameters),
      // Without max_connections its image computes it from the memory.
      maxConnectionsDefault: undefined,
      settingsPlace: parameters.place(),
      roles: [
        {
          labels: labels("master"),
          services: [name],
          serviceFields: switchesOf(root, "master", context),
          ...unsaidSwitch(root, context),
        },
        {
          labels: labels("replica"),
          services: [`${name}-repl`],
          serviceFields: switchesOf(root, "replica", context),
        },
      ],
    },
    context,
  );
}
