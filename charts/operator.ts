import { k8s } from "cdk8s-plus-27";
import { crds } from "../src/api/crd.ts";
import {
  OPERATOR_NAME,
  OPERATOR_NAMESPACE,
  OPERATOR_PORT,
  PGBOUNCER_PORT,
  POSTGRES_PORT,
} from "../src/api/names.ts";
import { header, manifestStream, type Manifest } from "../src/render/manifest.ts";
import { OPERATOR_LABELS } from "../src/api/labels.ts";
import type { ManifestFile } from "./manifestFiles.ts";
import { namespace } from "./namespace.ts";
import { operatorAccess } from "./operatorAccess.ts";
import { DNS, policy, READERS, tcp } from "./networkPolicies.ts";
import { patched, RESTRICTED_CONTAINER, RESTRICTED_POD, schedulingFields } from "./pod.ts";
import { podDisruptionBudget } from "./podDisruptionBudget.ts";
import { service } from "./services.ts";

/** Built from images/weir. */
const OPERATOR_IMAGE = "weir.local/weir:0.1.0";

const METRICS_PORT = { name: "metrics", port: OPERATOR_PORT };

const METADATA = { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS };

/**
 * All that the operator needs in a cluster, in an order that can be applied: the kinds that it
 * watches, its namespace, its rights, then its pods. The same for every fleet.
 */
export function operatorObjects(): readonly Manifest[] {
  return [
    ...crds(),
    namespace(OPERATOR_NAMESPACE),
    ...operatorAccess(),
    operatorPolicy(),
    // Metrics are read of every pod, not of one of them: hence without an address.
    service(METADATA, OPERATOR_LABELS, METRICS_PORT, { clusterIp: "None" }),
    podDisruptionBudget(METADATA, OPERATOR_LABELS),
    operatorDeployment(),
  ];
}

/**
 * The API server, of which a policy knows no name and no pod: it runs on the host's network, or
 * nowhere in the cluster. Policies see the port behind the Service: 443 where the cluster is rented,
 * 6443 where kubeadm, kind or k3s made it.
 */
const API_SERVER_PORTS = [443, 6443];
const LAST_PORT = 65_535;

/**
 * Who reaches the operator: readers of metrics. (A kubelet always reaches the pods of its node.)
 *
 * It reaches DNS, the API server, all pods of the cluster, and outside of it the usual ports of
 * PgBouncer and Postgres. Narrower would be blind: each server has the port that its user wrote, and
 * so has a PgBouncer or Postgres that weir did not make; none of those need carry weir's labels. Wider
 * than that, to any port of any host, would let a broken operator carry away what it read. For a
 * PgBouncer or Postgres that is outside of the cluster and on another port, one more policy is
 * needed (docs/adopt.md): policies add up.
 */
function operatorPolicy(): Manifest {
  return policy(
    METADATA,
    OPERATOR_LABELS,
    [{ from: READERS, ports: [tcp(OPERATOR_PORT)] }],
    [
      ...DNS,
      { ports: API_SERVER_PORTS.map((port) => tcp(port)) },
      { to: [{ namespaceSelector: {} }], ports: [tcp(1, LAST_PORT)] },
      { ports: [tcp(PGBOUNCER_PORT), tcp(POSTGRES_PORT)] },
    ],
  );
}

/** One pod leads, and the other, which already runs, takes over when the leader's node goes. */
const REPLICAS = 2;
/** A UID that no user of a usual machine has. */
const UID = 65_532;

/** The operator's pods: restricted, without a volume to write to. */
function operatorDeployment(): Manifest {
  const manifest: Manifest = k8s.KubeDeployment.manifest({
    metadata: METADATA,
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: OPERATOR_LABELS },
      template: {
        metadata: { labels: OPERATOR_LABELS },
        spec: {
          serviceAccountName: OPERATOR_NAME,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          securityContext: { ...RESTRICTED_POD, runAsUser: UID, runAsGroup: UID },
          containers: [container()],
        },
      },
    },
  });
  return patched(manifest, schedulingFields({}, OPERATOR_LABELS));
}

function container(): k8s.Container {
  const port = k8s.IntOrString.fromString(METRICS_PORT.name);
  return {
    name: "operator",
    image: OPERATOR_IMAGE,
    args: ["operator"],
    env: [fromPod("POD_NAME", "metadata.name"), fromPod("POD_NAMESPACE", "metadata.namespace")],
    ports: [{ name: METRICS_PORT.name, containerPort: OPERATOR_PORT }],
    resources: {
      requests: { cpu: k8s.Quantity.fromString("100m"), memory: k8s.Quantity.fromString("256Mi") },
      // Measured: 450 MiB with 500 servers in one budget. It takes CPU when it starts, and memory as
      // the cluster's pods grow in number: every one of them is known by a few fields.
      limits: { memory: k8s.Quantity.fromString("1Gi") },
    },
    securityContext: RESTRICTED_CONTAINER,
    livenessProbe: { httpGet: { path: "/livez", port }, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { httpGet: { path: "/readyz", port }, periodSeconds: 5 },
  };
}

/** A variable that holds a field of the pod. */
function fromPod(name: string, fieldPath: string): k8s.EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

const WARNING =
  "# kubectl delete with this file deletes the kinds too, and with them every ConnectionBudget and\n" +
  "# McpServer of the cluster: docs/install.md says how to remove the operator alone.\n";

/**
 * The one file to apply. In a folder below the fleet's, into which `kubectl apply -f manifests/`
 * does not look: a fleet needs no operator.
 */
export function operatorFile(): ManifestFile {
  return {
    name: "operator/weir-operator.yaml",
    text: header("the operator") + WARNING + manifestStream(operatorObjects()),
  };
}
