import { budgetNames, MAINTENANCE_LINE, STATS_LOGIN } from "../api/names.ts";
import { byNames } from "../text/order.ts";
import { credentialsSecretOf, type McpServer } from "../api/mcpServer.ts";
import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { secretKeyOf, textOf, type SecretData, type SecretName } from "./secrets.ts";
import { passwordProblem } from "./userlist.ts";

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

/** Keys of a login's Secret; `username` may be missing. */
export const PASSWORD_KEY = "password";
export const USERNAME_KEY = "username";

/** The password of a Secret, or why it has none. Only `password` holds one. */
type PasswordFound =
  | { readonly kind: "Usable"; readonly password: string }
  | { readonly kind: "Missing" }
  | { readonly kind: "Unusable"; readonly problem: string };

/**
 * Reads a login's password from its Secret.
 *
 * @param data undefined when there is no such Secret
 */
export function findPassword(
  { login, secret }: LoginSecret,
  data: SecretData | undefined,
): PasswordFound {
  if (data === undefined) return { kind: "Missing" };
  const unusable = (what: string): PasswordFound => ({
    kind: "Unusable",
    problem: `Secret ${secretKeyOf(secret)}, of login ${login}, ${what}`,
  });
  const username = data[USERNAME_KEY];
  if (username !== undefined && textOf(username) !== login) {
    return unusable(`has another ${USERNAME_KEY}; make it that login, or remove the key`);
  }
  const value = data[PASSWORD_KEY];
  if (value === undefined) return unusable(`has no key ${PASSWORD_KEY}`);
  const password = textOf(value);
  if (password === undefined) return unusable(`has a ${PASSWORD_KEY} that is not UTF-8 text`);
  const problem = passwordProblem(password);
  return problem === undefined ? { kind: "Usable", password } : unusable(problem);
}
