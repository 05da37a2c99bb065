import type { DatabaseRow } from "../model/pgbouncer.ts";

/**
 * How many backend connections a line may open in all: its pools, one for each role that it logs in
 * to Postgres as, and max_db_connections. Undefined: any number, which PgBouncer calls 0.
 */
export function serverLimitOf(
  { poolSize, reservePoolSize, maxConnections }: DatabaseRow,
  pools: number,
): number | undefined {
  const limits = [
    ...(poolSize > 0 ? [(poolSize + reservePoolSize) * Math.max(1, pools)] : []),
    ...(maxConnections > 0 ? [maxConnections] : []),
  ];
  return limits.length === 0 ? undefined : Math.min(...limits);
}
