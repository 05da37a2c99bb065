import { POSTGRES_PORT } from "../../api/names.ts";
import { Field } from "../read/objects/field.ts";
import { setting } from "../read/poolers/poolers.ts";
import { settingsIn } from "../read/postgres/postgresServers.ts";
import { objectOf } from "../sourcePosition.ts";
import type { Adapter } from "../read/adapter.ts";
import { operatorPooler, operatorPostgres, settingsOf } from "./operatorObjects.ts";

const GROUP = "postgresql.cnpg.io";
/** As whom its poolers ask for passwords, unless they are given a Secret. */
const AUTH_USER = "cnpg_pooler_pgbouncer";
/** The default of a Cluster without a value: that of Postgres. */
const MAX_CONNECTIONS = 100;

/**
 * CloudNativePG: a Pooler is a Deployment and a Service of its name, on port 5432, with one line
 * `*` to its Cluster's Service. https://cloudnative-pg.io/docs/current/connection_pooling
 */
export const cnpg: Adapter = {
  groups: /(?:^|\.)cnpg\.io$/,
  objects: {
    [`${GROUP}/Pooler`]: (object, context) => {
      const root = Field.of(object);
      const spec = root.at("spec");
      const { name, namespace } = object;
      const pgbouncer = spec.at("pgbouncer");
      const settings = settingsOf(pgbouncer.at("parameters"));
      settings.set("listen_port", setting(String(POSTGRES_PORT), root.at("kind").place()));
      const secret = pgbouncer.at("authQuerySecret", "name");
      const authUser = secret.exists
        ? `Secret ${namespace}/${String(secret.value)} username`
        : AUTH_USER;
      const cluster = spec.at("cluster", "name");
      const place = cluster.place();
      const host = `${cluster.text() ?? ""}-${spec.text("type") ?? "rw"}`;
      const keys = new Map([
        ["host", setting(host, place)],
        ["port", setting(String(POSTGRES_PORT), place)],
        ["auth_user", setting(authUser, pgbouncer.place())],
      ]);
      const pooler = operatorPooler(
        {
          name: objectOf(root.place()),
          place: root.place(),
          deployment: name,
          port: POSTGRES_PORT,
          labels: { "cnpg.io/poolerName": name },
          replicas: spec.at("instances"),
          strategy: spec.at("deploymentStrategy", "type"),
          metadata: [root.at("metadata"), spec.at("template", "metadata")],
          serviceFields: [spec.at("serviceTemplate")],
          configuration: { settings, lines: new Map([["*", { place, keys }]]), users: new Map() },
        },
        context,
      );
      return { poolers: [pooler], owned: [`Deployment ${namespace}/${name}`] };
    },
    [`${GROUP}/Cluster`]: (object, context) => {
      const root = Field.of(object);
      const { name } = object;
      const labels = (role: string) => ({
        "cnpg.io/cluster": name,
        postgresql: name,
        "cnpg.io/instanceRole": role,
        role,
      });
      const spec = root.at("spec", "postgresql");
      const additional = root.items("spec", "managed", "services", "additional");
      const servicesTo = (...types: readonly string[]): readonly Field[] =>
        additional
          .filter((one) => types.includes(one.text("selectorType") ?? "rw"))
          .map((one) => one.at("serviceTemplate"));
      // Annotations and labels of all that it makes.
      const inherited = root.at("spec", "inheritedMetadata");
      const postgres = operatorPostgres(
        {
          root,
          port: POSTGRES_PORT,
          portName: "postgresql",
          settings: settingsIn(spec.at("parameters")),
          maxConnectionsDefault: MAX_CONNECTIONS,
          settingsPlace: spec.place(),
          roles: [
            // All that comes by -r may be on the primary, or on one replica.
            {
              labels: labels("primary"),
              services: [`${name}-rw`, `${name}-r`],
              serviceFields: [...servicesTo("rw", "r"), inherited],
            },
            {
              labels: labels("replica"),
              services: [`${name}-ro`, `${name}-r`],
              serviceFields: [...servicesTo("ro", "r"), inherited],
            },
          ],
        },
        context,
      );
      return { postgres };
    },
  },
};
