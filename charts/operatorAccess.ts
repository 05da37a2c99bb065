import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import { budgetNames, GROUP, OPERATOR_NAME, OPERATOR_NAMESPACE } from "../src/api/names.ts";
import { OPERATOR_LABELS, tierMetadata } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** The operator's rights in the cluster: to read, and to write status, events and its lease. */

const FOLLOW = ["list", "watch"];
const RBAC_GROUP = "rbac.authorization.k8s.io";

const OPERATOR: k8s.Subject = {
  kind: "ServiceAccount",
  name: OPERATOR_NAME,
  namespace: OPERATOR_NAMESPACE,
};

/** In all namespaces. No Secret is among it: see budgetAccess. */
const RULES: k8s.PolicyRule[] = [
  // One by one when somebody else wrote a status meanwhile.
  { apiGroups: [GROUP], resources: ["connectionbudgets", "mcpservers"], verbs: ["get", ...FOLLOW] },
  {
    apiGroups: [GROUP],
    resources: ["connectionbudgets/status", "mcpservers/status"],
    verbs: ["patch"],
  },
  { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"], verbs: FOLLOW },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: FOLLOW },
  { apiGroups: [""], resources: ["pods", "services"], verbs: FOLLOW },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: FOLLOW },
  // Where the object is that an event is about.
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "get"] },
];

/**
 * In its own namespace, where nothing but weir is. By no name: an operator of one namespace has a
 * Lease of its own (`weir-operator-NAMESPACE`), and RBAC can't bind what is created to a name.
 */
const LEASE_RULES: k8s.PolicyRule[] = [
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create", "get", "update"],
  },
];

/** The operator's ServiceAccount, and its rights that depend on no budget. */
export function operatorAccess(): readonly Manifest[] {
  const own = { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS };
  const everywhere = { name: OPERATOR_NAME, labels: OPERATOR_LABELS };
  return [
    // The Deployment asks for the token: another pod that names the account gets none.
    k8s.KubeServiceAccount.manifest({ metadata: own, automountServiceAccountToken: false }),
    k8s.KubeClusterRole.manifest({ metadata: everywhere, rules: RULES }),
    k8s.KubeClusterRoleBinding.manifest({
      metadata: everywhere,
      roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: OPERATOR_NAME },
      subjects: [OPERATOR],
    }),
    k8s.KubeRole.manifest({ metadata: own, rules: LEASE_RULES }),
    binding(own),
  ];
}

/**
 * Lets the operator read the few Secrets of one budget with which it asks PgBouncer and Postgres,
 * by their names, in the budget's namespace.
 */
export function budgetAccess(budget: ConnectionBudget): readonly Manifest[] {
  const metadata = { ...tierMetadata(budget), name: `${OPERATOR_NAME}-${budget.metadata.name}` };
  return [
    k8s.KubeRole.manifest({
      metadata,
      rules: [
        {
          apiGroups: [""],
          resources: ["secrets"],
          resourceNames: [...secretsToRead(budget)],
          verbs: ["get"],
        },
      ],
    }),
    binding(metadata),
  ];
}

/**
 * Of its own PgBouncer the stats login, and the maintenance login, through which Postgres is asked;
 * of another one the logins that its user named. And whose certificates to trust on the way.
 */
function secretsToRead({ metadata, spec }: ConnectionBudget): ReadonlySet<string> {
  const { existing, tls } = spec.pgbouncer;
  const { credentialsSecretRef, tls: postgresTls } = spec.postgres;
  const own = budgetNames(metadata.name);
  const names =
    existing === undefined
      ? [own.statsSecret, own.maintenanceSecret, tls?.secretName]
      : [
          existing.statsSecretRef.name,
          credentialsSecretRef.name,
          tls?.secretName,
          postgresTls?.caSecretRef?.name,
        ];
  return new Set(names.filter((each) => each !== undefined));
}

/** Gives the operator the Role of the same name. */
function binding(metadata: k8s.ObjectMeta & { readonly name: string }): Manifest {
  return k8s.KubeRoleBinding.manifest({
    metadata,
    roleRef: { apiGroup: RBAC_GROUP, kind: "Role", name: metadata.name },
    subjects: [OPERATOR],
  });
}
