import { CONSOLE_DATABASE } from "../api/names.ts";
import type {
  ClientCount,
  ClientRow,
  DatabaseRow,
  ListCounts,
  PgBouncerSample,
  PoolRow,
  ServerRow,
} from "../model/pgbouncer.ts";
import { consoleIn } from "./processIdentity.ts";

/** What the rows of one sample are read with. */
interface Reading {
  /** What the shown clock is ahead of ours. */
  readonly clockAheadMs: number;
  /** The application name of weir's own console. */
  readonly self: string;
}

/** `1.26.1`, of SHOW VERSION: `PgBouncer 1.26.1`, or `PgBouncer 1.18.0 on x86_64…`. */
export function versionOf([row = {}]: readonly ShowRow[]): string {
  const text = textOf(row, "version");
  const version = /PgBouncer\D*(\d+(?:\.\d+)*\w*)/i.exec(text)?.[1];
  if (version === undefined) throw new ShowError(`SHOW VERSION names no PgBouncer: ${text}`);
  return version;
}

/** The rows of SHOW CONFIG, by key. */
export function configOf(rows: readonly ShowRow[]): ReadonlyMap<string, string> {
  return new Map(rows.map((row) => [textOf(row, "key"), textIn(row, "value") ?? ""]));
}

/** The rows of SHOW DATABASES, without the console's. */
export function databasesOf(
  rows: readonly ShowRow[],
  config: ReadonlyMap<string, string>,
): readonly DatabaseRow[] {
  return rows
    .filter((row) => textOf(row, "name") !== CONSOLE_DATABASE)
    .map((row) => {
      const forceUser = textIn(row, "force_user");
      const maxClients = numberIn(row, "max_client_connections");
      const openClients = numberIn(row, "current_client_connections");
      return {
        name: textOf(row, "name"),
        // A Postgres over a unix socket has none.
        host: textIn(row, "host") ?? "",
        port: numberOf(row, "port"),
        database: textIn(row, "database") ?? textOf(row, "name"),
        ...(forceUser !== undefined && { forceUser }),
        poolSize: numberOf(row, "pool_size"),
        // Called reserve_pool before 1.24.
        reservePoolSize: numberIn(row, "reserve_pool_size") ?? numberOf(row, "reserve_pool"),
        poolMode: textIn(row, "pool_mode") ?? config.get("pool_mode") ?? "session",
        maxConnections: numberOf(row, "max_connections"),
        ...(maxClients !== undefined && { maxClientConnections: maxClients }),
        ...(openClients !== undefined && { openClients }),
        paused: numberOf(row, "paused") !== 0,
        disabled: numberOf(row, "disabled") !== 0,
      };
    });
}

/** The rows of SHOW CLIENTS, without weir's own console. */
export function clientsOf(
  rows: readonly ShowRow[],
  servers: readonly ShowRow[],
  reading: Reading,
): readonly ClientRow[] {
  const idByPtr = new Map(servers.map((row) => [textOf(row, "ptr"), idOf(row)]));
  return rows
    .filter((row) => !isSelf(row, reading.self))
    .map((row) => {
      const link = textIn(row, "link");
      const state = textOf(row, "state");
      return {
        ...whoseOf(row),
        applicationName: textIn(row, "application_name") ?? "",
        address: textOf(row, "addr"),
        port: numberOf(row, "port"),
        state,
        ...timesOf(row, reading),
        waitMs: isWaiting({ state }) ? durationMsOf(row, "wait") : 0,
        // A server of a moment later than SHOW SERVERS is in no row of it.
        ...(link !== undefined && { serverId: idByPtr.get(link) ?? link }),
      };
    });
}

/**
 * Those of SHOW CLIENTS, but weir's own console: how many are alike in line, user and address. The
 * same clients are in the same order each time.
 */
