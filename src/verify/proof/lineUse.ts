import { CONNECTS_TO_ANNOTATION, CONSOLE_DATABASE } from "../../api/names.ts";
import type {
  Client,
  MissingQuantity,
  Pooler,
  PoolerGroup,
  PoolerLine,
  System,
  Target,
} from "../system.ts";

const TELL_TARGET = `annotate it with ${CONNECTS_TO_ANNOTATION}: "host:port/database?user=login"`;

/** A line as one process of a PgBouncer has it, and who is on it. */
export interface LineUse {
  /** `author`; `writing by *` for a database that only the line * admits. */
  readonly name: string;
  readonly line: PoolerLine;
  readonly clients: readonly PooledClient[];
}

/** A client that connects to a PgBouncer. */
export interface PooledClient extends Client {
  readonly target: Extract<Target, { kind: "pooler" }>;
}

/** A client that connects to a Postgres, past every PgBouncer. */
export interface DirectClient extends Client {
  readonly target: Extract<Target, { kind: "postgres" }>;
}

/** Who is on which line of one group of a PgBouncer's processes. */
export interface GroupUse {
  /** In the order of their names. */
  readonly lines: readonly LineUse[];
  /** On PgBouncer's own database: each takes a place of max_client_conn, and no server connection. */
  readonly consoles: readonly PooledClient[];
  /** Those whose database nobody knows, where there are several lines that it may be. */
  readonly anywhere: readonly PooledClient[];
  /** Those for whose database there is no line. */
  readonly lost: readonly PooledClient[];
}

/** The clients of a pooler. */
export function clientsOf(pooler: Pooler, system: System): readonly PooledClient[] {
  return system.clients.filter(isPooled).filter(({ target }) => target.pooler === pooler.name);
}

export function isPooled(client: Client): client is PooledClient {
  return client.target.kind === "pooler";
}

export function isDirect(client: Client): client is DirectClient {
  return client.target.kind === "postgres";
}

/** Nobody knows which database, or which login, the client names. */
export function hides(client: PooledClient, what: "database" | "user"): boolean {
  return client.target.hidden?.includes(what) ?? false;
}

/**
 * Puts every client on its line: the one named as its database, else `*`, of which PgBouncer makes
 * a copy, limits and all, for each database that it has no line for. A database that nobody knows
 * is that of the only line, where there is one.
 */
export function useOf(group: PoolerGroup, clients: readonly PooledClient[]): GroupUse {
  const named = new Map(group.lines.map((line) => [line.name, line]));
  const fallback = named.get("*");
  const [only] = group.lines.length === 1 ? group.lines : [];
  // A configuration that can't be read has no lines that are known.
  const unread = group.lines.length === 0 && !group.capacity.known;
  const isAnywhere = (client: PooledClient): boolean =>
    unread || (hides(client, "database") && only === undefined);
  const byDatabase = Map.groupBy(
    clients.filter((client) => !isAnywhere(client)),
    (client) =>
      only !== undefined && hides(client, "database") && only !== fallback
        ? only.name
        : client.target.database,
  );
  const consoles = byDatabase.get(CONSOLE_DATABASE) ?? [];
  byDatabase.delete(CONSOLE_DATABASE);
  const lines: LineUse[] = group.lines
    .filter((line) => line !== fallback)
    .map((line) => ({ name: line.name, line, clients: byDatabase.get(line.name) ?? [] }));
  const lost: PooledClient[] = [];
  for (const [database, users] of byDatabase) {
    if (named.has(database) && database !== "*") continue;
    if (fallback === undefined) lost.push(...users);
    else lines.push({ name: `${database} by *`, line: fallback, clients: users });
  }
  return {
    lines: lines.toSorted((a, b) => byText(a.name, b.name)),
    consoles,
    anywhere: clients.filter(isAnywhere),
    lost,
  };
}

export function whichDatabase(client: PooledClient): MissingQuantity {
  return {
    known: false,
    what: `which database ${client.name} names: ${client.target.database}`,
    place: client.target.place,
    tell: TELL_TARGET,
  };
}

export function whichLogin(client: PooledClient): MissingQuantity {
  return {
    known: false,
    what: `which login ${client.name} has: ${client.target.user}`,
    place: client.target.place,
    tell: TELL_TARGET,
  };
}

/** Code unit by code unit: the same on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
