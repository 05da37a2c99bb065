import { describe, expect, it } from "vitest";
import { systemIn } from "../../../test/verify/systemText.ts";

const object = (apiVersion: string, kind: string, name: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: db }\nspec: ${spec}\n---\n`;

/** Which poolers and Postgres have clients outside of the cluster, and the field that opens them. */
function opened(text: string): unknown {
  return systemIn(text)
    .clients.filter(({ name }) => name.includes("outside"))
    .map(({ pool, target }) => [
      target.kind === "postgres" ? target.postgres.replace(/\..*/, "") : target.pooler,
      pool.known ? pool.value : pool.what.replace(/^.*: /, ""),
    ]);
}

const cnpg = (pooler: string, cluster: string, type = "rw") =>
  object(
    "postgresql.cnpg.io/v1",
    "Pooler",
    "p",
    `{ cluster: { name: pg }, type: ${type}, pgbouncer: {}${pooler} }`,
  ) + object("postgresql.cnpg.io/v1", "Cluster", "pg", `{ instances: 3${cluster} }`);
const additional = (selectorType: string, type: string) =>
  `, managed: { services: { additional: [{ selectorType: ${selectorType}, serviceTemplate: { metadata: { name: x }, spec: { type: ${type} } } }] } }`;
const zalando = (spec: string) =>
  object("acid.zalan.do/v1", "postgresql", "pg", `{ enableConnectionPooler: true${spec} }`);
const zalandoOperator = (settings: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: operator, namespace: db }\ndata: { connection_pooler_image: x${settings} }\n---\n`;
const crunchy = (pooler: string, spec = "") =>
  object(
    "postgres-operator.crunchydata.com/v1beta1",
    "PostgresCluster",
    "pg",
    `{ proxy: { pgBouncer: { replicas: 1${pooler} } }${spec} }`,
  );
const percona = (pooler: string, spec = "") =>
  object(
    "pgv2.percona.com/v2",
    "PerconaPGCluster",
    "pg",
    `{ proxy: { pgBouncer: { replicas: 1${pooler} } }${spec} }`,
  );
const kubedb = (pooler: string, spec = "") =>
  object(
    "kubedb.com/v1",
    "PgBouncer",
    "p",
    `{ replicas: 1, database: { databaseName: app, databaseRef: { name: pg } }${pooler} }`,
  ) + object("kubedb.com/v1", "Postgres", "pg", `{ replicas: 1${spec} }`);
const template = (alias: string, type: string) =>
  `, serviceTemplates: [{ alias: ${alias}, spec: { type: ${type} } }]`;
const stackgres = (spec: string) =>
  object("stackgres.io/v1", "SGCluster", "pg", `{ instances: 1${spec} }`);

