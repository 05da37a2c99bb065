import { MAINTENANCE_LINE } from "../../api/names.ts";
import { listed } from "../../text/wording.ts";
import type { Pooler, PoolerGroup, System } from "../system.ts";
import { firstPlace, isZero } from "../quantity.ts";
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
import {
  isUnknown,
  usesOf,
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
  return usesOf(pooler, system).flatMap((use) => {
    const lines = use.lines.filter(({ line }) => wanted.postgres?.(line.postgres) ?? true);
    if (lines.length === 0) return [];
    const { group, title } = use;
    const pools = lines.map((line) => poolsOf(line, use, wanted.largest));
    return [
      ...cappedByRole(group, pools).map((term) =>
        perProcess(group.processes, { ...term, name: `${title}, ${term.name}` }),
      ),
      ...copiesTerm(use),
      ...maintenanceTerm(pooler, use, wanted),
    ];
  });
}

/**
 * The roles that a line's pools are opened as. Two unknown logins may be the same, or the same as a
 * known login.
 */
function rolesOf(
  { line: { user }, clients, isAskersOnly }: LineUse,
  unknownDatabase: readonly PooledClient[],
): { readonly names: readonly string[]; readonly amount: Bounds } {
  const byLogin = user === undefined ? clients : [];
  const unknown = [
    ...byLogin
      .filter((client) => isUnknown(client, "user"))
      .map((client) => ({ client, question: whichLogin(client) })),
    ...(user === undefined ? unknownDatabase : []).map((client) => ({
      client,
      question: whichDatabase(client),
    })),
  ];
  const certain = new Set(
    byLogin.filter((client) => !isUnknown(client, "user")).map(({ target }) => target.user),
  );
  // Without a user, another client may log in, though none is known.
  if (byLogin.length === 0 && isAskersOnly === undefined) certain.add(user ?? "?");
  const all = new Set([...certain, ...unknown.map(({ client }) => client.target.user)]);
  const least = Math.max(isAskersOnly ? 0 : 1, certain.size);
  return {
    names: [...all],
    amount: between(
      least,
      Math.max(least, all.size),
      unknown.map(({ question }) => question),
    ),
  };
}

/** The pools of one line in one process: one for each role, under its max_db_connections. */
interface LinePools {
  readonly roles: readonly string[];
  readonly term: SumTerm;
}

function poolsOf(use: LineUse, { group, unknownDatabase }: GroupUse, largest: number): LinePools {
  const { name, line } = use;
  const { poolSize, reservePool, maxBackends, place } = line;
  const roles = rolesOf(use, unknownDatabase);
  const each = plus(lowered(limitOf(poolSize), largest), boundsOf(reservePool));
  // Who logs in as the asker has the same pool.
  const askers = use.askers.filter(({ user }) => !roles.names.includes(user));
  const asking = askers.map(({ user, pool, poolSize: own, unsure }) => {
    const size = limitOf(own ?? line.plainPoolSize ?? poolSize);
    const full = plus(lowered(size, largest), boundsOf(reservePool));
    const all = smallerOf(smallerOf(full, limitOf(pool)), limitOf(group.userLimits.get(user)));
    return unsure === undefined ? all : between(0, all.max, [...all.missing, unsure]);
  });
  const all = plus(times(roles.amount, each), ...asking);
  const whole = smallerOf(all, limitOf(maxBackends));
  const amount = use.perhapsSame === undefined ? whole : perhapsSame(use, whole, each);
  const isCapped = whole.max < all.max;
  const hasReserve = !isZero(reservePool);
  const size = isZero(poolSize) ? "unlimited" : valueText(poolSize);
  const sizes = hasReserve ? `(${size} + ${valueText(reservePool)})` : size;
  const eachWhy = hasReserve
    ? `(${numbered(poolSize)} + ${numbered(reservePool)})`
    : numbered(poolSize);
  const { names } = roles;
  const isOne = names.length === 1;
  const pools = isOne ? eachWhy : `${names.length} roles (${listed(names)}) × ${eachWhy}`;
  const summands = [
    ...(names.length === 0 ? [] : [isOne ? sizes : `${names.length} roles × ${sizes}`]),
    ...asking.map((bounds) => `${askingText(bounds)} for auth_query`),
  ];
  const why = [
    ...(names.length === 0 ? [] : [pools]),
    ...askers.map(({ user }, index) => `${askingText(asking[index])} for auth_query (${user})`),
  ].join(" + ");
  const formula = summands.length === 1 ? summands.join("") : `(${summands.join(" + ")})`;
  return {
    roles: [...names, ...askers.map(({ user }) => user)],
    term: {
      name: `line ${name}`,
      amount,
      formula:
        use.perhapsSame !== undefined && !isExact(amount)
          ? "?"
          : isCapped && isExact(amount)
            ? String(amount.min)
            : formula,
      why:
        isCapped && maxBackends
          ? `${numbered(maxBackends)}, which caps ${why}`
          : summands.length === 1
            ? why
            : `(${why})`,
      first: firstPlace(poolSize, place),
    },
  };
}

