import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { credentialsSecretOf, type McpServer } from "../api/mcpServer.ts";
import { budgetNames, MAINTENANCE_LINE, STATS_LOGIN } from "../api/names.ts";
import { byNames } from "../text/order.ts";
import type { SecretName } from "./secret.ts";

/** A login that PgBouncer must know the password of, and the Secret that holds it. */
export interface LoginSecret {
  readonly login: string;
  readonly secret: SecretName;
}

/**
 * The logins of a budget's PgBouncer: the role that it uses in Postgres first, weir's own two, and
 * each server that has a line, by name.
 */
export function loginSecretsOf(
  budget: ConnectionBudget,
  servers: readonly McpServer[],
): readonly LoginSecret[] {
  const { namespace } = budget.metadata;
  const names = budgetNames(budget.metadata.name);
  return [
    {
      login: roleOf(budget),
      secret: { namespace, name: budget.spec.postgres.credentialsSecretRef.name },
    },
    { login: MAINTENANCE_LINE, secret: { namespace, name: names.maintenanceSecret } },
    { login: STATS_LOGIN, secret: { namespace, name: names.statsSecret } },
    ...servers
      .filter(({ spec }) => spec.activation !== "Disabled")
      .toSorted(byNames(({ metadata }) => [metadata.name]))
      .map((server) => ({
        login: server.metadata.name,
        secret: { namespace, name: credentialsSecretOf(server) },
      })),
  ];
}
