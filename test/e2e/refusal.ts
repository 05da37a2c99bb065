/**
 * What a client is told when a limit refuses its connection: one of PgBouncer's three, or Postgres'
 * own (max_connections, what is reserved, a role's limit).
 */
export const REFUSAL =
  /no more connections allowed|client connections exceeded|too many clients|too many connections|remaining connection slots|PoolRefused/;

/** What it is told when nobody listens: a Service none of whose pods is ready, too. */
export const NOBODY = /ECONNREFUSED/;
