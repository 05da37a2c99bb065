import {
  CONNECTS_TO_ANNOTATION,
  CONSOLE_DATABASE,
  OUTSIDE_CLIENTS_ANNOTATION,
} from "../../api/names.ts";
import { byCodeUnit } from "../../text/order.ts";
import { objectOf } from "../sourcePosition.ts";
import type { Client, Pooler, PoolerGroup, PoolerLine, System, Target } from "../system.ts";
import { targetQuestion } from "../targetQuestion.ts";
import { isZero, missing, type MissingQuantity, type Quantity } from "../quantity.ts";

/** A line as one process of a PgBouncer has it, and who is on it. */
export interface LineUse {
  /** `author`; `writing by *` for a database that only the line * admits. */
  readonly name: string;
  readonly line: PoolerLine;
  readonly clients: readonly PooledClient[];
  /** Roles that ask on it for logins of its own clients, or of other lines' (auth_query). */
  readonly askers: readonly Asker[];
  /** A copy of the line * that nobody but they use. */
  readonly isAskersOnly?: true;
  /** Of a copy of the line * for an unknown database, which may be that of another copy. */
  readonly perhapsSame?: SameDatabase;
}

/** What a copy of the line * has for itself, whichever database it is. */
interface SameDatabase {
  /** Logins that no other copy has: with these it has pools of its own in any case. */
  readonly ownLogins: number;
  readonly missing: readonly MissingQuantity[];
}

/** Who asks Postgres for passwords, with how many backend connections: see PoolerLine. */
interface Asker {
  readonly user: string;
  readonly pool: Quantity | undefined;
  readonly poolSize: Quantity | undefined;
  /** Why perhaps nobody asks: no client is known, and who asks may be the only one to log in. */
  readonly unsure?: MissingQuantity;
}

/** A client that connects to a PgBouncer. */
export interface PooledClient extends Client {
  readonly target: Extract<Target, { kind: "pooler" }>;
}

/** A client that connects to a Postgres, past every PgBouncer. */
export interface DirectClient extends Client {
  readonly target: Extract<Target, { kind: "postgres" }>;
}

/** The clients of each line, for one group of a PgBouncer's processes. */
export interface GroupUse {
  readonly group: PoolerGroup;
  /** The pooler's name, and which of its groups where it has several. */
  readonly title: string;
  /** In the order of their names. */
  readonly lines: readonly LineUse[];
  /** On PgBouncer's own database: each takes a place of max_client_conn, and no backend connection. */
  readonly consoles: readonly PooledClient[];
  /** Clients whose database is unknown, where there are several lines that it may be. */
  readonly unknownDatabase: readonly PooledClient[];
  /** Clients for whose database there is no line. */
  readonly withoutLine: readonly PooledClient[];
}

/** The clients of a pooler. */
export function clientsOf(pooler: Pooler, system: System): readonly PooledClient[] {
  return system.clients.filter(isPooled).filter(({ target }) => target.pooler === pooler.name);
}

function isPooled(client: Client): client is PooledClient {
  return client.target.kind === "pooler";
}

export function isDirect(client: Client): client is DirectClient {
  return client.target.kind === "postgres";
}

/** Whether the client names PgBouncer's own database, where it opens no backend connection. */
export function isOnConsole({ target }: PooledClient): boolean {
  return target.database === CONSOLE_DATABASE;
}

/** Whether the database, or the login, that the client names is unknown. */
export function isUnknown(client: PooledClient, what: "database" | "user"): boolean {
  return client.target.unknown?.includes(what) ?? false;
}

/** The groups of a pooler's processes, mostly one, with who is on their lines. */
export function usesOf(pooler: Pooler, system: System): readonly GroupUse[] {
  const { name, groups } = pooler;
  const clients = clientsOf(pooler, system);
  const isUnused = clients.every(isOnConsole);
  const nobody = isUnused ? (pooler.isClosed ?? whoMayConnect(pooler, system)) : undefined;
  return groups.map((group, index) => {
    const which = groups.length === 1 ? "" : `, processes ${index + 1} of ${groups.length} kinds`;
    return useOf(group, `${name}${which}`, clients, nobody);
  });
}

