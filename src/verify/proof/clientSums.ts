import { MAINTENANCE_LINE } from "../../api/names.ts";
import { didYouMean } from "../../text/didYouMean.ts";
import { counted } from "../../text/wording.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Finding, Rule } from "./proof.ts";
import {
  processesOf,
  type Client,
  type Pooler,
  type PoolerGroup,
  type Reserve,
  type System,
} from "../system.ts";
import type { Quantity } from "../quantity.ts";
import { boundsOf, between, exactly, isExact, largerOf, limitOf, times } from "./bounds.ts";
import {
  clientsOf,
  useOf,
  whichDatabase,
  type GroupUse,
  type LineUse,
  type PooledClient,
} from "./lineUse.ts";
import {
  findingOf,
  sumVerdict,
  lowered,
  numbered,
  product,
  shortSum,
  sizeHint,
  valueText,
  mergedVerdicts,
  totalOf,
  type SumVerdict,
  type SumTerm,
  type SumCheck,
} from "./sum.ts";

/**
 * The client sum of each group of a pooler's processes: what its lines can hold + reserve ≤
 * max_client_conn, on one process, since a Service may send all clients to one; and for each line
 * with a bulkhead, the pools on it ≤ the bulkhead.
 */
export function clientSums(pooler: Pooler, system: System): SumVerdict {
  const clients = clientsOf(pooler, system);
  return mergedVerdicts(
    pooler.groups.map((group, index) => {
      const title = groupName(pooler, index);
      const use = useOf(group, clients);
      return mergedVerdicts([
        capacitySum(pooler, group, use, title),
        ...use.lines.map((line) => bulkheadSum(pooler, line, use.unknownDatabase, title)),
        { sums: [], findings: clientsWithoutLine(pooler, group, use), missing: [] },
      ]);
    }),
  );
}

/** A group of a pooler's processes; a pooler has mostly one. */
export function groupName({ name, groups }: Pooler, index: number): string {
  return groups.length === 1 ? name : `${name}, processes ${index + 1} of ${groups.length} kinds`;
}

function capacitySum(pooler: Pooler, group: PoolerGroup, use: GroupUse, title: string): SumVerdict {
  const checkWith = (largest: number): SumCheck => ({
    kind: "clients",
    of: title,
    terms: termsOf(pooler, use, largest),
    limit: boundsOf(group.capacity),
    limitWhy: limitWhy("max_client_conn", group.capacity),
  });
  const check = checkWith(Infinity);
  return sumVerdict(check, () => {
    const what = use.lines.some(({ line, clients }) => !hasBulkhead(line) && clients.length > 0)
      ? "pool"
      : "max_db_client_connections of each line";
    const hint = sizeHint(checkWith, what);
    const message = `Each process of ${title} may have to carry ${shortSum(check)} (max_client_conn).${hint}`;
    return findingOf("weir/clients-over-capacity", check, pooler.place, message);
  });
}

/**
 * The summands of one process: a line with a bulkhead holds at most that, whatever its clients ask;
 * each client of another line holds its pools. `largest` is a limit for the sizes that could be
 * lowered: the pools where there are some without a bulkhead, else the bulkheads.
 */
function termsOf(pooler: Pooler, use: GroupUse, largest: number): readonly SumTerm[] {
  const open = use.lines.some(({ line, clients }) => !hasBulkhead(line) && clients.length > 0);
  const ofLine = (each: LineUse): readonly SumTerm[] =>
    hasBulkhead(each.line)
      ? [bulkheadTerm(each, open ? Infinity : largest)]
      : each.clients.map((client) => clientTerm(pooler, client, largest));
  const maintenance = use.lines.filter(({ name }) => name === MAINTENANCE_LINE).flatMap(ofLine);
  const consoles = use.consoles.map((client) => clientTerm(pooler, client, Infinity));
  const { reserve } = pooler;
  const bounded = use.lines.some(({ line }) => hasBulkhead(line));
  return [
    ...use.unknownDatabase.map((client) => unknownDatabaseTerm(pooler, client, bounded)),
    ...use.lines.filter(({ name }) => name !== MAINTENANCE_LINE).flatMap(ofLine),
    reservedTerm("consoles", reserve, consoles),
    reservedTerm("maintenance", reserve, maintenance),
    reservedTerm("logins", reserve, []),
  ];
}