export function clientCountsOf(rows: readonly ShowRow[], self: string): readonly ClientCount[] {
  const counts = new Map<string, ClientCount>();
  for (const row of rows) {
    if (isSelf(row, self)) continue;
    const line = textIn(row, "database") ?? "";
    const user = textIn(row, "user") ?? "";
    const address = textIn(row, "addr") ?? "";
    const state = textIn(row, "state") ?? "";
    const key = JSON.stringify([line, user, address]);
    const { count, idle, waiting } = counts.get(key) ?? { count: 0, idle: 0, waiting: 0 };
    // Before 1.24 a client without a transaction is `active` too, but linked to no server.
    const isIdle = state === "idle" || (state === "active" && textIn(row, "link") === undefined);
    counts.set(key, {
      line,
      user,
      address,
      count: count + 1,
      idle: idle + (isIdle ? 1 : 0),
      waiting: waiting + (isWaiting({ state }) ? 1 : 0),
    });
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

/** weir's consoles among the rows of SHOW CLIENTS, by name. */
export function consolesOf(rows: readonly ShowRow[]): readonly string[] {
  return rows
    .filter((row) => textIn(row, "database") === CONSOLE_DATABASE)
    .flatMap((row) => consoleIn(textIn(row, "application_name") ?? "") ?? [])
    .toSorted();
}

/** `waiting`, and what has a queue of its own: `waiting_cancel_req`. */
export function isWaiting({ state }: { readonly state: string }): boolean {
  return state.startsWith("waiting");
}

/** Whether a row of SHOW CLIENTS is weir's own console; application_name_add_host adds to it. */
export function isSelf(row: ShowRow, self: string): boolean {
  return (textIn(row, "application_name") ?? "").startsWith(self);
}

/** The rows of SHOW SERVERS. */
export function serversOf(rows: readonly ShowRow[], reading: Reading): readonly ServerRow[] {
  return rows.map((row) => ({
    ...whoseOf(row),
    state: textOf(row, "state"),
    backendPid: numberOf(row, "remote_pid"),
    localAddress: textOf(row, "local_addr"),
    localPort: numberOf(row, "local_port"),
    ...timesOf(row, reading),
  }));
}

/** The rows of SHOW POOLS, without the console's. */
export function poolsOf(rows: readonly ShowRow[]): readonly PoolRow[] {
  return rows
    .filter((row) => textOf(row, "database") !== CONSOLE_DATABASE)
    .map((row) => ({
      line: textOf(row, "database"),
      user: textOf(row, "user"),
      clientsWaiting: numberOf(row, "cl_waiting"),
      maxWaitMs: durationMsOf(row, "maxwait"),
      serversActive: numberOf(row, "sv_active"),
      servers:
        ["sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login"].reduce(
          (sum, column) => sum + numberOf(row, column),
          0,
          // A state that PgBouncer has since 1.18.
        ) + (numberIn(row, "sv_being_canceled") ?? 0),
    }));
}

/** What SHOW LISTS counts of clients. */
export function listCountsOf(rows: readonly ShowRow[]): ListCounts {
  return {
    usedClients: listedOf(rows, "used_clients"),
    loggingIn: listedOf(rows, "login_clients"),
  };
}

function listedOf(rows: readonly ShowRow[], list: string): number {
  const row = rows.find((each) => textIn(each, "list") === list);
  if (row === undefined) throw new ShowError(`SHOW LISTS does not list ${list}`);
  return numberOf(row, "items");
}

/** Logins by line of SHOW STATS, but the console's own; a PgBouncer before 1.26 counts none. */
export function loginsOf(rows: readonly ShowRow[]): Pick<PgBouncerSample, "loginsByLine"> {
  const counts = rows.flatMap((row): [string, number][] => {
    const count = numberIn(row, "total_client_login_count");
    const line = textOf(row, "database");
    return count === undefined || line === CONSOLE_DATABASE ? [] : [[line, count]];
  });
  return counts.length === 0 ? {} : { loginsByLine: new Map(counts) };
}

function whoseOf(row: ShowRow): { id: string; line: string; user: string } {
  return {
    id: idOf(row),
    // A client that is still logging in has neither.
    line: textIn(row, "database") ?? "",
    user: textIn(row, "user") ?? "",
  };
}

/** Before 1.24 there is only its place in memory, which the next one may get. */
function idOf(row: ShowRow): string {
  return textIn(row, "id") ?? `${textOf(row, "ptr")} ${textOf(row, "connect_time")}`;
}

function timesOf(row: ShowRow, { clockAheadMs }: Reading) {
  const connected = textOf(row, "connect_time");
  return {
    connectedAtMs: shownTimeMs(connected) - clockAheadMs,
    requestedAtMs: shownTimeMs(textIn(row, "request_time") ?? connected) - clockAheadMs,
  };
}

/** Whole seconds stand in one column, the rest of them in a second one. */
function durationMsOf(row: ShowRow, column: string): number {
  return Math.round(numberOf(row, column) * 1000 + (numberIn(row, `${column}_us`) ?? 0) / 1000);
}

/** A row that SHOW gave: which columns it has depends on PgBouncer's version. */
export type ShowRow = Readonly<Record<string, unknown>>;

/** SHOW answered something that weir can't read: another program, or a version that differs. */
export class ShowError extends Error {
  override name = "ShowError";
}

/** A column's text; undefined when the version has no such column, or says nothing in it. */
export function textIn(row: ShowRow, column: string): string | undefined {
  const value = row[column];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  return typeof value === "number" ? `${value}` : undefined;
}

/** A column's number; undefined when the version has no such column, or says nothing in it. */
export function numberIn(row: ShowRow, column: string): number | undefined {
  const text = textIn(row, column);
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** @throws ShowError when the column is not there, or says nothing */
export function textOf(row: ShowRow, column: string): string {
  return present(textIn(row, column), row, column);
}

/** @throws ShowError when the column is not there, or is no number */
export function numberOf(row: ShowRow, column: string): number {
  return present(numberIn(row, column), row, column);
}

function present<T>(value: T | undefined, row: ShowRow, column: string): T {
  if (value !== undefined) return value;
  const found = Object.keys(row).join(", ");
  throw new ShowError(`SHOW has no value in column ${column}; its columns: ${found}`);
}

const SHOWN_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: \S+)?$/;

/**
 * A time as SHOW gives it, `2026-11-23 19:50:11 UTC`: PgBouncer's local time in whole seconds. The
 * zone is an abbreviation, which may mean several (IST, CST), so it isn't read: the time comes back
 * as if it were UTC, in milliseconds, and `shownClockAheadMs` is the error of that. A
 * client that came before a change to or from summer time is off by that hour.
 */
export function shownTimeMs(text: string): number {
  const [, day, time] = SHOWN_TIME.exec(text) ?? [];
  if (time === undefined) throw new ShowError(`SHOW gives a time as ${text}`);
  return Date.parse(`${day}T${time}Z`);
}

/** What PgBouncer's clock showed for something that happened between two moments of ours. */
export interface ClockReading {
  readonly shownMs: number;
  readonly afterMs: number;
  readonly beforeMs: number;
}

const SECOND_MS = 1000;
/** Zones differ from UTC by multiples of this. */
const ZONE_STEP_MS = 15 * 60 * SECOND_MS;

/**
 * How far the shown clock is ahead of ours, zone and all, to be taken off a shown time. A shown
 * time s, cut to seconds, of a moment t with after ≤ t ≤ before says: s − before ≤ ahead < s + 1 s −
 * after; several readings together bound it closer. Where a whole zone is within the bounds, the
 * clocks agree; else it is the middle. Readings that contradict each other (a clock that was set
 * meanwhile): the last one alone.
 */
export function shownClockAheadMs(readings: readonly ClockReading[]): number {
  const last = readings.at(-1);
  if (last === undefined) throw new ShowError("SHOW CLIENTS does not list the console that asks");
  const low = Math.max(...readings.map(({ shownMs, beforeMs }) => shownMs - beforeMs));
  const high = Math.min(...readings.map(({ shownMs, afterMs }) => shownMs + SECOND_MS - afterMs));
  if (low > high) return shownClockAheadMs([last]);
  const zone = Math.ceil(low / ZONE_STEP_MS) * ZONE_STEP_MS;
  return zone <= high ? zone : (low + high) / 2;
}