/** The most clients that a line admits; undefined: unlimited. */
export function bulkheadOf({ maxClients }: PoolerLine): Quantity | undefined {
  return maxClients === undefined || isZero(maxClients) ? undefined : maxClients;
}

/**
 * What is missing of a configuration of which neither the clients that it admits nor the size of a
 * pool is known: it is one question, and its lines are not known to be all.
 */
export function unreadConfiguration({ capacity, lines }: PoolerGroup): MissingQuantity | undefined {
  return !capacity.known && lines.every(({ poolSize }) => !poolSize.known) ? capacity : undefined;
}

/**
 * Puts every client on its line: the one named as its database, else `*`, of which PgBouncer makes
 * a copy, limits and all, for each database that it has no line for. An unknown database
 * is that of the only line, where there is one.
 *
 * @param nobody what is missing where no client at all is known; true: there is none
 */
function useOf(
  group: PoolerGroup,
  title: string,
  clients: readonly PooledClient[],
  nobody: MissingQuantity | true | undefined,
): GroupUse {
  const named = new Map(group.lines.map((line) => [line.name, line]));
  const fallback = named.get("*");
  const [only] = group.lines.length === 1 ? group.lines : [];
  // A configuration that can't be read has no lines that are known.
  const unread = group.lines.length === 0 && !group.capacity.known;
  const hasUnknownDatabase = (client: PooledClient): boolean =>
    unread || (isUnknown(client, "database") && only === undefined);
  const byDatabase = Map.groupBy(
    clients.filter((client) => !hasUnknownDatabase(client)),
    (client) =>
      only !== undefined && isUnknown(client, "database") && only !== fallback
        ? only.name
        : client.target.database,
  );
  const consoles = byDatabase.get(CONSOLE_DATABASE) ?? [];
  byDatabase.delete(CONSOLE_DATABASE);
  const used = new Map<string, Omit<LineUse, "askers">>();
  for (const line of group.lines) {
    // PgBouncer takes no line of the console's name.
    if (line === fallback || line.name === CONSOLE_DATABASE) continue;
    used.set(line.name, { name: line.name, line, clients: byDatabase.get(line.name) ?? [] });
  }
  const withoutLine: PooledClient[] = [];
  for (const [database, users] of byDatabase) {
    if (named.has(database) && database !== "*") continue;
    if (fallback === undefined) withoutLine.push(...users);
    else used.set(database, { name: `${database} by *`, line: fallback, clients: users });
  }
  // It counts as any other line without a client; beside other lines only for who is known to use it.
  if (fallback !== undefined && only !== undefined && used.size === 0) {
    used.set("*", { name: "*", line: fallback, clients: [] });
  }
  const perhaps = sameDatabases([...used.values()]);
  const lines = withAskers(group, used, unreadConfiguration(group) ?? nobody).map((use) => {
    const perhapsSame = perhaps.get(use.name);
    return perhapsSame === undefined ? use : { ...use, perhapsSame };
  });
  return {
    group,
    title,
    lines: lines.toSorted((a, b) => byCodeUnit(a.name, b.name)),
    consoles,
    unknownDatabase: clients.filter(hasUnknownDatabase),
    withoutLine,
  };
}

/** By name, the copies of the line * whose database only a Secret tells, but for one at the least. */
function sameDatabases(
  uses: readonly Omit<LineUse, "askers">[],
): ReadonlyMap<string, SameDatabase> {
  const copies = uses.filter(({ line, clients }) => line.name === "*" && clients.length > 0);
  const isHidden = ({ clients }: Omit<LineUse, "askers">): boolean =>
    clients.every((client) => isUnknown(client, "database"));
  const hidden = copies.filter(isHidden).toSorted((a, b) => byCodeUnit(a.name, b.name));
  const known = copies.filter((use) => !isHidden(use));
  const first = known.length > 0 ? known : hidden.splice(0, 1);
  const loginsOf = ({ line, clients }: Omit<LineUse, "askers">): readonly string[] =>
    line.user === undefined
      ? clients.filter((client) => !isUnknown(client, "user")).map(({ target }) => target.user)
      : [line.user];
  const logins = new Set(first.flatMap(loginsOf));
  return new Map(
    hidden.map((use) => {
      const before = logins.size;
      for (const login of loginsOf(use)) logins.add(login);
      const ownLogins = logins.size - before;
      return [use.name, { ownLogins, missing: use.clients.map(whichDatabase) }];
    }),
  );
}

