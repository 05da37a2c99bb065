import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import {
  MAINTENANCE_LABEL,
  METRICS_LABEL,
  OPERATOR_NAMESPACE,
  PGBOUNCER_PORT,
  POOL_PORT,
  REPORT_PORT,
} from "../src/api/names.ts";
import {
  budgetSelector,
  OPERATOR_SELECTOR,
  pgbouncerSelector,
  serverMetadata,
  serverSelector,
  tierMetadata,
  type Labels,
} from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/**
 * Who reaches PgBouncer: the budget's servers, its own peers, pods labelled for maintenance, and
 * the operator, which asks what is open and what Postgres allows; its report alone is for metrics
 * too. It reaches Postgres, its peers and DNS. Postgres is bound by its port, since a policy knows
 * no host names.
 */
export function pgbouncerPolicy(budget: ConnectionBudget): Manifest {
  const { name } = budget.metadata;
  const selector = pgbouncerSelector(name);
  return policy(
    tierMetadata(budget),
    selector,
    [
      {
        from: [pods(budgetSelector(name)), pods({ [MAINTENANCE_LABEL]: name }), OPERATOR],
        ports: [tcp(PGBOUNCER_PORT)],
      },
      { from: READERS, ports: [tcp(REPORT_PORT)] },
    ],
    [
      ...DNS,
      { ports: [tcp(budget.spec.postgres.port)] },
      { to: [pods(selector)], ports: [tcp(PGBOUNCER_PORT)] },
    ],
  );
}

/**
 * Who reaches a server: pods of its namespace its port, and the operator, which shakes hands with
 * it; the pool's limit and metrics the operator and readers of metrics. It reaches its PgBouncer and DNS; policies add up, so that another one
 * can let it reach more.
 */
export function serverPolicy(server: McpServer): Manifest {
  const { budgetRef, pool, port } = server.spec;
  return policy(
    serverMetadata(server),
    serverSelector(server.metadata.name),
    [
      { from: [{ podSelector: {} }, OPERATOR], ports: [tcp(port)] },
      { from: READERS, ports: [tcp(POOL_PORT, POOL_PORT + pool.processesPerPod - 1)] },
    ],
    [...DNS, { to: [pods(pgbouncerSelector(budgetRef.name))], ports: [tcp(PGBOUNCER_PORT)] }],
  );
}

/** What may reach the pods of a selector, and what they may reach: nothing else, and nothing if it is left out. */
export function policy(
  metadata: k8s.ObjectMeta,
  selector: Labels,
  ingress: k8s.NetworkPolicyIngressRule[],
  egress?: k8s.NetworkPolicyEgressRule[],
): Manifest {
  return k8s.KubeNetworkPolicy.manifest({
    metadata,
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress,
      ...(egress && { egress }),
    },
  });
}

/** Pods of the policy's own namespace. */
export function pods(selector: Labels): k8s.NetworkPolicyPeer {
  return { podSelector: { matchLabels: selector } };
}

/** One port, or all from `first` to `last`. */
export function tcp(first: number, last = first): k8s.NetworkPolicyPort {
  return {
    protocol: "TCP",
    port: k8s.IntOrString.fromNumber(first),
    ...(last === first ? {} : { endPort: last }),
  };
}

const OPERATOR: k8s.NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": OPERATOR_NAMESPACE } },
  podSelector: { matchLabels: OPERATOR_SELECTOR },
};

/** Pods that read reports and metrics, in any namespace. */
export const READERS: k8s.NetworkPolicyPeer[] = [
  OPERATOR,
  { namespaceSelector: {}, podSelector: { matchLabels: { [METRICS_LABEL]: "true" } } },
];

/**
 * DNS is wherever a cluster has it: on port 53 anywhere (a cache on the node has no pod that a
 * selector finds), or on any port of the cluster's DNS pods, since policies see the port behind the
 * Service.
 */
export const DNS: readonly k8s.NetworkPolicyEgressRule[] = [
  {
    ports: [{ ...tcp(53), protocol: "UDP" }, tcp(53)],
  },
  {
    to: [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      },
    ],
  },
];
