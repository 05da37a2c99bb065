import { CONSOLE_DATABASE, MAINTENANCE_LINE } from "../../api/names.ts";
import { didYouMean } from "../../text/didYouMean.ts";
import { counted, listed } from "../../text/wording.ts";
import type { Finding } from "./proof.ts";
import {
  processesOf,
  type Client,
  type Pooler,
  type PoolerGroup,
  type Reserve,
  type System,
} from "../system.ts";
import { derived, questionsOf, type Quantity } from "../quantity.ts";
import { between, exactly, isExact, largerOf } from "./bounds.ts";
import {
  bulkheadOf,
  isUnknown,
  unreadConfiguration,
  usesOf,
  whichDatabase,
  type GroupUse,
  type LineUse,
  type PooledClient,
} from "./lineUse.ts";
import {
  mergedVerdicts,
  perProcess,
  quantityTerm,
  sumVerdict,
  totalOf,
  type SumVerdict,
  type SumTerm,
} from "./sum.ts";

/**
 * The client sum of each group of a pooler's processes: what its lines can hold + reserve ≤
 * max_client_conn, on one process, since a Service may send all clients to one; and for each line
 * with a bulkhead, the pools on it ≤ the bulkhead.
 */
export function clientSums(pooler: Pooler, system: System): SumVerdict {
  return mergedVerdicts(
    usesOf(pooler, system).flatMap((use) => [
      capacitySum(pooler, use),
      ...use.lines.map((line) => bulkheadSum(pooler, use, line)),
      clientsWithoutLine(pooler, use),
      reservedLine(pooler, use),
    ]),
  );
}

function capacitySum(pooler: Pooler, use: GroupUse): SumVerdict {
  return sumVerdict({
    kind: "clients",
    of: use.title,
    termsWith: (largest) => termsOf(pooler, use, largest),
    limit: use.group.capacity,
    limitName: "max_client_conn",
    rule: "weir/clients-over-capacity",
    place: pooler.place,
    sentence: (sum) => `Each process of ${use.title} may have to carry ${sum} (max_client_conn).`,
    // A login in flight, or a console, always needs a place.
    left: 1,
    size: { name: hasOpenLine(use) ? "pool" : "max_db_client_connections" },
  });
}

/**
 * The summands of one process: a line with a bulkhead holds at most that, whatever its clients ask;
 * each client of another line holds its pools. `largest` is a limit for the sizes that could be
 * lowered: the pools where there are some without a bulkhead, else the bulkheads.
 */
function termsOf(pooler: Pooler, use: GroupUse, largest: number): readonly SumTerm[] {
  const lines = use.lines.filter(({ isAskersOnly }) => isAskersOnly === undefined);
  const ofBulkheads = hasOpenLine(use) ? Infinity : largest;
  const ofLine = ({ name, line, clients, perhapsSame }: LineUse): readonly SumTerm[] => {
    const bulkhead = bulkheadOf(line);
    if (bulkhead === undefined) return clients.map((one) => clientTerm(pooler, one, largest));
    const term = quantityTerm(`line ${name}`, bulkhead, line.place, ofBulkheads);
    if (perhapsSame === undefined) return [term];
    const { max, missing } = term.amount;
    const amount = between(0, max, [...missing, ...perhapsSame.missing]);
    return [{ ...term, amount, formula: "?" }];
  };
  const maintenance = lines.filter(({ name }) => name === MAINTENANCE_LINE).flatMap(ofLine);
  const consoles = use.consoles.map((client) => clientTerm(pooler, client, Infinity));
  const { reserve } = pooler;
  const bounded = lines.some(({ line }) => bulkheadOf(line) !== undefined);
  return [
    ...use.unknownDatabase.map((client) => unknownDatabaseTerm(pooler, client, bounded)),
    // As if they had a line: what they would break next.
    ...use.withoutLine.map((client) => clientTerm(pooler, client, largest)),
    ...lines.filter(({ name }) => name !== MAINTENANCE_LINE).flatMap(ofLine),
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
    ...(!reserve.isDemanded && { users }),
  };
}

