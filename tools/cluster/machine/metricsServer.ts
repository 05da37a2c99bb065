import { type AddonObject, addonWorkload } from "./addonObjects.ts";

/** Its Deployment, and all else that is its own. */
export const METRICS_SERVER = { name: "metrics-server", namespace: "kube-system" };
const PORT = 10250;

const RBAC = "rbac.authorization.k8s.io";
const SUBJECTS = [{ kind: "ServiceAccount", ...METRICS_SERVER }];

/** What autoscalers ask for the CPU that pods use. */
export function metricsServerObjects(image: string): readonly AddonObject[] {
  const metadata = METRICS_SERVER;
  const read = ["get", "list", "watch"];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: { name: "metrics-server" },
      rules: [
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
        { apiGroups: [""], resources: ["pods", "nodes"], verbs: read },
      ],
    },
    clusterRoleBinding("metrics-server", "metrics-server"),
    clusterRoleBinding("metrics-server-auth-delegator", "system:auth-delegator"),
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: "metrics-server-auth-reader", namespace: METRICS_SERVER.namespace },
      roleRef: { apiGroup: RBAC, kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: SUBJECTS,
    },
    ...addonWorkload({
      place: METRICS_SERVER,
      labels: { "k8s-app": METRICS_SERVER.name },
      image,
      args: [
        "--cert-dir=/tmp",
        `--secure-port=${PORT}`,
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        "--kubelet-insecure-tls",
        // It ends when the first is not longer than the second.
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
      ],
      ready: { path: "/readyz", port: PORT, scheme: "HTTPS" },
      memory: "64Mi",
      folder: { name: "tmp", path: "/tmp", source: { emptyDir: {} } },
      service: {
        name: METRICS_SERVER.name,
        ports: [{ name: "https", port: 443, targetPort: PORT }],
      },
    }),
  ];
}

/** Its place among the APIs of the cluster. */
export function metricsApi(): AddonObject {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1beta1.metrics.k8s.io" },
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      // It shows a certificate that it made itself.
      insecureSkipTLSVerify: true,
      service: METRICS_SERVER,
    },
  };
}

function clusterRoleBinding(name: string, role: string): AddonObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: SUBJECTS,
  };
}
