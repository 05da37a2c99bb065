import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { budgetNames } from "../api/names.ts";
import { quotedIdentifier } from "../text/quoting.ts";

/** In kubectl's templates. */
const PASSWORD_FIELD = "{{.data.password | base64decode}}";

/**
 * How Postgres gets the role's new password from its Secret, without anybody seeing it: kubectl
 * writes the statement, and the log of the session that runs it is turned off before.
 */
export function rolePasswordNote(budget: ConnectionBudget): string {
  const { namespace } = budget.metadata;
  const { host, port, credentialsSecretRef } = budget.spec.postgres;
  const secret = credentialsSecretRef.name;
  const role = roleOf(budget);
  // A new password has no dollar sign in it; `{{` begins an action wherever it stands.
  const identifier = quotedIdentifier(role).replaceAll("{{", '{{"{{"}}');
  const template = [
    "SET log_statement = none;",
    "SET log_min_error_statement = panic;",
    `ALTER ROLE ${identifier} PASSWORD $$${PASSWORD_FIELD}$$;`,
  ].join(" ");
  return `Secret ${namespace}/${secret} is new: when it is applied, give role ${role} in Postgres the same password (weir guard makes the role; a Postgres of WEIR_TRYOUT_POSTGRES has both by itself):
  kubectl -n ${namespace} get secret ${shellWord(secret)} -o go-template=${shellWord(template)} | psql -h ${host} -p ${port} -U postgres`;
}

/** How a PgBouncer that runs gets to know its new userlist. */
export function restartNote(budget: ConnectionBudget): string {
  const { namespace, name } = budget.metadata;
  const { authSecret, pgbouncer } = budgetNames(name);
  return `Secret ${namespace}/${authSecret} changes, and PgBouncer reads it only when it starts:
  kubectl -n ${namespace} rollout restart statefulset/${pgbouncer}`;
}

/** One word to a POSIX shell, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
