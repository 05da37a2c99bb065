import { CONSOLE_DATABASE } from "../../api/names.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import { consoleIn } from "../../pgbouncer/processIdentity.ts";
import { byCodeUnit } from "../../text/order.ts";
import { counted } from "../../text/wording.ts";
import type { Cause } from "./diagnosis.ts";
import type { PersistentClient } from "./window.ts";

/** A cause, and how much it explains. */
export interface CauseFinding extends Cause {
  /** The part of a limit (max_client_conn, a pool's size) that it takes: 0 to 1, or more. */
  readonly share: number;
  /** Clients that are gone when the cause is. */
  readonly frees: readonly Places[];
}

/** Places of max_client_conn, and of the line's own limit. */
interface Places {
  /** The PgBouncer's address. */
  readonly pgbouncer: string;
  /** Absent: of several lines, or those that are still logging in. */
  readonly line?: string;
  readonly clients: number;
}

/** What these clients take, by PgBouncer and line. */
export function placesOf(persistent: readonly PersistentClient[]): readonly Places[] {
  const byPgBouncer = Map.groupBy(persistent, ({ pgbouncer }) => pgbouncer.address);
  return [...byPgBouncer].flatMap(([pgbouncer, own]) => {
    const byLine = Map.groupBy(own, ({ client }) => client.line);
    return [...byLine].map(([line, { length }]) => ({ pgbouncer, line, clients: length }));
  });
}

/** The most of a list that is said one by one. */
const LISTED_MAX = 8;

/** `1 query`, `3 queries`: what is counted, where it is not its name and an s. */
export function countedAs(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `45 s`, `12 min`, `3 h`: rounded down. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

/** `2026-11-23 20:02:09 UTC`. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Line, user, application and address of a client: all clients of one group share them. */
export function whoIs({
  line,
  user,
  applicationName,
  address,
}: Pick<ClientRow, "line" | "user" | "applicationName" | "address">): string {
  const application = applicationName === "" ? "" : `, ${programOf(line, applicationName)}`;
  return `line ${line}, user ${user}${application}, from ${address}`;
}

/**
 * `application mcp`; an application with the name of weir's consoles is one of these where only
 * stats users may log in.
 */
export function programOf(line: string, applicationName: string): string {
  return line === CONSOLE_DATABASE && consoleIn(applicationName) !== undefined
    ? "a console of weir's"
    : `application ${applicationName}`;
}

/** How many of each kind, the largest first, the rest counted: `20 clients: line writing, user app, …`. */
export function clientEvidence(
  clients: readonly ClientRow[],
  nounOfGroup = "client",
): readonly string[] {
  const byWho = Map.groupBy(clients, whoIs);
  const sorted = [...byWho]
    .map(([who, members]) => ({ who, count: members.length }))
    .toSorted((a, b) => b.count - a.count || byCodeUnit(a.who, b.who));
  return joinTruncatedLines(
    sorted.map(({ who, count }) => `${counted(count, nounOfGroup)}: ${who}`),
  );
}

/** Each name once, in order. */
export function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted(byCodeUnit);
}

/** The first ones, and how many more there are. */
export function joinTruncatedLines(facts: readonly string[]): readonly string[] {
  const more = facts.length - LISTED_MAX;
  return more <= 0 ? facts : [...facts.slice(0, LISTED_MAX), `and ${more} more like these`];
}
