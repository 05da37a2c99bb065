import { POSTGRES_PORT } from "../../api/names.ts";
import { readConnectionString } from "../../pgbouncer/readIni.ts";
import { Field } from "../read/field.ts";
import { setting, type ConfiguredLine, type FoundPooler } from "../read/poolers.ts";
import { settingsIn, type FoundPostgres } from "../read/postgresServers.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import type { Adapter, AdapterContext } from "../read/adapter.ts";
import { operatorPooler, operatorPostgres, settingsOf } from "./operatorObjects.ts";

const GROUP = "postgres-operator.crunchydata.com";
/** As whom its PgBouncer asks for passwords. */
const AUTH_USER = "_crunchypgbouncer";
/**
 * Without a value: the operators write none, and Patroni starts Postgres with its own default.
 * https://github.com/CrunchyData/postgres-operator/blob/main/internal/postgres/parameters.go,
 * https://patroni.readthedocs.io/en/latest/patroni_configuration.html
 */
const MAX_CONNECTIONS = 100;

/**
 * Crunchy's PGO: a PostgresCluster with spec.proxy.pgBouncer has a Deployment and a Service
 * NAME-pgbouncer; without databases of its own one line `*` to NAME-primary.
 */
export const crunchy: Adapter = {
  groups: /(?:^|\.)crunchydata\.com$/,
  objects: { [`${GROUP}/PostgresCluster`]: resourcesOf },
};

/**
 * Percona's operator is a fork of it, with the same names, labels, port, and ini. The PostgresCluster
 * that it makes of its own object (upstream.pgv2.percona.com) is no other cluster.
 * https://github.com/percona/percona-postgresql-operator/tree/main/internal
 */
export const percona: Adapter = {
  groups: /(?:^|\.)percona\.com$/,
  objects: { "pgv2.percona.com/PerconaPGCluster": resourcesOf },
};

function resourcesOf(object: ManifestObject, context: AdapterContext) {
  const root = Field.of(object);
  return {
    poolers: root.at("spec", "proxy", "pgBouncer").exists ? [poolerOf(root, context)] : [],
    postgres: serversOf(root, context),
    owned: [`Deployment ${object.namespace}/${object.name}-pgbouncer`],
  };
}

function labelsOf({ object }: Field, role: string): Readonly<Record<string, string>> {
  return { [`${GROUP}/cluster`]: object.name, [`${GROUP}/role`]: role };
}

function poolerOf(root: Field, context: AdapterContext): FoundPooler {
  const spec = root.at("spec", "proxy", "pgBouncer");
  const config = spec.at("config");
  const port = spec.count("port") ?? POSTGRES_PORT;
  const settings = settingsOf(config.at("global"));
  settings.set("listen_port", setting(String(port), spec.at("port").place()));
  if (!settings.has("auth_user")) settings.set("auth_user", setting(AUTH_USER, spec.place()));
  const users = new Map([...entriesOf(config.at("users"))].map(([user, { keys }]) => [user, keys]));
  return operatorPooler(
    {
      name: `${objectOf(root.place())}, pgBouncer`,
      place: spec.place(),
      deployment: `${root.object.name}-pgbouncer`,
      port,
      labels: labelsOf(root, "pgbouncer"),
      replicas: spec.at("replicas"),
      strategy: spec.at("strategy", "type"),
      metadata: [root.at("metadata"), spec.at("metadata")],
      serviceFields: [spec.at("service"), spec.at("expose")],
      configuration: { settings, lines: linesOf(root, config), users },
    },
    context,
  );
}

function linesOf(root: Field, config: Field): ReadonlyMap<string, ConfiguredLine> {
  const databases = entriesOf(config.at("databases"));
  if (databases.size > 0) return databases;
  const place = root.at("metadata", "name").place();
  const keys = new Map([
    ["host", setting(`${root.object.name}-primary`, place)],
    ["port", setting(String(root.count("spec", "port") ?? POSTGRES_PORT), place)],
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

function serversOf(root: Field, context: AdapterContext): readonly FoundPostgres[] {
  const { name } = root.object;
  const spec = root.at("spec");
  return operatorPostgres(
    {
      root,
      port: spec.count("port") ?? POSTGRES_PORT,
      portName: "postgres",
      settings: settingsIn(
        spec.at("patroni", "dynamicConfiguration", "postgresql", "parameters"),
        spec.at("config", "parameters"),
      ),
      maxConnectionsDefault: MAX_CONNECTIONS,
      otherSource: "Patroni's configuration in the cluster",
      settingsPlace: spec.at("patroni").place(),
      roles: [
        {
          labels: labelsOf(root, "master"),
          services: [`${name}-primary`, `${name}-ha`],
          serviceFields: [spec.at("service"), spec.at("expose")],
        },
        {
          labels: labelsOf(root, "replica"),
          services: [`${name}-replicas`],
          serviceFields: [spec.at("replicaService"), spec.at("exposeReplicas")],
        },
      ],
    },
    context,
  );
}
