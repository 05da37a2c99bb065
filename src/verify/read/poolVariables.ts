import type { Variable } from "../workload.ts";

/**
 * The usual names of variables that set the size of a program's pool. A variable that sets
 * threads (RAILS_MAX_THREADS) is here where the framework makes its pool as large.
 */
const NAMES: ReadonlySet<string> = new Set([
  // weir's own default, and the usual names of node-postgres, knex and hand-written pools.
  "DB_POOL_MAX_PER_SERVER",
  "DB_POOL_MAX",
  "DB_POOL_SIZE",
  "DB_POOL",
  "DB_MAX_POOL_SIZE",
  "DB_MAX_CONNECTIONS",
  "DB_MAX_CONNS",
  "DB_CONNECTION_LIMIT",
  "DB_POOL_LIMIT",
  "DB_POOL_MAX_SIZE",
  "DB_POOL_MAX_CONNECTIONS",
  "DB_CONNECTIONS",
  "POOL_MAX",
  "POOL_SIZE",
  "MAX_POOL_SIZE",
  "PGPOOLSIZE",
  "PGPOOL_MAX",
  "PG_POOL_MAX",
  "PG_POOL_SIZE",
  "PG_MAX_CONNECTIONS",
  "PG_CONNECTION_LIMIT",
  "POSTGRES_POOL_SIZE",
  "POSTGRES_POOL_MAX",
  "POSTGRES_MAX_CONNECTIONS",
  "POSTGRES_MAX_POOL_SIZE",
  "POSTGRES_CONNECTION_LIMIT",
  "DATABASE_POOL",
  "DATABASE_POOL_SIZE",
  "DATABASE_POOL_MAX",
  "DATABASE_MAX_CONNECTIONS",
  "DATABASE_MAX_POOL_SIZE",
  "DATABASE_CONNECTION_LIMIT",
  "DATABASE_CONNECTION_POOL_MAX",
  "KNEX_POOL_MAX",
  "KNEX_MAX_POOL",
  "TYPEORM_POOL_SIZE",
  "SEQUELIZE_POOL_MAX",
  "PRISMA_CONNECTION_LIMIT",
  // Go's database/sql: SetMaxOpenConns.
  "DB_MAX_OPEN_CONNS",
  "DB_MAX_OPEN_CONNECTIONS",
  "DATABASE_MAX_OPEN_CONNS",
  "DATABASE_MAX_OPEN_CONNECTIONS",
  "POSTGRES_MAX_OPEN_CONNS",
  "GF_DATABASE_MAX_OPEN_CONN",
  // Java: HikariCP under Spring, Agroal under Quarkus (and Keycloak).
  "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
  "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE",
  "SPRING_R2DBC_POOL_MAX_SIZE",
  "HIKARI_MAXIMUM_POOL_SIZE",
  "QUARKUS_DATASOURCE_JDBC_MAX_SIZE",
  "QUARKUS_DATASOURCE_REACTIVE_MAX_SIZE",
  "KC_DB_POOL_MAX_SIZE",
  // Python. SQLAlchemy opens its overflow too: see poolSize.ts.
  "SQLALCHEMY_POOL_SIZE",
  "DATABASE_POOL_MAX_SIZE",
  // Ruby: Active Record's pool is as large as the threads, unless DB_POOL is given.
  "RAILS_MAX_THREADS",
  "RAILS_DB_POOL",
  // Elixir's Ecto in Phoenix' own template is POOL_SIZE. Programs with names of their own:
  "PGRST_DB_POOL",
  "DB_POSTGRESDB_POOL_SIZE",
  "HASURA_GRAPHQL_PG_CONNECTIONS",
  "TEMPORAL_SQL_MAX_CONNS",
  "SQL_MAX_CONNS",
]);

/** A service's own prefix before such a name: `ORDERS_DB_POOL_SIZE`, `READ_DATABASE_POOL_MAX`. */
const PREFIXED =
  /_(?:DB|DATABASE|PG|POSTGRES|POSTGRESQL)_(?:POOL(?:_MAX|_SIZE|_MAX_SIZE|_LIMIT)?|MAX_(?:POOL_SIZE|CONNECTIONS|CONNS|OPEN_CONNS)|CONNECTION_LIMIT)$/;

/** What SQLAlchemy opens beyond its pool: `MAX_OVERFLOW`, `DB_MAX_OVERFLOW`, `DB_POOL_OVERFLOW`. */
const OVERFLOW = /^(|.*?_)(?:POOL_MAX|MAX|POOL)_OVERFLOW$/;

/** Prefixes that name no database: an overflow called so is every pool's that has none of its own. */
const GENERAL: ReadonlySet<string> = new Set(["", "SQLALCHEMY_"]);

/** The same by parameter of a connection string, in the form of POOL_PARAMETERS. */
export const OVERFLOW_PARAMETER = "maxoverflow";

/** A pool's name whose size leaves SQLAlchemy's overflow out; `DB_POOL_MAX` means all. */
const SIZE_ALONE = /(?:^|_)POOL(?:_?SIZE)?$/;

/** In a variable or a command, it says that SQLAlchemy connects: `postgresql+asyncpg://`. */
export const SQLALCHEMY_DRIVER = /\bpostgres(?:ql)?\+\w+/i;

export function leavesOverflowOut(name: string): boolean {
  return SIZE_ALONE.test(name.toUpperCase());
}

export function isOverflow(name: string): boolean {
  return OVERFLOW.test(name.toUpperCase());
}

/** The overflows of a pool: those of its own prefix, else the general ones. */
export function overflowsOf(pool: string, variables: readonly Variable[]): readonly Variable[] {
  const all = variables.filter(({ name }) => isOverflow(name));
  if (all.length === 0) return [];
  const prefix = /^(.*?)(?:MAX_|POOL|CONNECTION)/.exec(pool.toUpperCase())?.[1] ?? "";
  const own = all.filter((one) => prefixOf(one) === prefix);
  return own.length > 0 ? own : all.filter((one) => GENERAL.has(prefixOf(one)));
}

function prefixOf({ name }: Variable): string {
  return OVERFLOW.exec(name.toUpperCase())?.[1] ?? "";
}

export function isPoolVariable(name: string): boolean {
  const upper = name.toUpperCase();
  return NAMES.has(upper) || PREFIXED.test(upper);
}

/** Threads make the pool only where nothing else does. */
export function isFallback(name: string): boolean {
  return name.toUpperCase() === "RAILS_MAX_THREADS";
}

/** The same by parameter of a connection string, in lower case without separators. */
export const POOL_PARAMETERS: readonly string[] = [
  // Prisma, asyncpg and others, pgxpool, node's drivers, HikariCP, Npgsql, r2dbc.
  "connectionlimit",
  "poolsize",
  "poolmaxconns",
  "poolmax",
  "poolmaxsize",
  "maxpoolsize",
  "maximumpoolsize",
  "maxsize",
  "maxconnections",
  "maxconns",
];
