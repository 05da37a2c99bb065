import { roleOf } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import { guardSql } from "../budget/guard.ts";
import { quotedIdentifier } from "../text/quoting.ts";
import type { PlannedBudget } from "../budget/planFleet.ts";

/** Asks for a Postgres for trying out. */
export const TRYOUT_VARIABLE = "WEIR_TRYOUT_POSTGRES";

/**
 * Whether WEIR_TRYOUT_POSTGRES asks for a Postgres for trying out. Empty is as good
 * as unset, as in a CI job without a value. Any other value than these is a problem, one sentence:
 * who writes `yes` must not be left without one.
 */
export function tryoutRequest(env: Readonly<Record<string, string | undefined>>): {
  readonly requested: boolean;
  readonly problems: readonly string[];
} {
  const value = env[TRYOUT_VARIABLE] ?? "";
  const isKnown = ["1", "0", ""].includes(value);
  return {
    requested: value === "1",
    problems: isKnown
      ? []
      : [`${TRYOUT_VARIABLE}: found ${JSON.stringify(value)}; must be 1, 0 or unset`],
  };
}

/** One Postgres for trying out, and the budgets of its namespace that look for theirs there. */
export interface Tryout {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly budgets: readonly PlannedBudget[];
}

/**
 * The Postgres that the budgets name, where weir can stand in for it: a Service name of the
 * budget's own namespace, without TLS. For the other budgets there are problems, one sentence each.
 */
export function tryoutsOf(planned: readonly PlannedBudget[]): {
  readonly tryouts: readonly Tryout[];
  readonly problems: readonly string[];
} {
  const tryouts = new Map<string, Tryout>();
  const problems: string[] = [];
  const servers = new Set(
    planned.flatMap((budget) => budget.servers.map(({ server }) => keyOf(server))),
  );
  for (const each of planned.filter(({ budget }) => budget.spec.pgbouncer.existing === undefined)) {
    const { metadata, spec } = each.budget;
    const { host, port } = spec.postgres;
    const { namespace } = metadata;
    const refuse = (field: string, found: string, allowed: string) =>
      problems.push(
        `ConnectionBudget/${metadata.name}: spec.postgres.${field}: found ${found}; with a Postgres for trying out it must be ${allowed}`,
      );
    const name = serviceOf(host, namespace);
    if (name === undefined) {
      refuse("host", host, `a name of at most 40 characters in namespace ${namespace}`);
      continue;
    }
    const key = `${namespace}/${name}`;
    const other = tryouts.get(key);
    if (servers.has(key) || servers.has(`${key}-tryout`)) {
      refuse("host", host, "another name than that of an McpServer");
    } else if (name.endsWith("-pgbouncer") || name.endsWith("-pgbouncer-peers")) {
      refuse("host", host, "another name than that of a PgBouncer");
    } else if (other !== undefined && other.port !== port) {
      refuse("port", String(port), `${other.port}, as in the other budgets of this Postgres`);
    } else if (spec.postgres.tls !== undefined && !WITHOUT_TLS.has(spec.postgres.tls.mode)) {
      refuse("tls.mode", spec.postgres.tls.mode, [...WITHOUT_TLS].join(", "));
    } else {
      tryouts.set(key, { name, namespace, port, budgets: [...(other?.budgets ?? []), each] });
    }
  }
  return { tryouts: [...tryouts.values()], problems };
}

/** It has no certificate. */
const WITHOUT_TLS: ReadonlySet<string> = new Set(["disable", "allow", "prefer"]);

/** The Service of the namespace that a host name means; undefined for any other host. */
function serviceOf(host: string, namespace: string): string | undefined {
  const [name = "", ...rest] = host.toLowerCase().replace(/\.$/, "").split(".");
  const isHere =
    rest.length === 0 || (rest[0] === namespace && (rest.length === 1 || rest[1] === "svc"));
  return isHere && /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name) ? name : undefined;
}

/** The image of a Postgres for trying out, in every output. */
export const TRYOUT_IMAGE = "docker.io/library/postgres:17";
export const TRYOUT_CONFIG_DIR = "/etc/postgres";
export const TRYOUT_INIT_DIR = "/docker-entrypoint-initdb.d";
export const TRYOUT_DATA_DIR = "/var/lib/postgresql/data";

/** The arguments that give it its settings. */
export function tryoutArguments({ budgets, port }: Tryout): string[] {
  const most = (field: "superuserReservedConnections" | "reservedConnections") =>
    Math.max(...budgets.map(({ budget }) => budget.spec.postgres[field]));
  const settings = {
    port,
    hba_file: `${TRYOUT_CONFIG_DIR}/pg_hba.conf`,
    // What the budgets disagree about: the least that any of them counts on.
    max_connections: Math.min(...budgets.map(({ budget }) => budget.spec.postgres.maxConnections)),
    superuser_reserved_connections: most("superuserReservedConnections"),
    reserved_connections: most("reservedConnections"),
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
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
