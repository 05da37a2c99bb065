import { MAINTENANCE_LINE } from "../../api/names.ts";
import { listed } from "../../text/wording.ts";
import type { Pooler, PoolerGroup, System } from "../system.ts";
import { firstPlace, isZero, type MissingQuantity } from "../quantity.ts";
import {
  boundsOf,
  between,
  exactly,
  isExact,
  limitOf,
  plus,
  smallerOf,
  times,
  type Bounds,
} from "./bounds.ts";
import { groupName } from "./clientSums.ts";
import {
  clientsOf,
  isUnknown,
  useOf,
  whichDatabase,
  whichLogin,
  type GroupUse,
  type LineUse,
  type PooledClient,
} from "./lineUse.ts";
import { lowered, numbered, perProcess, totalOf, valueText, type SumTerm } from "./sum.ts";

/** Which backend connections to count. */
interface SlotSelection {
  /** Of lines to this Postgres; absent: of all lines. */
  readonly postgres?: (address: string) => boolean;
  /** A limit for every pool_size, to find out what would fit. */
  readonly largest: number;
}

/** The pools of one line in one process. */
interface LinePools {
  readonly use: LineUse;
  /** A pool each. */
  readonly roles: readonly string[];
  /** Under max_db_connections. */
  readonly amount: Bounds;
  /** That cuts them. */
  readonly capped: boolean;
}

/**
 * The backend connections that all processes of a pooler may open: for each group of processes and
 * each line processes × pools × (pool_size + reserve pool), under the line's max_db_connections
 * and the role's max_user_connections; and slots for maintenance where no line has them.
 */
export function slotTerms(
  pooler: Pooler,
  system: System,
  wanted: SlotSelection,
): readonly SumTerm[] {
  const clients = clientsOf(pooler, system);
  return pooler.groups.flatMap((group, index) => {
    const use = useOf(group, clients);
    const lines = use.lines.filter(({ line }) => wanted.postgres?.(line.postgres) ?? true);
    if (lines.length === 0) return [];
    const title = groupName(pooler, index);
    return [
      ...cappedByRole(
        group,
        lines.map((line) => poolsOf(line, use.unknownDatabase, wanted.largest)),
      ).map((term) => perProcess(group.processes, { ...term, name: `${title}, ${term.name}` })),
      ...copiesTerm(group, use, title),
      ...maintenanceTerm(pooler, group, title),
    ];
  });
}

/** The pools of a line that its users open: one for each role. */
interface Roles {
  readonly names: readonly string[];
  readonly amount: Bounds;
}

/**
 * The roles that a line's pools are opened as. Two unknown logins may be one, or one that is known.
 */
function rolesOf({ line, clients }: LineUse, unknownDatabase: readonly PooledClient[]): Roles {
  const byLogin = line.user === undefined ? clients : [];
  const unknown = [
    ...byLogin.filter((client) => isUnknown(client, "user")),
    ...(line.user === undefined ? unknownDatabase : []),
  ];
  const certain = new Set(
    byLogin.filter((client) => !isUnknown(client, "user")).map(({ target }) => target.user),
  );
  // Without a user, another client may log in, though none is known.
  if (byLogin.length === 0) certain.add(line.user ?? "?");
  if (line.authUser !== undefined) certain.add(line.authUser);
  const all = new Set([...certain, ...unknown.map(({ target }) => target.user)]);
  const least = Math.max(1, certain.size);
  return {
    names: [...all],
    amount: between(least, Math.max(least, all.size), unknown.map(whichOne)),
  };
}

function whichOne(client: PooledClient): MissingQuantity {
  return isUnknown(client, "database") ? whichDatabase(client) : whichLogin(client);
}

function poolsOf(
  use: LineUse,
  unknownDatabase: readonly PooledClient[],
  largest: number,
): LinePools {
  const roles = rolesOf(use, unknownDatabase);
  const each = plus(lowered(limitOf(use.line.poolSize), largest), boundsOf(use.line.reservePool));
  const pools = times(roles.amount, each);
  const amount = smallerOf(pools, limitOf(use.line.maxServers));
  return { use, roles: roles.names, amount, capped: amount.max < pools.max };
}

/**
 * A term for each line, but one for all the lines that only one role uses where its
 * max_user_connections is less than they. (A line of several roles is counted in full: where a limit
 * of one role cuts it too, the sum is on the safe side.)
 */
function cappedByRole(group: PoolerGroup, lines: readonly LinePools[]): readonly SumTerm[] {
  const byRole = Map.groupBy(lines, ({ roles }) => (roles.length === 1 ? (roles[0] ?? "") : ""));
  return [...byRole].flatMap(([role, own]) => {
    const quantity = role === "" ? undefined : group.userLimits.get(role);
    const terms = own.map(lineTerm);
    if (quantity === undefined) return terms;
    const cap = limitOf(quantity);
    const total = totalOf(terms);
    if (total.max <= cap.min) return terms;
    const amount = smallerOf(total, cap);
    const lowest = own[0]?.use.line;
    return [
      {
        name: `role ${role} on ${own.length} lines`,
        amount,
        formula: isExact(amount) ? String(amount.min) : "?",
        why: `${numbered(quantity)}, which caps the ${total.min} of its lines`,
        ...(lowest && { first: firstPlace(lowest.poolSize, lowest.place) }),
      },
    ];
  });
}

function lineTerm({ use, roles, amount, capped }: LinePools): SumTerm {
  const { poolSize, reservePool, maxServers, place } = use.line;
  const hasReserve = !isZero(reservePool);
  const size = isZero(poolSize) ? "unlimited" : valueText(poolSize);
  const sizes = hasReserve ? `(${size} + ${valueText(reservePool)})` : size;
  const each = hasReserve
    ? `(${numbered(poolSize)} + ${numbered(reservePool)})`
    : numbered(poolSize);
  const isOne = roles.length === 1;
  const pools = isOne ? each : `${roles.length} roles (${listed(roles)}) × ${each}`;
  const formula = isOne ? sizes : `${roles.length} roles × ${sizes}`;
  return {
    name: `line ${use.name}`,
    amount,
    formula: capped && isExact(amount) ? String(amount.min) : formula,
    why: capped && maxServers ? `${numbered(maxServers)}, which caps ${pools}` : pools,
    first: firstPlace(poolSize, place),
  };
}

/** Copies of the line * for unknown databases. */
function copiesTerm(
  { lines }: PoolerGroup,
  { unknownDatabase }: GroupUse,
  title: string,
): readonly SumTerm[] {
  if (unknownDatabase.length === 0 || lines.every(({ name }) => name !== "*")) return [];
  return [
    {
      name: `${title}, copies of line *`,
      amount: between(0, Infinity, unknownDatabase.map(whichDatabase)),
      formula: "?",
      why: "for which databases is missing",
    },
  ];
}

/** What the reserve keeps for maintenance, where no line called so does it. */
function maintenanceTerm(pooler: Pooler, group: PoolerGroup, title: string): readonly SumTerm[] {
  const { maintenanceSlots, places, why } = pooler.reserve;
  if (maintenanceSlots === 0) return [];
  if (group.lines.some(({ name }) => name === MAINTENANCE_LINE)) return [];
  return [
    perProcess(group.processes, {
      name: `${title}, reserve: maintenance`,
      amount: exactly(maintenanceSlots, places),
      formula: `${maintenanceSlots} maintenance`,
      why: `${maintenanceSlots} (${why})`,
    }),
  ];
}
