import { CONSOLE_DATABASE } from "../../api/names.ts";
import type { Places } from "./finding.ts";
import type { ClientRow, LivePgBouncer, PgBouncerSample } from "../../model/pgbouncer.ts";
import { byCodeUnit } from "../../text/order.ts";

/** One client that is there in every sample of its pooler. */
export interface PersistentClient {
  readonly pooler: LivePgBouncer;
  /** As it was last seen. */
  readonly client: ClientRow;
  /** In the order of the samples, the last one too. */
  readonly seen: readonly ClientRow[];
}

/** Those who were there all the time, consoles left out: only they hold something. */
export function persistentClientsOf(pooler: LivePgBouncer): readonly PersistentClient[] {
  const all = pooler.samples.map(({ clients }) => new Map(clients.map((one) => [keyOf(one), one])));
  return lastOf(pooler)
    .clients.flatMap((client) => {
      if (isConsole(client)) return [];
      const seen = all.flatMap((clients) => clients.get(keyOf(client)) ?? []);
      return seen.length === all.length ? [{ pooler, client, seen }] : [];
    })
    .toSorted((a, b) => byCodeUnit(keyOf(a.client), keyOf(b.client)));
}

/** Before 1.24 an id may come again, within a second; the port doesn't as quickly. */
export function keyOf({ id, address, port }: ClientRow): string {
  return `${id} ${address} ${port}`;
}

/** Holds a server connection, or waits for one. */
export function isBusy(client: ClientRow): boolean {
  return client.serverId !== undefined || isWaiting(client);
}

export function isWaiting({ state, waitMs }: ClientRow): boolean {
  return waitMs > 0 || state.startsWith("waiting");
}

export function isConsole({ line }: { readonly line: string }): boolean {
  return line === CONSOLE_DATABASE;
}

/** How long it has asked nothing, if it asked nothing between the samples; else 0. */
export function silenceMs({ pooler, client, seen }: PersistentClient): number {
  const requests = new Set(seen.map(({ requestedAtMs }) => requestedAtMs));
  return requests.size === 1 ? lastOf(pooler).atMs - client.requestedAtMs : 0;
}

/** @throws when there is none: a pooler that answers has two at least */
export function lastOf({ samples, address }: LivePgBouncer): PgBouncerSample {
  const last = samples.at(-1);
  if (last === undefined) throw new Error(`PgBouncer ${address} has no sample`);
  return last;
}

/** max_client_conn; PgBouncer's default where SHOW CONFIG does not have it. */
export function maxClientConnOf({ config }: LivePgBouncer): number {
  return Number(config.get("max_client_conn") ?? 100);
}

/** Whether somebody waits for a server connection of this pool in every sample. */
export function alwaysQueued(pooler: LivePgBouncer, line: string, user: string): boolean {
  return pooler.samples.every(({ pools }) =>
    pools.some((pool) => pool.line === line && pool.user === user && pool.clientsWaiting > 0),
  );
}

/** What these clients take, by pooler and line. */
export function placesOf(stays: readonly PersistentClient[]): readonly Places[] {
  const byPooler = Map.groupBy(stays, ({ pooler }) => pooler.address);
  return [...byPooler].flatMap(([pooler, own]) => {
    const byLine = Map.groupBy(own, ({ client }) => client.line);
    return [...byLine].map(([line, { length }]) => ({ pooler, line, clients: length }));
  });
}
