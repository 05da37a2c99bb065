import { pgbouncerLabels } from "../../src/api/labels.ts";
import { isMapping, type Fields } from "../../src/json/fields.ts";
import type { Sent } from "./controlPlane.ts";

const WEIR = "weir.dev/v1alpha1";

/** Where its parts are. */
interface BudgetParts {
  readonly postgresPort: number;
  /** A PgBouncer that weir did not make: one process unless said. */
  readonly existing?: {
    readonly host: string;
    readonly port: number;
    readonly processes?: number;
  };
  readonly tls?: Fields;
}

/** A budget in Observe, of role and database `app`. */
export function budget(
  namespace: string,
  name: string,
  { postgresPort, existing, tls }: BudgetParts,
): Sent {
  return {
    apiVersion: WEIR,
    kind: "ConnectionBudget",
    plural: "connectionbudgets",
    namespace,
    name,
    fields: {
      spec: {
        mode: "Observe",
        postgres: {
          host: "127.0.0.1",
          port: postgresPort,
          database: "app",
          credentialsSecretRef: { name: "app" },
        },
        pgbouncer: {
          maxClientConn: 50,
          ...(tls && { tls }),
          ...(existing && existingPgBouncer(existing)),
        },
      },
    },
  };
}

function existingPgBouncer({
  host,
  port,
  processes = 1,
}: NonNullable<BudgetParts["existing"]>): Fields {
  return { existing: { host, port, processes, statsSecretRef: { name: "old-stats" } } };
}

/** A server of the budget; of a workload that is there where one is named. */
export function mcpServer(
  namespace: string,
  name: string,
  spec: Fields & { readonly budgetRef: { readonly name: string } },
): Sent {
  return {
    apiVersion: WEIR,
    kind: "McpServer",
    plural: "mcpservers",
    namespace,
    name,
    fields: {
      spec: { port: 3001, ...(spec["workloadRef"] ? {} : { image: "server:1" }), ...spec },
    },
  };
}

/** As `weir secrets` makes them. */
export function secret(
  namespace: string,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Sent {
  return {
    apiVersion: "v1",
    kind: "Secret",
    plural: "secrets",
    namespace,
    name,
    fields: { stringData },
  };
}

export function deployment(
  namespace: string,
  name: string,
  { replicas = 1, env = [] }: { readonly replicas?: number; readonly env?: readonly Fields[] } = {},
): Sent {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    plural: "deployments",
    namespace,
    name,
    fields: {
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: "main", image: "x:1", env }] },
        },
      },
    },
  };
}

/** How a pod is. */
interface PodParts {
  readonly ip: string;
  readonly ready?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** A Deployment, through a ReplicaSet of its own. */
  readonly ofDeployment?: string;
  readonly env?: readonly Fields[];
}

export function pod(
  namespace: string,
  name: string,
  { ip, ready = true, labels = {}, ofDeployment, env = [] }: PodParts,
): Sent {
  const hash = "abc12";
  return {
    apiVersion: "v1",
    kind: "Pod",
    plural: "pods",
    namespace,
    name,
    metadata: {
      labels: { ...labels, ...(ofDeployment && { "pod-template-hash": hash }) },
      ...(ofDeployment && {
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: `${ofDeployment}-${hash}`,
            uid: "00000000-0000-0000-0000-000000000001",
            controller: true,
          },
        ],
      }),
    },
    fields: {
      spec: {
        automountServiceAccountToken: false,
        containers: [{ name: "main", image: "x:1", env }],
      },
    },
    status: {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

/** One of weir's own PgBouncers. */
export function pgbouncerPod(
  namespace: string,
  name: string,
  budgetName: string,
  ip: string,
): Sent {
  return pod(namespace, name, { ip, labels: pgbouncerLabels(budgetName) });
}

/** A loopback address that is nobody else's: pods have one each. */
export function podIp(): string {
  const parts = [1, 2, 3].map(() => 1 + Math.floor(Math.random() * 250));
  return `127.${parts.join(".")}`;
}

/** The conditions of a status as it was read. */
export function conditionsOf(status: unknown): readonly Fields[] {
  const conditions: unknown = isMapping(status) ? status["conditions"] : undefined;
  return Array.isArray(conditions) ? conditions.filter(isMapping) : [];
}
