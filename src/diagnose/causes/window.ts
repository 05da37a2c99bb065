import { CONSOLE_DATABASE } from "../../api/names.ts";
import type { ClientRow, LivePgBouncer, PgBouncerSample } from "../../model/pgbouncer.ts";
import { numberSetting, poolUseOf, serverLimitOf } from "../../pgbouncer/lineLimits.ts";
import { isWaiting } from "../../pgbouncer/show.ts";
import { byCodeUnit } from "../../text/order.ts";

/** One client that is there in every sample of its pgbouncer. */
export interface PersistentClient {
  readonly pgbouncer: LivePgBouncer;
  /** Its row in the last sample. */
  readonly client: ClientRow;
  /** In the order of the samples, the last one too. */
  readonly rows: readonly ClientRow[];
}

/** Clients that are in every sample, without consoles: only they hold a connection for long. */
export function persistentClientsOf(pgbouncer: LivePgBouncer): readonly PersistentClient[] {
  const all = pgbouncer.samples.map(
    ({ clients }) => new Map(clients.map((one) => [keyOf(one), one])),
  );
  return lastOf(pgbouncer)
    .clients.flatMap((client) => {
      if (isConsole(client)) return [];
      const rows = all.flatMap((clients) => clients.get(keyOf(client)) ?? []);
      return rows.length === all.length ? [{ pgbouncer, client, rows }] : [];
    })
    .toSorted((a, b) => byCodeUnit(keyOf(a.client), keyOf(b.client)));
}

/** The clients of every sample: a client of several samples occurs as often. */
export function clientsIn(pgbouncers: readonly LivePgBouncer[]): readonly ClientRow[] {
  return pgbouncers.flatMap(({ samples }) => samples.flatMap(({ clients }) => clients));
}

export function addressesOf(clients: readonly ClientRow[]): ReadonlySet<string> {
  return new Set(clients.map(({ address }) => address));
}

/** Before 1.24 an id may come again, within a second; the port doesn't as quickly. */
export function keyOf({ id, address, port }: ClientRow): string {
  return `${id} ${address} ${port}`;
}

/** Holds a backend connection, or waits for one. */
export function isBusy(client: ClientRow): boolean {
  return client.serverId !== undefined || isWaiting(client);
}

export function isConsole({ line }: { readonly line: string }): boolean {
  return line === CONSOLE_DATABASE;
}

/** How long it has asked nothing, if it asked nothing between the samples; else 0. */
export function silenceMs({ pgbouncer, client, rows }: PersistentClient): number {
  const requests = new Set(rows.map(({ requestedAtMs }) => requestedAtMs));
  return requests.size === 1 ? lastOf(pgbouncer).atMs - client.requestedAtMs : 0;
}

/** @throws when there is none: a PgBouncer that answers has two at least */
export function lastOf({ samples, address }: LivePgBouncer): PgBouncerSample {
  const last = samples.at(-1);
  if (last === undefined) throw new Error(`PgBouncer ${address} has no sample`);
  return last;
}

/** max_client_conn; PgBouncer's default where SHOW CONFIG does not have it. */
export function maxClientConnOf({ config }: LivePgBouncer): number {
  return numberSetting(config, "max_client_conn") ?? 100;
}

/** What the pools of a line have and may have, in the last sample. */
export function linePoolsOf(pgbouncer: LivePgBouncer, name: string) {
  const line = pgbouncer.lines.find((each) => each.name === name);
  const pools = lastOf(pgbouncer).pools.filter((pool) => pool.line === name);
  const { openServers, roles } = poolUseOf(line ?? {}, pools);
  return {
    servers: openServers,
    /** Undefined: any number, or the line is not known. */
    serversMax: line && serverLimitOf(line, roles.length),
    waiting: pools.reduce((sum, { clientsWaiting }) => sum + clientsWaiting, 0),
  };
}

/** Postgres reports moments as ages, which differ by the time that the answers took. */
const SAME_MOMENT_MS = 500;

/** The first of these moments, if all are known and are one; else undefined. */
export function sameMoment(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((each) => each !== undefined);
  if (known.length === 0 || known.length < moments.length) return undefined;
  const first = Math.min(...known);
  return Math.max(...known) - first <= SAME_MOMENT_MS ? first : undefined;
}

/** Whether somebody waits for a backend connection of this pool in every sample. */
export function alwaysQueued(pgbouncer: LivePgBouncer, line: string, user: string): boolean {
  return pgbouncer.samples.every(({ pools }) =>
    pools.some((pool) => pool.line === line && pool.user === user && pool.clientsWaiting > 0),
  );
}
