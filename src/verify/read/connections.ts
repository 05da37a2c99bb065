import type { Quantity } from "../system.ts";
import type { Endpoint } from "./addresses.ts";
import type { ConnectionTarget } from "./connectionTargets.ts";
import { hasPlaceholder } from "./placeholders.ts";
import { POOL_PARAMETERS } from "./poolVariables.ts";

/** What a container connects to, by one of the things that say so. */
export interface Connection {
  readonly aim: ConnectionTarget;
  readonly endpoint: Endpoint;
}

/** A connection with the size of its pool. */
export interface Sized extends Connection {
  readonly pool: Quantity;
}

/**
 * What is told of a container by its name goes before what was read. A told connection to where a
 * read one leads keeps the parameters of that one, since they may tell the pool; told of a pooler
 * that two read ones lead to, it is both.
 */
export function overriding(
  told: readonly Connection[],
  read: readonly Connection[],
): readonly Connection[] {
  const matched = new Set<Connection>();
  const byLogin = told.map((one) => {
    const same = read.filter((other) => isSame(one, other));
    for (const other of same) matched.add(other);
    return { one, same };
  });
  return byLogin.flatMap(({ one, same }) => {
    const rest = read.filter((other) => !matched.has(other) && isSameEndpoint(one, other));
    const known = same.length > 0 ? same : rest;
    return known.length === 0 ? [one] : known.map((other) => withPool(one, other));
  });
}

/**
 * What is told of a whole pod never drops what was read of a container. It fills in what is hidden
 * of a read connection, and what leads elsewhere is there too.
 */
export function joined(
  told: readonly Connection[],
  read: readonly Connection[],
): readonly Connection[] {
  const filled = read.map((one) => {
    const same = told.find((other) => isSame(one, other));
    return same === undefined ? one : withPool(same, one);
  });
  return [...filled, ...told.filter((one) => !read.some((other) => isSame(one, other)))];
}

/** `told`, with what `read` says of the pool, and of what `told` leaves out. */
function withPool(told: Connection, { aim: read }: Connection): Connection {
  const { prefix, parameters } = read;
  return { ...told, aim: { ...read, ...told.aim, prefix, parameters } };
}

/**
 * A target that is named twice (PGHOST… and DATABASE_URL) is one pool, unless the pools differ: then
 * each connection string has its own. What one of them leaves out it has from the other.
 */
export function merged(connections: readonly Sized[]): readonly Sized[] {
  const kept: Sized[] = [];
  for (const connection of connections.toSorted((a, b) => detail(b) - detail(a))) {
    const same = kept.filter((other) => isNamedTwice(connection, other));
    if (same.some(({ pool }) => isSamePool(pool, connection.pool))) continue;
    // The parts of a connection string stand beside it; another string is another pool.
    if (same.some(({ aim }) => aim.isUrl) && !connection.aim.isUrl) continue;
    if (same.length > 0 && isUntold(connection)) continue;
    const untold = same.find(isUntold);
    if (untold === undefined) kept.push(connection);
    else kept[kept.indexOf(untold)] = { ...untold, pool: connection.pool };
  }
  return kept;
}

/** Nothing says how large its pool is, as opposed to something that can't be read. */
function isUntold({ aim, pool }: Sized): boolean {
  return !pool.known && !POOL_PARAMETERS.some((key) => aim.parameters.has(key));
}

function isSamePool(a: Quantity, b: Quantity): boolean {
  return a.known && b.known && a.value === b.value;
}

function isNamedTwice(a: Connection, b: Connection): boolean {
  return (
    isSameEndpoint(a, b) &&
    (a.endpoint.kind === "postgres" ||
      (agrees(a.aim.database, b.aim.database) && agrees(a.aim.user, b.aim.user)))
  );
}

/** As isNamedTwice, where what is hidden of one may be what the other says. */
function isSame(a: Connection, b: Connection): boolean {
  return (
    isSameEndpoint(a, b) &&
    (a.endpoint.kind === "postgres" ||
      (agrees(clear(a.aim.database), clear(b.aim.database)) &&
        agrees(clear(a.aim.user), clear(b.aim.user))))
  );
}

function clear(text: string | undefined): string | undefined {
  return text === undefined || hasPlaceholder(text) ? undefined : text;
}

function isSameEndpoint(a: Connection, b: Connection): boolean {
  return JSON.stringify(a.endpoint) === JSON.stringify(b.endpoint);
}

function detail({ aim }: Connection): number {
  return (
    Number(aim.database !== undefined) * 4 +
    Number(aim.user !== undefined) * 2 +
    Number(aim.parameters.size > 0)
  );
}

function agrees(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
