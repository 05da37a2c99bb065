import type { AddonObject } from "./addonObject.ts";

/** Its Deployment, and all else that is its own. */
export const CORE_DNS = { name: "coredns", namespace: "kube-system" };
/** Not root, and no privilege: no port below 1024. Its Service has the usual one. */
const PORT = 1053;
const READY_PORT = 8181;

/**
 * Two blocks, since in one the answer to all other names would come before that of the cluster;
 * without it they would be refused, and clients would ask again and again.
 */
const COREFILE = `cluster.local:${PORT} in-addr.arpa:${PORT} {
    errors
    ready :${READY_PORT}
    kubernetes cluster.local in-addr.arpa {
        pods insecure
        ttl 5
    }
    cache 5
    loadbalance
}
.:${PORT} {
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`;

/**
 * The cluster's DNS, which knows the cluster and nothing else.
 *
 * @param clusterIp what kubelet tells pods to ask
 */
export function coreDnsObjects(image: string, clusterIp: string): readonly AddonObject[] {
  const metadata = CORE_DNS;
  const labels = { "k8s-app": "kube-dns" };
  const read = ["list", "watch"];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "coredns" },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: read },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "coredns" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "coredns",
      },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: COREFILE } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(image) },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: CORE_DNS.namespace, labels },
      spec: {
        clusterIP: clusterIp,
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: PORT },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: PORT },
        ],
      },
    },
  ];
}

function podSpec(image: string): object {
  return {
    serviceAccountName: CORE_DNS.name,
    priorityClassName: "system-cluster-critical",
    // It is the DNS.
    dnsPolicy: "Default",
    containers: [
      {
        name: CORE_DNS.name,
        image,
        args: ["-conf", "/etc/coredns/Corefile"],
        readinessProbe: {
          httpGet: { path: "/ready", port: READY_PORT },
          periodSeconds: 1,
          failureThreshold: 1,
        },
        resources: { requests: { cpu: "10m", memory: "32Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "config", mountPath: "/etc/coredns" }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: CORE_DNS.name } }],
  };
}
