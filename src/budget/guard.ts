import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { quotedIdentifier } from "../text/quoting.ts";

/** A backend whose client is gone ends its query at the latest after this, in milliseconds. */
const CHECK_INTERVAL_MS = 500;

/**
 * The SQL that makes Postgres itself keep P for a budget. PgBouncer's limits do not bound backends:
 * a client that goes away in the middle of a query frees its slot while Postgres runs on. Bound is
 * the role: CONNECTION LIMIT P, and a check whether the client is still there. It may be run again;
 * it contains no password. One transaction: psql goes on after an error, and would else set a limit
 * for the superuser that the check above has just refused.
 *
 * @param postgresConnections P of the budget's plan (slots.postgres)
 */
export function guardSql(budget: ConnectionBudget, postgresConnections: number): string {
  const role = roleOf(budget);
  const name = quotedIdentifier(role);
  return `-- ConnectionBudget ${budget.metadata.namespace}/${budget.metadata.name}: at most ${postgresConnections} connections in Postgres.
-- Run as a superuser, or as a role that may create roles and has the admin option on ${name}.
BEGIN;
DO $weir$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', ${literal(role)});
  END IF;
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}) THEN
    RAISE EXCEPTION 'role % is a superuser, which no CONNECTION LIMIT holds: give the budget a role of its own', ${literal(role)};
  END IF;
END
$weir$;
ALTER ROLE ${name} CONNECTION LIMIT ${postgresConnections};
ALTER ROLE ${name} SET client_connection_check_interval = '${CHECK_INTERVAL_MS}ms';
ALTER ROLE ${name} SET tcp_keepalives_idle = 30;
ALTER ROLE ${name} SET tcp_keepalives_interval = 10;
ALTER ROLE ${name} SET tcp_keepalives_count = 3;
COMMIT;
`;
}

/**
 * E'' with backslashes doubled means the same whatever standard_conforming_strings is. A dollar sign
 * is written as its code, since it could end the DO block.
 */
function literal(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "''")
    .replaceAll("$", String.raw`\x24`);
  return `E'${escaped}'`;
}
