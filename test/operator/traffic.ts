/** The pool of a pod's one process. */
export interface ServerPool {
  readonly server: string;
  readonly address: string;
  /** The most that it may have, over all PgBouncers. */
  readonly limit: number;
}

/** Connections that come and go on the PgBouncer processes of one tier. */
export interface Traffic {
  /** Some pools close or open some, each within its limit; so do those that log in or maintain. */
  readonly move: () => void;
  /** How many a pool has on the process of this ordinal. */
  readonly open: (pool: ServerPool, ordinal: number) => number;
  readonly loggingIn: (ordinal: number) => number;
  readonly maintaining: (ordinal: number) => number;
  /** From now on a pool has so many on the first process, and none elsewhere; undefined: no more. */
  readonly hold: (pool: ServerPool, count: number | undefined) => void;
}

/** What is reserved of a process beside its pools. */
interface ReservedLogins {
  readonly logins: number;
  readonly maintenance: number;
}

/** Of the pools, how many move at a time. */
const MOVING = 0.02;

/** @param random as Math.random */
export function traffic(
  pools: readonly ServerPool[],
  processes: number,
  reserve: ReservedLogins,
  random: () => number,
): Traffic {
  const open = new Map<ServerPool, readonly number[]>();
  const held = new Map<ServerPool, number>();
  const loggingIn: number[] = [];
  const maintaining: number[] = [];
  const atMost = (count: number) => Math.floor(random() * (count + 1));

  const movePool = (pool: ServerPool) => {
    const pinned = held.get(pool);
    let left = pinned ?? atMost(pool.limit);
    const counts: number[] = [];
    for (let ordinal = 0; ordinal < processes; ordinal++) {
      const count = pinned === undefined && ordinal < processes - 1 ? atMost(left) : left;
      counts.push(count);
      left -= count;
    }
    open.set(pool, counts);
  };
  const move = () => {
    for (let moved = 0; moved < MOVING * pools.length; moved++) {
      const pool = pools[Math.floor(random() * pools.length)];
      if (pool !== undefined) movePool(pool);
    }
    for (let ordinal = 0; ordinal < processes; ordinal++) {
      loggingIn[ordinal] = atMost(reserve.logins);
      maintaining[ordinal] = atMost(reserve.maintenance);
    }
  };
  for (const pool of pools) movePool(pool);
  return {
    move,
    open: (pool, ordinal) => open.get(pool)?.[ordinal] ?? 0,
    loggingIn: (ordinal) => loggingIn[ordinal] ?? 0,
    maintaining: (ordinal) => maintaining[ordinal] ?? 0,
    hold: (pool, count) => {
      if (count === undefined) held.delete(pool);
      else held.set(pool, count);
      movePool(pool);
    },
  };
}
