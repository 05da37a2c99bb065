import { k8s } from "cdk8s-plus-27";
import { pgbouncerSelector, tryoutLabels, tryoutSelector } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { pods, policy, tcp } from "./networkPolicies.ts";
import { files, mounted, restrictedPod, runAs } from "./pod.ts";
import { service } from "./services.ts";
import { immutableConfigMap } from "./tierObjects.ts";
import {
  sqlFileOf,
  tryoutArguments,
  TRYOUT_CONFIG_DIR,
  TRYOUT_DATA_DIR,
  TRYOUT_IMAGE,
  TRYOUT_INIT_DIR,
  tryoutFiles,
  type Tryout,
} from "../src/render/tryout.ts";

/** The user of that image. */
const POSTGRES_UID = 999;

/**
 * A Postgres to try weir out with, on no disk: it forgets everything with its pod. It stands where
 * its budgets look for theirs, has a role for each, and keeps the sum by the same guard as a real
 * one should. Never for data.
 */
export function tryoutPostgres(tryout: Tryout): readonly Manifest[] {
  const { name, namespace, port } = tryout;
  const labels = tryoutLabels(name);
  const selector = tryoutSelector(name);
  const metadata = { name: `${name}-tryout`, namespace, labels };
  const config = immutableConfigMap(
    metadata,
    tryoutFiles(tryout, (index) => `\\getenv password ${passwordVariable(index)}`),
  );
  const { name: configName } = config.metadata;
  const sqlFiles = files(...tryout.budgets.map(sqlFileOf));
  const volumes = [
    mounted(
      { name: "config", configMap: { name: configName, items: files("pg_hba.conf") } },
      TRYOUT_CONFIG_DIR,
      { readOnly: true },
    ),
    mounted({ name: "init", configMap: { name: configName, items: sqlFiles } }, TRYOUT_INIT_DIR, {
      readOnly: true,
    }),
    mounted({ name: "data", emptyDir: {} }, TRYOUT_DATA_DIR),
    mounted({ name: "socket", emptyDir: {} }, "/var/run/postgresql"),
    mounted({ name: "tmp", emptyDir: {} }, "/tmp"),
  ];
  return [
    config,
    policy(metadata, selector, [
      {
        from: tryout.budgets.map(({ budget }) => pods(pgbouncerSelector(budget.metadata.name))),
        ports: [tcp(port)],
      },
    ]),
    service({ name, namespace, labels }, selector, { name: "postgres", port }),
    k8s.KubeStatefulSet.manifest({
      metadata: { name, namespace, labels },
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: selector },
        template: {
          metadata: { labels },
          spec: restrictedPod(container(tryout), volumes, runAs(POSTGRES_UID)),
        },
      },
    }),
  ];
}

function container(tryout: Tryout): k8s.Container {
  const { budgets, port } = tryout;
  const ready = { exec: { command: ["pg_isready", "-h", "127.0.0.1", "-p", String(port)] } };
  return {
    name: "postgres",
    image: TRYOUT_IMAGE,
    args: tryoutArguments(tryout),
    env: [
      // The superuser is reached from within the pod alone: see pg_hba.conf.
      { name: "POSTGRES_HOST_AUTH_METHOD", value: "trust" },
      { name: "PGDATA", value: `${TRYOUT_DATA_DIR}/pgdata` },
      ...budgets.map(({ budget }, index) => ({
        name: passwordVariable(index),
        valueFrom: {
          secretKeyRef: { name: budget.spec.postgres.credentialsSecretRef.name, key: "password" },
        },
      })),
    ],
    ports: [{ name: "postgres", containerPort: port }],
    resources: {
      requests: { cpu: k8s.Quantity.fromString("100m"), memory: k8s.Quantity.fromString("256Mi") },
    },
    // Over TCP: while it runs the SQL of its first start, it listens on its socket alone.
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...ready, periodSeconds: 5 },
  };
}

function passwordVariable(index: number): string {
  return `WEIR_PASSWORD_${index}`;
}
