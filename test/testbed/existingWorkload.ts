import { roleOf, type ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import type { Applied } from "../../src/kube/apply.ts";

/**
 * A Deployment that weir did not make, as those of the incident: the pool size in its environment,
 * the shared login, the PgBouncer that is there. It is named by `spec.workloadRef`.
 */
export function existingWorkload(
  { metadata, spec }: McpServer,
  budget: ConnectionBudget,
): Applied["object"] {
  const name = spec.workloadRef?.name ?? metadata.name;
  const { postgres, pgbouncer } = budget.spec;
  const { host = "", port = 0 } = pgbouncer.existing ?? {};
  const labels = { app: name };
  const { type, maxSurge, maxUnavailable } = spec.rollout;
  const role = roleOf(budget);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: metadata.namespace },
    spec: {
      replicas: spec.replicas,
      strategy:
        type === "Recreate" ? { type } : { type, rollingUpdate: { maxSurge, maxUnavailable } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "server",
              image: "registry.example/writing-servers:0.1.0",
              ports: [{ containerPort: spec.port }],
              env: [
                { name: "ACTIVE_MCP_SERVERS", value: metadata.name },
                { name: "PGHOST", value: host },
                { name: "PGPORT", value: `${port}` },
                { name: "PGUSER", value: role },
                { name: "PGDATABASE", value: postgres.database },
                {
                  name: "PGPASSWORD",
                  valueFrom: {
                    secretKeyRef: { name: postgres.credentialsSecretRef.name, key: "password" },
                  },
                },
                { name: spec.pool.env.max, value: `${spec.pool.max}` },
              ],
            },
          ],
        },
      },
    },
  };
}
