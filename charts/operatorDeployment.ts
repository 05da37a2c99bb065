import { k8s } from "cdk8s-plus-27";
import { OPERATOR_NAME, OPERATOR_NAMESPACE, OPERATOR_PORT } from "../src/api/names.ts";
import { OPERATOR_LABELS } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { patched } from "./patched.ts";
import { schedulingFields } from "./scheduling.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "./securityContext.ts";

/** Built from images/weir. */
export const OPERATOR_IMAGE = "weir.local/weir:0.1.0";

export const METRICS_PORT_NAME = "metrics";

/** One leads, and one that is already up takes over when the leader's node goes. */
const REPLICAS = 2;
/** Nobody's on a usual machine. */
const UID = 65_532;

/** The operator's pods: restricted, without a volume to write to. */
export function operatorDeployment(): Manifest {
  const manifest: Manifest = k8s.KubeDeployment.manifest({
    metadata: { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS },
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
  const port = k8s.IntOrString.fromString(METRICS_PORT_NAME);
  return {
    name: "operator",
    image: OPERATOR_IMAGE,
    args: ["operator"],
    env: [fromPod("POD_NAME", "metadata.name"), fromPod("POD_NAMESPACE", "metadata.namespace")],
    ports: [{ name: METRICS_PORT_NAME, containerPort: OPERATOR_PORT }],
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
