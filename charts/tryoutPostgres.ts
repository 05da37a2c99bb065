import { k8s } from "cdk8s-plus-27";
import { roleOf } from "../src/api/connectionBudget.ts";
import { guardSql } from "../src/budget/guard.ts";
import { contentHash } from "./contentHash.ts";
import { pgbouncerSelector, tryoutLabels, tryoutSelector } from "./labels.ts";
import type { Manifest } from "./manifest.ts";
import type { PlannedBudget } from "./planned.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "./securityContext.ts";
import type { Tryout } from "./tryouts.ts";

const IMAGE = "docker.io/library/postgres:17";
/** The user of that image. */
const POSTGRES_UID = 999;

const CONFIG_DIR = "/etc/postgres";
const INIT_DIR = "/docker-entrypoint-initdb.d";
const DATA_DIR = "/var/lib/postgresql/data";

/**
 * A Postgres to try weir out with, on no disk: it forgets everything with its pod. It stands where
 * its budgets look for theirs, has a role for each, and keeps the sum by the same guard as a real
 * one should. Never for data.
 */
export function tryoutPostgres(tryout: Tryout): readonly Manifest[] {
  const { name, namespace, port } = tryout;
  const labels = tryoutLabels(name);
  const data = files(tryout);
  const config = `${name}-tryout-${contentHash(JSON.stringify(data))}`;
  const selector = { matchLabels: tryoutSelector(name) };
  return [
    k8s.KubeConfigMap.manifest({
      metadata: { name: config, namespace, labels },
      immutable: true,
      data,
    }),
    k8s.KubeNetworkPolicy.manifest({
      metadata: { name: `${name}-tryout`, namespace, labels },
      spec: {
        podSelector: selector,
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          {
            from: tryout.budgets.map(({ budget }) => ({
              podSelector: { matchLabels: pgbouncerSelector(budget.metadata.name) },
            })),
            ports: [{ protocol: "TCP", port: k8s.IntOrString.fromNumber(port) }],
          },
        ],
      },
    }),
    k8s.KubeService.manifest({
      metadata: { name, namespace, labels },
      spec: {
        selector: tryoutSelector(name),
        ports: [{ name: "postgres", port, targetPort: k8s.IntOrString.fromString("postgres") }],
      },
    }),
    k8s.KubeStatefulSet.manifest({
      metadata: { name, namespace, labels },
      spec: {
        serviceName: name,
        replicas: 1,
        selector,
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: {
              ...RESTRICTED_POD,
              runAsUser: POSTGRES_UID,
              runAsGroup: POSTGRES_UID,
              fsGroup: POSTGRES_UID,
            },
            containers: [container(tryout)],
            volumes: [
              { name: "config", configMap: { name: config, items: [keyPath("pg_hba.conf")] } },
              {
                name: "init",
                configMap: { name: config, items: tryout.budgets.map(sqlFile).map(keyPath) },
              },
              { name: "data", emptyDir: {} },
              { name: "socket", emptyDir: {} },
              { name: "tmp", emptyDir: {} },
            ],
          },
        },
      },
    }),
  ];
}

function container({ budgets, port }: Tryout): k8s.Container {
  const most = (field: "superuserReservedConnections" | "reservedConnections") =>
    Math.max(...budgets.map(({ budget }) => budget.spec.postgres[field]));
  const settings = {
    port,
    hba_file: `${CONFIG_DIR}/pg_hba.conf`,
    // What the budgets disagree about: the least that any of them counts on.
    max_connections: Math.min(...budgets.map(({ budget }) => budget.spec.postgres.maxConnections)),
    superuser_reserved_connections: most("superuserReservedConnections"),
    reserved_connections: most("reservedConnections"),
  };
  const ready = { exec: { command: ["pg_isready", "-h", "127.0.0.1", "-p", String(port)] } };
  return {
    name: "postgres",
    image: IMAGE,
    args: Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    env: [
      // The superuser is reached from within the pod alone: see pg_hba.conf.
      { name: "POSTGRES_HOST_AUTH_METHOD", value: "trust" },
      { name: "PGDATA", value: `${DATA_DIR}/pgdata` },
      ...budgets.map(({ budget }, index) => ({
        name: passwordVariable(index),
        valueFrom: {
          secretKeyRef: {
            name: budget.spec.postgres.credentialsSecretRef.name,
            key: "password",
          },
        },
      })),
    ],
    ports: [{ name: "postgres", containerPort: port }],
    resources: {
      requests: {
        cpu: k8s.Quantity.fromString("100m"),
        memory: k8s.Quantity.fromString("256Mi"),
      },
    },
    securityContext: RESTRICTED_CONTAINER,
    // Over TCP: while it runs the SQL of its first start, it listens on its socket alone.
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...ready, periodSeconds: 5 },
    volumeMounts: [
      { name: "config", mountPath: CONFIG_DIR, readOnly: true },
      { name: "init", mountPath: INIT_DIR, readOnly: true },
      { name: "data", mountPath: DATA_DIR },
      { name: "socket", mountPath: "/var/run/postgresql" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function files(tryout: Tryout): Record<string, string> {
  return {
    "pg_hba.conf": [
      "local all all trust",
      ...tryout.budgets.map(
        ({ budget }) =>
          `host ${quoted(budget.spec.postgres.database)} ${quoted(roleOf(budget))} all scram-sha-256`,
      ),
      "",
    ].join("\n"),
    ...Object.fromEntries(
      tryout.budgets.map((planned, index) => [sqlFile(planned), sql(planned, index)]),
    ),
  };
}

/** The role with its password and its guard, and its database. psql runs it as the superuser. */
function sql({ budget, plan }: PlannedBudget, index: number): string {
  const database = budget.spec.postgres.database;
  const role = quoted(roleOf(budget));
  return `\\getenv password ${passwordVariable(index)}
\\set database ${psqlQuoted(database)}
${guardSql(budget, plan.slots.postgres)}ALTER ROLE ${role} PASSWORD :'password';
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database') \\gexec
\\connect :"database"
GRANT ALL ON SCHEMA public TO ${role};
`;
}

function sqlFile({ budget }: PlannedBudget): string {
  return `${budget.metadata.name}.sql`;
}

function passwordVariable(index: number): string {
  return `WEIR_PASSWORD_${index}`;
}

/** A name in SQL and in pg_hba.conf, where quotes also keep it from being a keyword. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An argument of psql's own commands. */
function psqlQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function keyPath(key: string): k8s.KeyToPath {
  return { key, path: key };
}
