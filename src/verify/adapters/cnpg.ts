import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../api/names.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { setting, type Setting } from "../read/poolers.ts";
import { Field } from "../read/field.ts";
import type { Inventory } from "../read/inventory.ts";
import type { Annotation } from "../workload.ts";
import { deploymentPods, settingsOf } from "./operatorFields.ts";
import type { Adapter, AdapterContext } from "./adapter.ts";
import type { FoundPooler } from "../read/poolers.ts";
import { availableConnections, settingsIn, type FoundPostgres } from "../read/postgresServers.ts";

const GROUP = "postgresql.cnpg.io";
/** As whom its poolers ask for passwords, unless they are given a Secret. */
const AUTH_USER = "cnpg_pooler_pgbouncer";
/** What it sets where a Cluster does not: Postgres' own. */
const MAX_CONNECTIONS = 100;

/**
 * CloudNativePG: a Pooler is a Deployment and a Service of its name, on port 5432, with one line
 * `*` to its Cluster's Service. https://cloudnative-pg.io/docs/current/connection_pooling
 */
export const cnpg: Adapter = {
  groups: /(?:^|\.)cnpg\.io$/,
  objects: {
    [`${GROUP}/Pooler`]: (object, context) => ({
      poolers: [poolerOf(object, context)],
      postgres: [],
      owned: [objectOf({ object, path: [] }), `Deployment ${object.namespace}/${object.name}`],
    }),
    [`${GROUP}/Cluster`]: (object, { inventory }) => ({
      poolers: [],
      postgres: serversOf(object, inventory),
      owned: [],
    }),
  },
};

function poolerOf(object: ManifestObject, { inventory, scalers }: AdapterContext): FoundPooler {
  const root = Field.of(object);
  const spec = root.at("spec");
  const { name, namespace } = object;
  const annotation = (key: string): Annotation | undefined =>
    inventory.annotation(key, root.at("metadata"), spec.at("template", "metadata"));
  const key = objectOf(root.place());
  const pgbouncer = spec.at("pgbouncer");
  const settings = settingsOf(pgbouncer.at("parameters"));
  settings.set("listen_port", setting(String(POSTGRES_PORT), root.at("kind").place()));
  const secret = pgbouncer.at("authQuerySecret", "name");
  const authUser = secret.exists
    ? `Secret ${namespace}/${String(secret.value)} username`
    : AUTH_USER;
  const cluster = spec.at("cluster", "name");
  const type = spec.at("type").text() ?? "rw";
  const keys = new Map<string, Setting>([
    ["host", setting(`${cluster.text() ?? ""}-${type}`, cluster.place())],
    ["port", setting(String(POSTGRES_PORT), cluster.place())],
    ["auth_user", setting(authUser, pgbouncer.place())],
  ]);
  const processes = deploymentPods(
    `Deployment ${namespace}/${name}`,
    spec.at("instances"),
    spec.at("deploymentStrategy", "type"),
    annotation,
    scalers,
  );
  const lines = new Map([["*", { place: cluster.place(), keys }]]);
  return {
    name: key,
    place: root.place(),
    namespace,
    labels: new Map([["cnpg.io/poolerName", name]]),
    ports: [POSTGRES_PORT],
    portNames: new Map([["pgbouncer", POSTGRES_PORT]]),
    services: [{ name, port: POSTGRES_PORT }],
    groups: [{ processes, configuration: { settings, lines, users: new Map() } }],
    annotation,
    notes: [],
  };
}

/** The primary, and the replicas as one: each of them admits as many. */
function serversOf(object: ManifestObject, inventory: Inventory): readonly FoundPostgres[] {
  const root = Field.of(object);
  const { name, namespace } = object;
  const available = availableConnections(
    settingsIn(root.at("spec", "postgresql", "parameters")),
    inventory.annotation(AVAILABLE_CONNECTIONS_ANNOTATION, root.at("metadata")),
    MAX_CONNECTIONS,
    root.at("spec", "postgresql").place(),
  );
  const common = {
    place: root.place(),
    namespace,
    ports: [POSTGRES_PORT],
    portNames: new Map([["postgresql", POSTGRES_PORT]]),
    available,
  };
  const labels = [
    ["cnpg.io/cluster", name],
    ["postgresql", name],
  ] as const;
  const role = (text: string) =>
    new Map([...labels, ["cnpg.io/instanceRole", text], ["role", text]]);
  const service = (suffix: string) => ({ name: `${name}-${suffix}`, port: POSTGRES_PORT });
  return [
    // -r leads to any of them, and so to the primary too.
    { ...common, labels: role("primary"), services: [service("rw"), service("r")] },
    { ...common, labels: role("replica"), services: [service("ro")] },
  ];
}
