import { type AddonObject, addonWorkload } from "./addonObjects.ts";

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
    ...addonWorkload({
      place: CORE_DNS,
      labels: { "k8s-app": "kube-dns" },
      image,
      args: ["-conf", "/etc/coredns/Corefile"],
      ready: { path: "/ready", port: READY_PORT },
      memory: "32Mi",
      folder: {
        name: "config",
        path: "/etc/coredns",
        source: { configMap: { name: CORE_DNS.name } },
      },
      // It is the DNS.
      dnsPolicy: "Default",
      service: {
        name: "kube-dns",
        clusterIP: clusterIp,
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: PORT },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: PORT },
        ],
      },
    }),
  ];
}
