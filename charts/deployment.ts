import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import {
  POOL_LIMIT_ANNOTATION,
  POOL_LIMIT_FILE,
  POOL_PORT,
  PROCESSES_PER_POD_ANNOTATION,
} from "../src/api/names.ts";
import { mostReplicas } from "../src/budget/sums.ts";
import type { ServerPlan } from "../src/budget/plan.ts";
import { environment, PGBOUNCER_CA_DIR } from "../src/render/environment.ts";
import { serverMetadata, serverSelector } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { files, mounted, patched, resourcesOf, restrictedPod, schedulingFields } from "./pod.ts";
import { MCP_PORT_NAME } from "./services.ts";

const REQUESTS = { cpu: "100m", memory: "128Mi" };

const LIMIT_FILE_AT = POOL_LIMIT_FILE.lastIndexOf("/");
const LIMIT_DIR = POOL_LIMIT_FILE.slice(0, LIMIT_FILE_AT);
const LIMIT_FILE = POOL_LIMIT_FILE.slice(LIMIT_FILE_AT + 1);

export type DeploymentManifest = Manifest & Pick<k8s.KubeDeploymentProps, "spec">;

/**
 * A server's pods. The limit of its pools stands in the environment, for the start, and in an
 * annotation that is mounted as a file, through which a pool can be resized while it runs.
 */
export function deployment(
  server: McpServer,
  image: string,
  budget: ConnectionBudget,
  plan: ServerPlan,
): DeploymentManifest {
  const { spec } = server;
  const metadata = serverMetadata(server);
  const selector = serverSelector(metadata.name);
  const replicas = replicasOf(server);
  const manifest: DeploymentManifest = k8s.KubeDeployment.manifest({
    metadata,
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: metadata.labels,
          annotations: {
            [POOL_LIMIT_ANNOTATION]: String(plan.limit),
            // Nothing else in the pod says how many there are; without it there is one.
            ...(plan.processesPerPod > 1 && {
              [PROCESSES_PER_POD_ANNOTATION]: String(plan.processesPerPod),
            }),
          },
        },
        spec: {
          ...restrictedPod(container(server, image), volumesOf(budget)),
          terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
        },
      },
    },
  });
  const { type, ...rollingUpdate } = spec.rollout;
  const own = "/spec/template/spec/containers/0";
  return patched(manifest, {
    "/spec/strategy": type === "Recreate" ? { type } : { type, rollingUpdate },
    [`${own}/env`]: [...environment(server, budget, plan), ...spec.env],
    [`${own}/envFrom`]: spec.envFrom,
    [`${own}/livenessProbe`]: spec.livenessProbe,
    [`${own}/readinessProbe`]: spec.readinessProbe,
    [`${own}/startupProbe`]: spec.startupProbe,
    ...schedulingFields(spec, mostReplicas(server) > 1 ? selector : undefined),
  });
}

/** Left to the autoscaler where there is one; a server that sleeps until it is needed has none. */
function replicasOf({ spec }: McpServer): number | undefined {
  if (spec.activation === "OnDemand") return 0;
  return spec.autoscaling === undefined ? spec.replicas : undefined;
}

function volumesOf(budget: ConnectionBudget) {
  const { tls } = budget.spec.pgbouncer;
  const limit = {
    path: LIMIT_FILE,
    fieldRef: {
      // What Kubernetes fills in here, each apply would take away.
      apiVersion: "v1",
      fieldPath: `metadata.annotations['${POOL_LIMIT_ANNOTATION}']`,
    },
  };
  return [
    mounted({ name: "tmp", emptyDir: {} }, "/tmp"),
    mounted({ name: "weir", downwardApi: { items: [limit] } }, LIMIT_DIR, { readOnly: true }),
    ...(tls === undefined
      ? []
      : [
          mounted(
            // Its key stays with PgBouncer.
            {
              name: "pgbouncer-ca",
              secret: { secretName: tls.secretName, items: files("ca.crt") },
            },
            PGBOUNCER_CA_DIR,
            { readOnly: true },
          ),
        ]),
  ];
}

function container({ spec }: McpServer, image: string): k8s.Container {
  const tcpSocket = { port: k8s.IntOrString.fromString(MCP_PORT_NAME) };
  return {
    name: "server",
    image,
    ...(spec.imagePullPolicy && { imagePullPolicy: spec.imagePullPolicy }),
    ...(spec.command && { command: spec.command }),
    ...(spec.args && { args: spec.args }),
    ports: [{ name: MCP_PORT_NAME, containerPort: spec.port }, ...poolPorts(spec.pool)],
    resources: resourcesOf(spec.resources, REQUESTS),
    // Never a request, which might take a connection of the pool.
    livenessProbe: { tcpSocket, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { tcpSocket, periodSeconds: 5 },
  };
}

/** Where each process of a pod serves its pool's limit and metrics. */
function poolPorts({ processesPerPod }: McpServer["spec"]["pool"]): k8s.ContainerPort[] {
  return Array.from({ length: processesPerPod }, (_, index) => ({
    name: index === 0 ? "pool" : `pool-${index}`,
    containerPort: POOL_PORT + index,
  }));
}
