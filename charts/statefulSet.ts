import { k8s } from "cdk8s-plus-27";
import { processCountOf, type ConnectionBudget } from "../src/api/connectionBudget.ts";
import {
  budgetNames,
  PGBOUNCER_PORT,
  POSTGRES_CONNECTIONS_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../src/api/names.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { nofileLimit } from "../src/pgbouncer/nofile.ts";
import { pgbouncerSelector, tierMetadata } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import {
  AUTH_DIR,
  CLIENT_TLS_DIR,
  CONFIG_DIR,
  PGBOUNCER_UID,
  POSTGRES_CA_DIR,
  SOCKET_DIR,
} from "../src/render/pgbouncerFiles.ts";
import {
  files,
  mounted,
  patched,
  resourcesOf,
  restrictedPod,
  runAs,
  schedulingFields,
} from "./pod.ts";
import { PGBOUNCER_PORT_NAME } from "./services.ts";

/** 35 MB was measured with 5,000 busy clients; CPU is one thread. */
const REQUESTS = { cpu: "100m", memory: "64Mi" };

/** How long endpoints may lag behind a pod that stops, in seconds. */
const ENDPOINT_LAG_SECONDS = 5;

/**
 * PgBouncer logs when it has too few files and fails later, in accept(). So the limit is set before
 * it starts, and where the node allows less the container fails at once and says so.
 */
const START = 'ulimit -n "$0"; exec pgbouncer "$1"';

/**
 * SIGINT: open transactions finish, nothing new begins. Kubelet sends SIGTERM when this hook is
 * done, and a second signal would end PgBouncer at once: so wait until process 1, and this shell
 * with it, is gone.
 */
const SHUTDOWN_WAIT_FOR_SERVERS = "kill -INT 1; while kill -0 1; do sleep 1; done";

type StatefulSetManifest = Manifest & Pick<k8s.KubeStatefulSetProps, "spec">;

/**
 * A budget's PgBouncer: one process a pod, each with a peer id from its ordinal. A StatefulSet,
 * because it replaces a pod only when the old one is gone: K processes never open more than
 * K shares of Postgres.
 *
 * @param config name of the ConfigMap with the ini files
 */
export function statefulSet(
  budget: ConnectionBudget,
  plan: BudgetPlan,
  config: string,
): StatefulSetManifest {
  const { postgres, pgbouncer } = budget.spec;
  const metadata = tierMetadata(budget);
  const names = budgetNames(budget.metadata.name);
  const selector = pgbouncerSelector(budget.metadata.name);
  const postgresCa = postgres.tls?.caSecretRef?.name;
  const volumes = [
    mounted({ name: "config", configMap: { name: config } }, CONFIG_DIR, { readOnly: true }),
    secretVolume("auth", names.authSecret, AUTH_DIR, ["userlist.txt"]),
    mounted({ name: "socket", emptyDir: {} }, SOCKET_DIR),
    ...(pgbouncer.tls === undefined
      ? []
      : [secretVolume("tls", pgbouncer.tls.secretName, CLIENT_TLS_DIR, ["tls.crt", "tls.key"])]),
    ...(postgresCa === undefined
      ? []
      : [secretVolume("postgres-ca", postgresCa, POSTGRES_CA_DIR, ["ca.crt"])]),
  ];
  const manifest: StatefulSetManifest = k8s.KubeStatefulSet.manifest({
    metadata: { ...metadata, annotations: budgetAnnotations(budget, plan) },
    spec: {
      serviceName: names.peers,
      replicas: processCountOf(budget),
      // A tier that lost all its pods is back in the time of one.
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate" },
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: metadata.labels },
        spec: {
          ...restrictedPod(container(budget, plan), volumes, runAs(PGBOUNCER_UID)),
          terminationGracePeriodSeconds: pgbouncer.terminationGracePeriodSeconds,
        },
      },
    },
  });
  return patched(manifest, {
    "/spec/template/spec/containers/0/lifecycle": { preStop: preStop(processCountOf(budget)) },
    ...schedulingFields(pgbouncer, selector),
  });
}

/**
 * What no ini says and a proof of the manifests needs: the reserve, and P. They stand at the
 * StatefulSet itself: at its pods a new P would replace every one of them.
 */
export function budgetAnnotations(
  { spec }: ConnectionBudget,
  { slots }: BudgetPlan,
): Readonly<Record<string, string>> {
  const { consoles, maintenance, maintenanceSlots, logins } = spec.pgbouncer.reserve;
  return {
    [POSTGRES_CONNECTIONS_ANNOTATION]: String(slots.postgres),
    [RESERVE_ANNOTATION]: `consoles=${consoles},maintenance=${maintenance},maintenanceSlots=${maintenanceSlots},logins=${logins}`,
  };
}

function secretVolume(name: string, secretName: string, path: string, keys: readonly string[]) {
  const secret = { secretName, defaultMode: 0o440, items: files(...keys) };
  return mounted({ name, secret }, path, { readOnly: true });
}

function container(budget: ConnectionBudget, plan: BudgetPlan): k8s.Container {
  const { pgbouncer } = budget.spec;
  // Accepting is the kernel's: a probe takes no server's slot, and no login is tried.
  const tcpSocket = { port: k8s.IntOrString.fromString(PGBOUNCER_PORT_NAME) };
  return {
    name: "pgbouncer",
    image: pgbouncer.image,
    ...(pgbouncer.imagePullPolicy && { imagePullPolicy: pgbouncer.imagePullPolicy }),
    command: ["/bin/sh", "-ec", START],
    args: [String(nofileLimit(budget, plan.slots)), `${CONFIG_DIR}/$(POD_NAME).ini`],
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [{ name: PGBOUNCER_PORT_NAME, containerPort: PGBOUNCER_PORT }],
    resources: resourcesOf(pgbouncer.resources, REQUESTS),
    startupProbe: { tcpSocket, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { tcpSocket, periodSeconds: 5 },
    // A restart disconnects all clients: only for a process that has not accepted for a minute.
    livenessProbe: { tcpSocket, periodSeconds: 10, failureThreshold: 6 },
  };
}

/**
 * With others beside it, a process leaves the endpoints, then SIGTERM lets its clients go on until
 * they leave by themselves, at most for the grace period. A process that is alone is a gap for all
 * clients until its successor runs: it goes as soon as the open transactions are done.
 */
function preStop(replicas: number): unknown {
  return replicas > 1
    ? { sleep: { seconds: ENDPOINT_LAG_SECONDS } }
    : { exec: { command: ["/bin/sh", "-c", SHUTDOWN_WAIT_FOR_SERVERS] } };
}
