import { POSTGRES_PORT } from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { readConnectionString } from "../../pgbouncer/readIni.ts";
import { Field } from "../read/objects/field.ts";
import { dataOf, textOf } from "../read/objects/objectData.ts";
import {
  iniConfiguration,
  setting,
  type Configuration,
  type ConfiguredLine,
  type FoundPooler,
} from "../read/poolers/poolers.ts";
import { settingsIn, type FoundPostgres } from "../read/postgres/postgresServers.ts";
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
  const files = filesOf(config, context);
  const own = "known" in files ? NOTHING : files;
  const settings = new Map([...own.settings, ...settingsOf(config.at("global"))]);
  settings.set("listen_port", setting(String(port), spec.at("port").place()));
  if (!settings.has("auth_user")) settings.set("auth_user", setting(AUTH_USER, spec.place()));
  const users = new Map([
    ...own.users,
    ...[...entriesOf(config.at("users"))].map(([user, { keys }]) => [user, keys] as const),
  ]);
  const lines = new Map([...own.lines, ...linesOf(root, config)]);
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
      serviceFields: [spec.at("service"), spec.at("expose"), root.at("spec", "metadata")],
      configuration: "known" in files ? files : { settings, lines, users },
    },
    context,
  );
}

const NOTHING: Configuration = { settings: new Map(), lines: new Map(), users: new Map() };
const FOLDER = "/etc/pgbouncer/";

/**
 * What the files say that are mounted beside its own ini: that includes pgbouncer.ini of them before
 * all else, and this may include others.
 * https://access.crunchydata.com/documentation/postgres-operator/latest/references/crd/5.8.x/postgrescluster
 */
function filesOf(config: Field, { inventory }: AdapterContext): Configuration | MissingQuantity {
  const files = new Map<string, Field>();
  for (const source of config.items("files")) {
    for (const kind of ["configMap", "secret"] as const) {
      const reference = source.at(kind);
      const name = reference.text("name");
      if (name === undefined) continue;
      const { namespace } = config.object;
      const data = dataOf(inventory, kind === "secret" ? "Secret" : "ConfigMap", namespace, name);
      const items = reference.items("items");
      const mounted = items.map((item): readonly [string, string] => [
        item.text("key") ?? "",
        item.text("path") ?? "",
      ]);
      const isMain = items.length === 0 || mounted.some(([, path]) => path === MAIN);
      if (data === undefined && isMain) {
        const object = `${kind === "secret" ? "Secret" : "ConfigMap"} ${namespace}/${name}`;
        const what = `what PgBouncer of ${objectOf(config.place())} reads in the files of ${object}`;
        return missing(what, reference.place(), `give ${object} too`);
      }
      const keys = items.length > 0 ? mounted : [...(data?.keys() ?? [])].map((key) => [key, key]);
      for (const [key = "", path = ""] of keys) {
        const entry = data?.get(key);
        if (entry !== undefined) files.set(FOLDER + path, entry);
      }
    }
  }
  const main = files.get(FOLDER + MAIN);
  if (main === undefined) return NOTHING;
  const textAt = (path: string): string | undefined => {
    const entry = files.get(path);
    return entry && textOf(entry);
  };
  const text = textOf(main);
  const read =
    text === undefined
      ? undefined
      : iniConfiguration(text, FOLDER + MAIN, textAt, (section, key, file, within) => {
          const name = section === "pgbouncer" ? key : `[${section}] ${key}`;
          return (files.get(file) ?? main).place(within === undefined ? name : `${name} ${within}`);
        });
  const [problem] = read?.problems ?? [];
  if (read !== undefined && problem === undefined) return read.configuration;
  const where = problem === undefined ? MAIN : `${problem.file}:${problem.line}: ${problem.text}`;
  return missing(
    `what PgBouncer of ${objectOf(config.place())} reads in ${where}`,
    main.place(),
    "correct the file, and give all that it includes",
  );
}

/** The one of these files that is read. */
const MAIN = "pgbouncer.ini";

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
          serviceFields: [spec.at("service"), spec.at("expose"), spec.at("metadata")],
        },
        {
          labels: labelsOf(root, "replica"),
          services: [`${name}-replicas`],
          serviceFields: [
            spec.at("replicaService"),
            spec.at("exposeReplicas"),
            spec.at("metadata"),
          ],
        },
      ],
    },
    context,
  );
}