/** What a database that may be another line's adds: at the least the pools of its own logins. */
function perhapsSame({ line, perhapsSame: same }: LineUse, whole: Bounds, each: Bounds): Bounds {
  if (same === undefined) return whole;
  // The same max_db_connections caps both.
  const own = limitOf(line.maxBackends).max === Infinity ? same.ownLogins : 0;
  return between(own === 0 ? 0 : Math.min(whole.min, own * each.min), whole.max, [
    ...whole.missing,
    ...same.missing,
  ]);
}

function askingText(amount: Bounds | undefined): string {
  if (amount === undefined || amount.max === Infinity) return "?";
  return isExact(amount) ? String(amount.min) : `at most ${amount.max}`;
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
    const terms = own.map(({ term }) => term);
    const [first] = terms;
    if (quantity === undefined || first === undefined) return terms;
    const cap = limitOf(quantity);
    const total = totalOf(terms);
    if (total.max <= cap.min) return terms;
    const amount = smallerOf(total, cap);
    return [
      {
        ...first,
        name: `role ${role} on ${own.length} lines`,
        amount,
        formula: isExact(amount) ? String(amount.min) : "?",
        why: `${numbered(quantity)}, which caps the ${total.min} of its lines`,
      },
    ];
  });
}

/** Copies of the line * for unknown databases. */
function copiesTerm({ group, title, unknownDatabase }: GroupUse): readonly SumTerm[] {
  if (unknownDatabase.length === 0 || group.lines.every(({ name }) => name !== "*")) return [];
  return [
    {
      name: `${title}, copies of line *`,
      amount: between(0, Infinity, unknownDatabase.map(whichDatabase)),
      formula: "?",
      why: "for which databases is missing",
    },
  ];
}

/**
 * What the reserve keeps for maintenance. A line called so counts by itself; where there is none,
 * only the line * admits that database, and a pool on it.
 */
function maintenanceTerm(
  { reserve }: Pooler,
  { group, title }: GroupUse,
  { postgres }: SlotSelection,
): readonly SumTerm[] {
  const { maintenanceSlots, places, why, isDemanded } = reserve;
  if (maintenanceSlots === 0) return [];
  if (group.lines.some(({ name }) => name === MAINTENANCE_LINE)) return [];
  const fallback = group.lines.find(({ name }) => name === "*");
  if (fallback === undefined || postgres?.(fallback.postgres) === false) return [];
  return [
    perProcess(group.processes, {
      name: `${title}, reserve: maintenance`,
      amount: exactly(maintenanceSlots, places),
      formula: `${maintenanceSlots} maintenance`,
      why: `${maintenanceSlots} (${why})`,
      ...(!isDemanded && { users: [] }),
    }),
  ];
}