/**
 * The lines with the roles that ask Postgres on them for logins: on auth_dbname, else on the
 * client's own line; nobody asks for logins that auth_file lists.
 *
 * @param used by database
 * @param nobody what is missing where no client at all is known, or the configuration is not; true:
 *   there is none, and so nobody asks
 */
function withAskers(
  { lines, listedLogins }: PoolerGroup,
  used: ReadonlyMap<string, Omit<LineUse, "askers">>,
  nobody: MissingQuantity | true | undefined,
): readonly LineUse[] {
  const fallback = lines.find(({ name }) => name === "*");
  const all = new Map(used);
  const askers = new Map<string, Map<string, Asker>>();
  for (const [database, { name: title, line, clients }] of used) {
    const { authUser, authDatabase = database } = line;
    if (authUser === undefined || nobody === true) continue;
    const isListed = (client: PooledClient): boolean =>
      !isUnknown(client, "user") && listedLogins?.has(client.target.user) === true;
    if (clients.length > 0 && clients.every(isListed)) continue;
    if (!all.has(authDatabase) && fallback !== undefined) {
      const name = `${authDatabase} by *`;
      all.set(authDatabase, { name, line: fallback, clients: [], isAskersOnly: true });
    }
    const own = askers.get(authDatabase) ?? new Map<string, Asker>();
    // What is said of it stands in [users], and so is the same for every line.
    const asker = { user: authUser, pool: line.authPool, poolSize: line.authPoolSize };
    const before = own.get(authUser);
    const isSure = clients.length > 0 || (before !== undefined && before.unsure === undefined);
    const whose = before?.unsure ?? nobody ?? whetherOthers(authUser, title, line);
    const unsure = isSure ? {} : { unsure: whose };
    askers.set(authDatabase, own.set(authUser, { ...asker, ...unsure }));
  }
  return [...all].map(([database, use]) => ({
    ...use,
    askers: [...(askers.get(database)?.values() ?? [])],
  }));
}

/** A question of which only a client is the answer: where what is hidden from weir connects to. */
export function isOfClients(question: MissingQuantity, { name }: Pooler): boolean {
  // With an assumed number it prevents no proof.
  if (question.assumed !== undefined) return false;
  if (question.pooler !== undefined) return question.pooler === name;
  return question.answer?.annotation === CONNECTS_TO_ANNOTATION;
}

/** What may be its clients is asked about already; once that is answered, who connects is asked. */
function whoMayConnect(pooler: Pooler, system: System): MissingQuantity {
  return system.missing.find((one) => isOfClients(one, pooler)) ?? whoConnects(pooler);
}

/** No client of it among the objects is no proof that there is none. */
export function whoConnects({ name, place }: Pooler): MissingQuantity {
  const question = missing(
    `who connects to ${name}: no client of it is among the objects`,
    place,
    `annotate it with ${OUTSIDE_CLIENTS_ANNOTATION}: "N", the most that all of them open together, or "0", if nobody connects; or verify the manifests of its clients too; or bound each line by max_db_client_connections`,
  );
  const answer = { object: objectOf(place), annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "N" };
  return { ...question, answer };
}

function whetherOthers(user: string, name: string, { place }: PoolerLine): MissingQuantity {
  const what = `whether others than ${user}, who asks for their logins (auth_query), use line ${name}: no client of it is known`;
  return missing(what, place, "verify the manifests of its clients too");
}

export function whichDatabase(client: PooledClient): MissingQuantity {
  return targetQuestion(client, `which database ${client.name} names: ${client.target.database}`);
}

export function whichLogin(client: PooledClient): MissingQuantity {
  return targetQuestion(client, `which login ${client.name} has: ${client.target.user}`);
}
