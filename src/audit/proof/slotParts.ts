import { MAINTENANCE_LINE } from "../../api/names.ts";
import type { Place } from "../place.ts";
import type { Pooler, PoolerGroup, PoolerLine, System } from "../system.ts";
import {
  amountOf,
  exactly,
  isExact,
  limitOf,
  plus,
  smallerOf,
  times,
  type Amount,
} from "./amount.ts";
import { groupName } from "./clientSums.ts";
import { clientsOf, useOf, type LineUse } from "./lineUse.ts";
import { lowered, product, shown, totalOf, whyOf, type Part } from "./sum.ts";

/** Which server connections to count. */
export interface Wanted {
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
  readonly amount: Amount;
  /** That cuts them. */
  readonly capped: boolean;
}

/**
 * The server connections that all processes of a pooler may open: for each group of processes and
 * each line processes × pools × (pool_size + reserve pool), under the line's max_db_connections
 * and the role's max_user_connections; and slots for maintenance where no line has them.
 */
export function slotParts(pooler: Pooler, system: System, wanted: Wanted): readonly Part[] {
  const clients = clientsOf(pooler, system);
  return pooler.groups.flatMap((group, index) => {
    const lines = useOf(group, clients).lines.filter(
      ({ line }) => wanted.postgres?.(line.postgres) ?? true,
    );
    if (lines.length === 0) return [];
    const title = groupName(pooler, index);
    return [
      ...cappedByRole(
        group,
        lines.map((use) => poolsOf(use, wanted.largest)),
      ).map((part) => ({
        ...part,
        name: `${title}, ${part.name}`,
        amount: times(amountOf(group.processes), part.amount),
        formula: product(group.processes, "processes", part.formula),
        why: [whyOf(group.processes), part.why].filter((why) => why !== "").join("; "),
      })),
      ...maintenancePart(pooler, group, title),
    ];
  });
}

/** The roles that a line's pools are opened as. */
function rolesOf({ line, clients }: LineUse): readonly string[] {
  const logins = new Set(clients.map(({ target }) => target.user));
  const roles = line.user === undefined ? logins : new Set([line.user]);
  // Somebody may log in, though nobody is known to.
  if (roles.size === 0) roles.add("?");
  if (line.authUser !== undefined) roles.add(line.authUser);
  return [...roles];
}

function poolsOf(use: LineUse, largest: number): LinePools {
  const roles = rolesOf(use);
  const each = plus(poolSize(use.line, largest), amountOf(use.line.reservePool));
  const pools = times(exactly(roles.length), each);
  const amount = smallerOf(pools, limitOf(use.line.maxServers));
  return { use, roles, amount, capped: amount.most < pools.most };
}

function poolSize({ poolSize: size }: PoolerLine, largest: number): Amount {
  return lowered(limitOf(size), largest);
}

/**
 * A part for each line, but one for all the lines that only one role uses where its
 * max_user_connections is less than they. (A line of several roles is counted in full: where a limit
 * of one role cuts it too, the sum is on the safe side.)
 */
function cappedByRole(group: PoolerGroup, lines: readonly LinePools[]): readonly Part[] {
  const byRole = Map.groupBy(lines, ({ roles }) => (roles.length === 1 ? (roles[0] ?? "") : ""));
  return [...byRole].flatMap(([role, own]) => {
    const figure = role === "" ? undefined : group.userLimits.get(role);
    const parts = own.map(linePart);
    if (figure === undefined) return parts;
    const cap = limitOf(figure);
    const total = totalOf(parts);
    if (total.most <= cap.least) return parts;
    const amount = smallerOf(total, cap);
    const lowest = own[0]?.use.line;
    return [
      {
        name: `role ${role} on ${own.length} lines`,
        amount,
        formula: isExact(amount) ? String(amount.least) : "?",
        why: `at most max_user_connections ${figure.known ? figure.value : "?"}; the lines alone ${total.least}`,
        ...(lowest && { first: sizePlace(lowest) }),
      },
    ];
  });
}

function linePart({ use, roles, amount, capped }: LinePools): Part {
  const { poolSize: size, reservePool, maxServers } = use.line;
  const own = size.known && size.value === 0 ? "unlimited" : shown(size);
  const sizes = amountOf(reservePool).most === 0 ? own : `(${own} + ${shown(reservePool)})`;
  const formula =
    capped && isExact(amount)
      ? String(amount.least)
      : roles.length === 1
        ? sizes
        : `${roles.length} roles × ${sizes}`;
  const whys = [
    `pool_size ${whyOf(size)}`,
    ...(roles.length === 1 ? [] : [`pools for ${roles.join(", ")}`]),
    ...(capped && maxServers ? [`max_db_connections ${whyOf(maxServers)}`] : []),
  ];
  return {
    name: `line ${use.name}`,
    amount,
    formula,
    why: whys.join("; "),
    first: sizePlace(use.line),
  };
}

function sizePlace({ poolSize: size, place }: PoolerLine): Place {
  return size.known ? (size.places[0] ?? place) : place;
}

/** What the reserve keeps for maintenance, where no line called so does it. */
function maintenancePart(pooler: Pooler, group: PoolerGroup, title: string): readonly Part[] {
  const { reserve } = pooler;
  if (group.lines.some(({ name }) => name === MAINTENANCE_LINE)) return [];
  if (reserve.maintenanceSlots === 0) return [];
  const each = exactly(reserve.maintenanceSlots, reserve.places);
  return [
    {
      name: `${title}, reserve: maintenance`,
      amount: times(amountOf(group.processes), each),
      formula: product(group.processes, "processes", `${reserve.maintenanceSlots} maintenance`),
      why: reserve.why,
    },
  ];
}
