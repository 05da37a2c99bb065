import { POSTGRES_PORT } from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { connectionUrls } from "../read/targets/connectionStrings.ts";
import { Field } from "../read/objects/field.ts";
import type { Inventory } from "../read/objects/inventory.ts";
import { dataOf, textOf } from "../read/objects/objectData.ts";
import {
  iniConfiguration,
  setting,
  type ConfiguredLine,
  type Configuration,
  type Setting,
} from "../read/poolers/poolers.ts";
import { confSettings, type PostgresSetting } from "../read/postgres/postgresImages.ts";
import type { FoundPostgres } from "../read/postgres/postgresServers.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import { Template } from "../template.ts";
import type { Adapter, AdapterContext } from "../read/adapter.ts";
import { operatorPooler, operatorPostgres } from "./operatorObjects.ts";

const GROUP = "kubedb.com";

/**
 * KubeDB: a PgBouncer is a PetSet (a StatefulSet in older versions) and a Service of its name; a
 * Postgres has a Service of its name before its primary.
 * https://kubedb.com/docs/latest/guides/pgbouncer/concepts/pgbouncer/
 */
export const kubedb: Adapter = {
  groups: /(?:^|\.)(?:kubedb|appscode)\.com$/,
  objects: {
    [`${GROUP}/PgBouncer`]: (object, context) => {
      const root = Field.of(object);
      const spec = root.at("spec");
      const port = spec.count("connectionPool", "port") ?? POSTGRES_PORT;
      const pooler = operatorPooler(
        {
          name: objectOf(root.place()),
          place: root.place(),
          deployment: object.name,
          port,
          labels: labelsOf(root, "pgbouncers"),
          replicas: spec.at("replicas"),
          metadata: [root.at("metadata"), spec.at("podTemplate", "metadata")],
          serviceFields: servicesTo(root, "primary"),
          configuration: configurationOf(root, port, context.inventory),
        },
        context,
      );
      return { poolers: [pooler], owned: ownedBy(root) };
    },
    [`${GROUP}/Postgres`]: (object, context) => {
      const root = Field.of(object);
      return { postgres: serversOf(root, context), owned: ownedBy(root) };
    },
  },
};

function labelsOf({ object }: Field, resource: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": `${resource}.${GROUP}`,
    "app.kubernetes.io/instance": object.name,
    "app.kubernetes.io/managed-by": GROUP,
  };
}

function ownedBy({ object: { namespace, name } }: Field): readonly string[] {
  return ["PetSet", "StatefulSet"].map((kind) => `${kind} ${namespace}/${name}`);
}

/** Templates of the Services of one alias; that of `stats` leads to an exporter. */
function servicesTo(root: Field, alias: string): readonly Field[] {
  return root
    .items("spec", "serviceTemplates")
    .filter((one) => (one.text("alias") ?? "primary") === alias);
}

/** PgBouncer's keys by the fields of spec.connectionPool, with what KubeDB writes without them. */
const POOL_FIELDS = {
  maxClientConnections: { key: "max_client_conn", byDefault: 100 },
  defaultPoolSize: { key: "default_pool_size", byDefault: 20 },
  // 0 by its documentation, 1 in the ini that newer operators write: the larger one counts.
  reservePoolSize: { key: "reserve_pool_size", byDefault: 1 },
  reservePoolTimeoutSeconds: { key: "reserve_pool_timeout", byDefault: 5 },
  // Unlimited by its documentation, 1 in the ini that newer operators write.
  maxDBConnections: { key: "max_db_connections", byDefault: undefined },
  maxUserConnections: { key: "max_user_connections", byDefault: undefined },
} as const;

function poolSettings(root: Field): Map<string, Setting> {
  const pool = root.at("spec", "connectionPool");
  return new Map(
    Object.entries(POOL_FIELDS).map(([name, { key, byDefault }]): [string, Setting] => {
      const field = pool.at(name);
      const value = field.scalar() ?? byDefault?.toString();
      if (value !== undefined) return [key, setting(value, field.place())];
      const what = `${key} of ${objectOf(root.place())}: versions of KubeDB have different defaults`;
      return [key, missing(what, field.place(), `write spec.connectionPool.${name}`)];
    }),
  );
}

function configurationOf(
  root: Field,
  port: number,
  inventory: Inventory,
): Configuration | MissingQuantity {
  const settings = poolSettings(root);
  settings.set("listen_port", setting(String(port), root.place()));
  const own = { settings, lines: linesOf(root, inventory), users: new Map() };
  const [custom, ...more] = customFiles(root, "pgbouncer.ini", inventory);
  if (custom === undefined) return own;
  if ("known" in custom) return custom;
  const { configuration, problems } = iniConfiguration(
    custom.text,
    "pgbouncer.ini",
    () => undefined,
    (section, key, _file, within) => ({
      ...custom.place,
      key: `[${section}] ${key}${within === undefined ? "" : ` ${within}`}`,
    }),
  );
  if (more.length > 0 || problems.length > 0) {
    const what = `the configuration of ${objectOf(root.place())}: weir can't read what is added to it`;
    return missing(what, custom.place, "write it in spec.connectionPool alone");
  }
  return {
    settings: new Map([...settings, ...withoutContradiction(root, settings, configuration)]),
    lines: new Map([...own.lines, ...configuration.lines]),
    users: configuration.users,
  };
}

