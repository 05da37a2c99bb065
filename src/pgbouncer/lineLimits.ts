import { CONSOLE_DATABASE, MAINTENANCE_LINE } from "../api/names.ts";
import type { DatabaseRow, PoolRow } from "../model/pgbouncer.ts";

/** A number of SHOW CONFIG; undefined where it does not have it. */
export function numberSetting(
  config: ReadonlyMap<string, string>,
  key: string,
): number | undefined {
  const text = config.get(key);
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}

/** A line's own limit, else the limit of all lines; undefined: unlimited, which PgBouncer calls 0. */
export function clientLimitOf(
  { maxClientConnections = 0 }: DatabaseRow,
  config: ReadonlyMap<string, string>,
): number | undefined {
  if (maxClientConnections > 0) return maxClientConnections;
  const all = numberSetting(config, "max_db_client_connections") ?? 0;
  return all > 0 ? all : undefined;
}

/** The open connections of a line, over its pools. */
export function poolUseOf({ forceUser }: Pick<DatabaseRow, "forceUser">, own: readonly PoolRow[]) {
  return {
    /** Backend connections of all its pools. */
    openServers: own.reduce((sum, { servers }) => sum + servers, 0),
    /** The roles it logs in as. A pool of an earlier `user=` may remain after a RELOAD. */
    roles: forceUser === undefined ? own.map(({ user }) => user).toSorted() : [forceUser],
  };
}

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

/** Consoles and those that check or migrate come from elsewhere, or are beside a pod's pool. */
export function isOfPool({ line }: { readonly line: string }): boolean {
  return line !== CONSOLE_DATABASE && line !== MAINTENANCE_LINE;
}
