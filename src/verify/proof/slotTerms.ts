import { MAINTENANCE_LINE } from "../../api/names.ts";
import { listed } from "../../text/wording.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Pooler, PoolerGroup, PoolerLine, System } from "../system.ts";
import type { Quantity, MissingQuantity } from "../quantity.ts";
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
import { lowered, numbered, product, valueText, totalOf, type SumTerm } from "./sum.ts";

/** Which server connections to count. */
export interface SlotSelection {
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
 * The server connections that all processes of a pooler may open: for each group of processes and
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
      ).map((term) => ({
        ...term,
        name: `${title}, ${term.name}`,
        amount: times(boundsOf(group.processes), term.amount),
        formula: product(group.processes, "processes", term.formula),
        why: `${numbered(group.processes)} × ${term.why}`,
      })),
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
  const auth = line.authUser === undefined ? [] : [line.authUser];
  if (line.user !== undefined) return countedRoles([line.user, ...auth], []);
  const unknown = clients.filter((client) => isUnknown(client, "user"));
  const logins = clients
    .filter((client) => !isUnknown(client, "user"))
    .map(({ target }) => target.user);
  // Another client may log in, though none is known.
  const some = clients.length === 0 ? ["?"] : logins;
  return countedRoles([...some, ...auth], [...unknown, ...unknownDatabase]);
}

function countedRoles(known: readonly string[], unknown: readonly PooledClient[]): Roles {
  const names = new Set(known);
  const all = new Set([...known, ...unknown.map(({ target }) => target.user)]);
  const least = Math.max(1, names.size);
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
  const each = plus(poolSize(use.line, largest), boundsOf(use.line.reservePool));
  const pools = times(roles.amount, each);
  const amount = smallerOf(pools, limitOf(use.line.maxServers));
  return { use, roles: roles.names, amount, capped: amount.max < pools.max };
}

function poolSize({ poolSize: size }: PoolerLine, largest: number): Bounds {
  return lowered(limitOf(size), largest);
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
        ...(lowest && { first: sizePlace(lowest) }),
      },
    ];
  });
}

function lineTerm({ use, roles, amount, capped }: LinePools): SumTerm {
  const { poolSize: size, reservePool, maxServers } = use.line;
  const own = size.known && size.value === 0 ? "unlimited" : valueText(size);
  const sizes = isNothing(reservePool) ? own : `(${own} + ${valueText(reservePool)})`;
  const formula =
    capped && isExact(amount)
      ? String(amount.min)
      : roles.length === 1
        ? sizes
        : `${roles.length} roles × ${sizes}`;
  const each = isNothing(reservePool)
    ? numbered(size)
    : `(${numbered(size)} + ${numbered(reservePool)})`;
  const pools = roles.length === 1 ? each : `${roles.length} roles (${listed(roles)}) × ${each}`;
  const why = capped && maxServers ? `${numbered(maxServers)}, which caps ${pools}` : pools;
  return {
    name: `line ${use.name}`,
    amount,
    formula,
    why,
    first: sizePlace(use.line),
  };
}

function isNothing(quantity: Quantity): boolean {
  return quantity.known && quantity.value === 0;
}

function sizePlace({ poolSize: size, place }: PoolerLine): SourcePosition {
  return size.known ? (size.places[0] ?? place) : place;
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
  const { reserve } = pooler;
  if (group.lines.some(({ name }) => name === MAINTENANCE_LINE)) return [];
  if (reserve.maintenanceSlots === 0) return [];
  const each = exactly(reserve.maintenanceSlots, reserve.places);
  return [
    {
      name: `${title}, reserve: maintenance`,
      amount: times(boundsOf(group.processes), each),
      formula: product(group.processes, "processes", `${reserve.maintenanceSlots} maintenance`),
      why: `${numbered(group.processes)} × ${reserve.maintenanceSlots} (${reserve.why})`,
    },
  ];
}
