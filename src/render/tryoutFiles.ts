import { roleOf } from "../api/connectionBudget.ts";
import { guardSql } from "../budget/guard.ts";
import type { PlannedBudget } from "./planned.ts";
import type { Tryout } from "./tryouts.ts";
import { quotedIdentifier } from "../text/quoting.ts";

/** What a Postgres for trying out runs on, wherever it runs. */
export const TRYOUT_IMAGE = "docker.io/library/postgres:17";
export const TRYOUT_CONFIG_DIR = "/etc/postgres";
export const TRYOUT_INIT_DIR = "/docker-entrypoint-initdb.d";
export const TRYOUT_DATA_DIR = "/var/lib/postgresql/data";

/** Its settings, as `postgres -c` takes them. */
export function tryoutSettings({
  budgets,
  port,
}: Tryout): Readonly<Record<string, string | number>> {
  const most = (field: "superuserReservedConnections" | "reservedConnections") =>
    Math.max(...budgets.map(({ budget }) => budget.spec.postgres[field]));
  return {
    port,
    hba_file: `${TRYOUT_CONFIG_DIR}/pg_hba.conf`,
    // What the budgets disagree about: the least that any of them counts on.
    max_connections: Math.min(...budgets.map(({ budget }) => budget.spec.postgres.maxConnections)),
    superuser_reserved_connections: most("superuserReservedConnections"),
    reserved_connections: most("reservedConnections"),
  };
}

/**
 * pg_hba.conf, and the SQL of its first start for each budget, by file name.
 *
 * @param password for the budget of an index: psql's line that sets its variable `password`
 */
export function tryoutFiles(
  tryout: Tryout,
  password: (index: number) => string,
): Record<string, string> {
  return {
    "pg_hba.conf": [
      "local all all trust",
      ...tryout.budgets.map(
        ({ budget }) =>
          `host ${quotedIdentifier(budget.spec.postgres.database)} ${quotedIdentifier(roleOf(budget))} all scram-sha-256`,
      ),
      "",
    ].join("\n"),
    ...Object.fromEntries(
      tryout.budgets.map((planned, index) => [sqlFileOf(planned), sql(planned, password(index))]),
    ),
  };
}

/** The role with its password and its guard, and its database. psql runs it as the superuser. */
function sql({ budget, plan }: PlannedBudget, password: string): string {
  const database = budget.spec.postgres.database;
  const role = quotedIdentifier(roleOf(budget));
  return `${password}
\\set database ${psqlQuoted(database)}
${guardSql(budget, plan.slots.postgres)}ALTER ROLE ${role} PASSWORD :'password';
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database') \\gexec
\\connect :"database"
GRANT ALL ON SCHEMA public TO ${role};
`;
}

/** The name of a budget's SQL file. */
export function sqlFileOf({ budget }: PlannedBudget): string {
  return `${budget.metadata.name}.sql`;
}

/** An argument of psql's own commands. */
function psqlQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