/** Whether clients are on a line without a bulkhead. */
function hasOpenLine({ lines }: GroupUse): boolean {
  return lines.some(({ line, clients }) => bulkheadOf(line) === undefined && clients.length > 0);
}

function clientTerm(pooler: Pooler, client: PooledClient, largest: number): SumTerm {
  const { name, pool, place } = client;
  const mine = pooler.scope === "pod" ? processesOfPod(client, pooler.groups) : processesOf(client);
  return perProcess(mine, quantityTerm(name, pool, place, largest));
}

/** A client on an unknown line: a line with a bulkhead has counted it already. */
function unknownDatabaseTerm(pooler: Pooler, client: PooledClient, bounded: boolean): SumTerm {
  const term = clientTerm(pooler, client, Infinity);
  if (!bounded) return term;
  const { max, missing: asked } = term.amount;
  const amount = between(0, max, [...asked, whichDatabase(client)]);
  return { ...term, amount, formula: "?", why: `${term.why}, on which line is missing` };
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
  return derived(value, `${value} in one of ${counted(pods, "pod")}`, processes);
}

function bulkheadSum(
  pooler: Pooler,
  { title, lines, unknownDatabase: onAnyLine }: GroupUse,
  { name, line, clients }: LineUse,
): Partial<SumVerdict> {
  const bulkhead = bulkheadOf(line);
  // A copy of the line * may have the database that clients of another copy hide.
  const copies = line.name === "*" ? lines.filter((other) => other.name !== name) : [];
  const hidden = copies.flatMap((other) => (other.line.name === "*" ? other.clients : []));
  const unknownDatabase = [
    ...onAnyLine,
    ...hidden.filter((client) => isUnknown(client, "database")),
  ];
  if (bulkhead === undefined || clients.length + unknownDatabase.length === 0) return {};
  return sumVerdict({
    kind: "bulkhead",
    of: `${title}, line ${name}`,
    termsWith: (largest) => [
      ...clients.map((client) => clientTerm(pooler, client, largest)),
      ...unknownDatabase.map((client) => unknownDatabaseTerm(pooler, client, true)),
    ],
    limit: bulkhead,
    limitName: "max_db_client_connections",
    rule: "weir/pool-over-bulkhead",
    place: line.place,
    sentence: (sum) =>
      `The pools on line ${name} of ${title} may open ${sum} (max_db_client_connections): logins over it are refused.`,
    size: { name: "pool" },
  });
}

/** Of more lines the names help nobody. */
const NAMES_MAX = 5;

/** A configuration that is not known may have any line, and prevents a proof by itself. */
function clientsWithoutLine(pooler: Pooler, { group, withoutLine }: GroupUse): Partial<SumVerdict> {
  const unread = unreadConfiguration(group);
  if (unread !== undefined) return { missing: questionsOf(unread) };
  const names = group.lines.map(({ name }) => name);
  const has = names.length > NAMES_MAX ? "" : ` (it has ${listed(names)})`;
  const findings: readonly Finding[] = withoutLine.map(({ name, target }) => {
    const meant = didYouMean(target.database, names);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return {
      rule: "weir/no-such-database",
      message: `${name} connects to database ${target.database}, for which ${pooler.name} has no line${has}, and there is no line *${hint}`,
      place: target.place,
      related: group.lines.slice(0, 1).map(({ place }) => place),
    };
  });
  return { findings };
}

/**
 * A line with the name of the console's database: PgBouncer does not start with it.
 * https://github.com/pgbouncer/pgbouncer/blob/master/src/loader.c (check_reserved_database)
 */
function reservedLine(pooler: Pooler, { group }: GroupUse): Partial<SumVerdict> {
  const line = group.lines.find(({ name }) => name === CONSOLE_DATABASE);
  if (line === undefined) return {};
  const message = `Line ${line.name} of ${pooler.name} has the name of PgBouncer's own console, which is reserved: PgBouncer does not start with it. Take the line away, or give it another name; the console needs none.`;
  return {
    findings: [{ rule: "weir/reserved-line", message, place: line.place, related: [] }],
  };
}