/** The settings of the user's file; which of two counts where spec.connectionPool has another is missing. */
function withoutContradiction(
  root: Field,
  settings: ReadonlyMap<string, Setting>,
  custom: Configuration,
): ReadonlyMap<string, Setting> {
  const written = Object.entries(POOL_FIELDS)
    .filter(([name]) => root.at("spec", "connectionPool", name).exists)
    .map(([, { key }]): string => key);
  return new Map(
    [...custom.settings].map(([key, value]) => {
      const own = settings.get(key);
      const isSame = own?.known === true && value.known && own.value === value.value;
      if (!written.includes(key) || isSame) return [key, value];
      const what = `which ${key} of ${objectOf(root.place())} applies: spec.connectionPool has another than its file`;
      return [key, missing(what, own?.place ?? root.place(), "write the same in both")];
    }),
  );
}

/** One line for each database, named by its alias in older versions. */
function linesOf(root: Field, inventory: Inventory): ReadonlyMap<string, ConfiguredLine> {
  const spec = root.at("spec");
  const databases = [spec.at("database"), ...spec.items("databases")];
  return new Map(
    databases.flatMap((database) => {
      const name = database.text("databaseName");
      if (name === undefined) return [];
      const place = database.at("databaseRef", "name").place();
      const keys = new Map([
        ...backendKeys(database.at("databaseRef"), inventory),
        ["dbname", setting(name, database.at("databaseName").place())] as const,
      ]);
      return [[database.text("alias") ?? name, { place, keys }] as const];
    }),
  );
}

/** Where an AppBinding leads; KubeDB makes one for each Postgres, of its name and to its Service. */
function backendKeys(reference: Field, inventory: Inventory): Map<string, Setting> {
  const namespace = reference.text("namespace") ?? reference.object.namespace;
  const name = reference.text("name") ?? "";
  const place = reference.at("name").place();
  const keys = (host: string, port: number): Map<string, Setting> =>
    new Map([
      ["host", setting(host, place)],
      ["port", setting(String(port), place)],
    ]);
  const object = inventory.find("appcatalog.appscode.com", "AppBinding", namespace, name);
  const client = object && Field.of(object).at("spec", "clientConfig");
  const [url] = connectionUrls(Template.of(client?.text("url") ?? ""));
  const host = url?.hosts[0];
  if (host?.host.known !== undefined) return keys(host.host.known, host.port ?? POSTGRES_PORT);
  const service = client?.at("service");
  const serviceName = service?.text("name") ?? name;
  const where = service?.text("namespace") ?? namespace;
  return keys(`${serviceName}.${where}.svc`, service?.count("port") ?? POSTGRES_PORT);
}

/** A configuration file of the user, or what is missing to read it. */
type CustomFile = { readonly text: string; readonly place: SourcePosition } | MissingQuantity;

/** The user's file of that name: from a Secret, under two names of the field, or inline. */
function customFiles(root: Field, file: string, inventory: Inventory): readonly CustomFile[] {
  const configuration = root.at("spec", "configuration");
  const secrets = [root.at("spec", "configSecret", "name"), configuration.at("secretName")];
  const { namespace } = root.object;
  const inSecrets = secrets.flatMap((field): readonly CustomFile[] => {
    const name = field.text();
    if (name === undefined) return [];
    const data = dataOf(inventory, "Secret", namespace, name);
    const entry = data?.get(file);
    const text = entry && textOf(entry);
    if (data === undefined || (entry !== undefined && text === undefined)) {
      const what = `the configuration of ${objectOf(root.place())}, which Secret ${namespace}/${name} holds`;
      return [missing(what, field.place(), `give Secret ${namespace}/${name} too`)];
    }
    return entry === undefined || text === undefined ? [] : [{ text, place: entry.place() }];
  });
  const inline = configuration.at("inline", file);
  const text = inline.text();
  return text === undefined ? inSecrets : [...inSecrets, { text, place: inline.place() }];
}

function serversOf(root: Field, context: AdapterContext): readonly FoundPostgres[] {
  const { name } = root.object;
  const tuned = root.at("spec", "configuration", "tuning", "maxConnections");
  const settings = new Map<string, PostgresSetting>(
    tuned.exists ? [["max_connections", { value: tuned.scalar(), place: tuned.place() }]] : [],
  );
  const files = customFiles(root, "user.conf", context.inventory);
  for (const file of files) {
    if ("known" in file) {
      settings.set("max_connections", { value: undefined, place: file.place });
      continue;
    }
    for (const [key, value] of confSettings(file.text)) {
      settings.set(key, { value, place: { ...file.place, key } });
    }
  }
  const labels = (role: string) => ({
    ...labelsOf(root, "postgreses"),
    [`${GROUP}/role`]: role,
  });
  return operatorPostgres(
    {
      root,
      port: POSTGRES_PORT,
      portName: "db",
      settings,
      // That of Postgres: its configuration leaves it out.
      // https://github.com/kubedb/postgres-init-docker/tree/master/role_scripts
      maxConnectionsDefault: 100,
      settingsPlace: root.at("spec").place(),
      roles: [
        {
          labels: labels("primary"),
          services: [name],
          serviceFields: servicesTo(root, "primary"),
        },
        {
          labels: labels("standby"),
          services: [`${name}-standby`, `${name}-replicas`],
          serviceFields: servicesTo(root, "standby"),
        },
      ],
    },
    context,
  );
}