describe("the Services that an operator makes", () => {
  it.each([
    [
      "CloudNativePG's pooler",
      cnpg(", serviceTemplate: { spec: { type: LoadBalancer } }", ""),
      [["Pooler db/p", "Pooler db/p opens it by spec.serviceTemplate.spec.type"]],
    ],
    [
      "CloudNativePG's pooler, by an annotation",
      cnpg(
        `, serviceTemplate: { metadata: { annotations: { tailscale.com/expose: "true" } } }`,
        "",
      ),
      [["Pooler db/p", "Pooler db/p is exposed by Tailscale's operator (tailscale.com/expose)"]],
    ],
    [
      "CloudNativePG's primary",
      cnpg("", additional("rw", "LoadBalancer")),
      [
        [
          "pg-rw",
          "Cluster db/pg opens it by spec.managed.services.additional[0].serviceTemplate.spec.type",
        ],
      ],
    ],
    [
      "any instance of CloudNativePG",
      cnpg("", additional("r", "NodePort"), "ro"),
      [
        [
          "pg-ro",
          "Cluster db/pg opens it by spec.managed.services.additional[0].serviceTemplate.spec.type",
        ],
      ],
    ],
    ["CloudNativePG's replicas, behind no pooler", cnpg("", additional("ro", "LoadBalancer")), []],
    ["CloudNativePG's own usual type", cnpg("", additional("rw", "ClusterIP")), []],
    [
      "Zalando's pooler",
      zalando(", enableMasterLoadBalancer: false, enableMasterPoolerLoadBalancer: true"),
      [
        [
          "postgresql db/pg, pooler",
          "postgresql db/pg opens it by spec.enableMasterPoolerLoadBalancer",
        ],
      ],
    ],
    [
      "Zalando's primary",
      zalando(", enableMasterLoadBalancer: true"),
      [["pg", "postgresql db/pg opens it by spec.enableMasterLoadBalancer"]],
    ],
    [
      "Zalando's primary, by its operator",
      zalando("") + zalandoOperator(`, enable_master_load_balancer: "true"`),
      [["pg", `ConfigMap db/operator opens it by data.enable_master_load_balancer`]],
    ],
    [
      "Zalando's primary, by its operator's default",
      zalando("") + zalandoOperator(""),
      [["pg", `ConfigMap db/operator opens it by data.enable_master_load_balancer`]],
    ],
    [
      "Zalando's cluster, whatever its operator does",
      zalando(", enableMasterLoadBalancer: false") +
        zalandoOperator(`, enable_master_load_balancer: "true"`),
      [],
    ],
    [
      "Zalando's replicas, behind no pooler",
      zalando(", enableMasterLoadBalancer: false, enableReplicaLoadBalancer: true"),
      [],
    ],
    ["Zalando's cluster, which says nothing: assumed", zalando(""), [["pg", 0]]],
    ["Zalando's cluster, which says no", zalando(", enableMasterLoadBalancer: false"), []],
    [
      "Crunchy's pooler",
      crunchy(", service: { type: NodePort }"),
      [
        [
          "PostgresCluster db/pg, pgBouncer",
          "PostgresCluster db/pg opens it by spec.proxy.pgBouncer.service.type",
        ],
      ],
    ],
    [
      "Crunchy's primary",
      crunchy("", ", service: { type: LoadBalancer }"),
      [["pg-primary", "PostgresCluster db/pg opens it by spec.service.type"]],
    ],
    [
      "all of Crunchy's, by an annotation of its metadata",
      crunchy("", `, metadata: { annotations: { tailscale.com/expose: "true" } }`),
      [
        [
          "PostgresCluster db/pg, pgBouncer",
          "PostgresCluster db/pg is exposed by Tailscale's operator (tailscale.com/expose)",
        ],
        [
          "pg-primary",
          "PostgresCluster db/pg is exposed by Tailscale's operator (tailscale.com/expose)",
        ],
      ],
    ],
    [
      "none of Crunchy's, by another annotation",
      crunchy("", `, metadata: { annotations: { team: "shop" } }`),
      [],
    ],
    [
      "CloudNativePG's, by inherited metadata",
      cnpg("", `, inheritedMetadata: { annotations: { tailscale.com/expose: "true" } }`),
      [["pg-rw", "Cluster db/pg is exposed by Tailscale's operator (tailscale.com/expose)"]],
    ],
    ["Crunchy's replicas", crunchy("", ", replicaService: { type: LoadBalancer }"), []],
    [
      "Crunchy's other programs",
      crunchy("", ", userInterface: { pgAdmin: { service: { type: LoadBalancer } } }"),
      [],
    ],
    [
      "Percona's pooler",
      percona(", expose: { type: LoadBalancer }"),
      [
        [
          "PerconaPGCluster db/pg, pgBouncer",
          "PerconaPGCluster db/pg opens it by spec.proxy.pgBouncer.expose.type",
        ],
      ],
    ],
    [
      "Percona's primary",
      percona("", ", expose: { type: LoadBalancer }"),
      [["pg-primary", "PerconaPGCluster db/pg opens it by spec.expose.type"]],
    ],
    [
      "KubeDB's pooler",
      kubedb(template("primary", "LoadBalancer")),
      [["PgBouncer db/p", "PgBouncer db/p opens it by spec.serviceTemplates[0].spec.type"]],
    ],
    ["KubeDB's exporter", kubedb(template("stats", "LoadBalancer")), []],
    [
      "KubeDB's primary",
      kubedb("", template("primary", "NodePort")),
      [["pg", "Postgres db/pg opens it by spec.serviceTemplates[0].spec.type"]],
    ],
    ["KubeDB's standby, behind no pooler", kubedb("", template("standby", "NodePort")), []],
    [
      "StackGres' primary, to PgBouncer and past it",
      stackgres(", postgresServices: { primary: { type: LoadBalancer } }"),
      [
        [
          "SGCluster db/pg, PgBouncer of the primary",
          "SGCluster db/pg opens it by spec.postgresServices.primary.type",
        ],
        ["pg", "SGCluster db/pg opens it by spec.postgresServices.primary.type"],
      ],
    ],
    [
      "StackGres' replicas, of which there are none",
      stackgres(", postgresServices: { replicas: { type: LoadBalancer } }"),
      [],
    ],
  ])("open %s", (_, text, expected) => {
    expect(opened(text)).toEqual(expected);
  });

  it.each([
    ["a role", "{ cnpg.io/cluster: pg, role: primary }", true],
    ["a label that weir does not know", "{ cnpg.io/cluster: pg, cnpg.io/podRole: instance }", true],
    ["the name of an instance", "{ cnpg.io/instanceName: pg-1 }", true],
    ["another cluster", "{ cnpg.io/cluster: other, role: primary }", false],
    ["another role", "{ cnpg.io/cluster: pg, role: replica }", false],
  ])("are as open as a Service that selects its instances by %s", (_, selector, isOpen) => {
    const service = `apiVersion: v1\nkind: Service\nmetadata: { name: ext, namespace: db }\nspec: { type: LoadBalancer, selector: ${selector}, ports: [{ port: 5432 }] }\n`;
    const expected = isOpen ? [["pg-rw", "Service db/ext is of type LoadBalancer"]] : [];
    expect(opened(cnpg("", "") + service)).toEqual(expected);
  });
});