/** A term of the reserve; what is known to use it counts where it is more. */
function reservedTerm(
  name: "consoles" | "maintenance" | "logins",
  reserve: Reserve,
  users: readonly SumTerm[],
): SumTerm {
  const reserved = exactly(reserve[name], reserve.places);
  const amount = largerOf(reserved, totalOf(users));
  const used = users.length === 0 ? "" : `; used by ${users.map((user) => user.name).join(", ")}`;
  return {
    name: `reserve: ${name}`,
    amount,
    formula: `${isExact(amount) ? "" : "at least "}${amount.min} ${name}`,
    why: `${reserve.why}${used}`,
  };
}

function hasBulkhead(line: LineUse["line"]): boolean {
  return line.maxClients !== undefined && !(line.maxClients.known && line.maxClients.value === 0);
}

function bulkheadTerm({ name, line }: LineUse, largest: number): SumTerm {
  const limit = lowered(limitOf(line.maxClients), largest);
  return {
    name: `line ${name}`,
    amount: limit,
    formula: isExact(limit) ? String(limit.min) : "?",
    why: line.maxClients === undefined ? "" : numbered(line.maxClients),
    first: line.maxClients?.known ? (line.maxClients.places[0] ?? line.place) : line.place,
  };
}

function clientTerm(pooler: Pooler, client: PooledClient, largest: number): SumTerm {
  const { name, pool } = client;
  const mine = pooler.scope === "pod" ? processesOfPod(client, pooler.groups) : processesOf(client);
  return {
    name,
    amount: times(boundsOf(mine), lowered(boundsOf(pool), largest)),
    formula: product(mine, "processes", valueText(pool)),
    why: `${numbered(mine)} × ${numbered(pool)}`,
    first: firstOf(client),
  };
}

/** A client on an unknown line: a line with a bulkhead has counted it already. */
function unknownDatabaseTerm(pooler: Pooler, client: PooledClient, bounded: boolean): SumTerm {
  const term = clientTerm(pooler, client, Infinity);
  if (!bounded) return term;
  const { max, missing } = term.amount;
  const amount = between(0, max, [...missing, whichDatabase(client)]);
  return { ...term, amount, formula: "?", why: `${term.why}, on which line is missing` };
}

/** Where the size of a client's pool stands. */
function firstOf({ pool, place }: Client): SourcePosition {
  return pool.known ? (pool.places[0] ?? place) : place;
}

/**
 * What of a client is in one pod, beside the pooler's process there. Where several processes are in
 * a pod, one of them may have to carry all of its clients.
 */
function processesOfPod(client: Client, groups: readonly PoolerGroup[]): Quantity {
  const processes = processesOf(client);
  if (!processes.known) return processes;
  let pods = 0;
  for (const group of groups) {
    const quantity = group.pods ?? group.processes;
    if (!quantity.known) return quantity;
    pods += quantity.value;
  }
  const value = pods === 0 ? 0 : Math.ceil(processes.value / pods);
  return {
    known: true,
    value,
    why: `${value} in one of ${counted(pods, "pod")}`,
    places: processes.places,
  };
}

function bulkheadSum(
  pooler: Pooler,
  { name, line, clients }: LineUse,
  unknownDatabase: readonly PooledClient[],
  title: string,
): SumVerdict {
  if (!hasBulkhead(line) || clients.length + unknownDatabase.length === 0)
    return mergedVerdicts([]);
  const checkWith = (largest: number): SumCheck => ({
    kind: "bulkhead",
    of: `${title}, line ${name}`,
    terms: [
      ...clients.map((client) => clientTerm(pooler, client, largest)),
      ...unknownDatabase.map((client) => unknownDatabaseTerm(pooler, client, true)),
    ],
    limit: limitOf(line.maxClients),
    limitWhy:
      line.maxClients === undefined ? "" : limitWhy("max_db_client_connections", line.maxClients),
  });
  const check = checkWith(Infinity);
  return sumVerdict(check, () => {
    const message =
      `The pools on line ${name} of ${title} may open ${shortSum(check)} ` +
      `(max_db_client_connections): logins over it are refused.` +
      sizeHint(checkWith, "pool");
    return findingOf("weir/pool-over-bulkhead", check, line.place, message);
  });
}

function limitWhy(name: string, quantity: Quantity): string {
  return quantity.known ? numbered(quantity) : `${name} is missing`;
}

function clientsWithoutLine(
  pooler: Pooler,
  group: PoolerGroup,
  { withoutLine }: GroupUse,
): readonly Finding[] {
  const names = group.lines.map(({ name }) => name);
  return withoutLine.map(({ name, target }) => {
    const meant = didYouMean(target.database, names);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    const rule: Rule = "weir/no-such-database";
    return {
      rule,
      message: `${name} connects to database ${target.database}, for which ${pooler.name} has no line, and there is no line *${hint}`,
      place: target.place,
      related: group.lines.slice(0, 1).map(({ place }) => place),
    };
  });
}
