import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { backoffMs, nextStep, type PoolCounts, type PoolStep } from "./nextStep.ts";

const REST: PoolCounts = {
  limit: 4,
  minIdle: 0,
  opening: false,
  idle: 0,
  inUse: 0,
  closing: 0,
  waiting: 0,
  mayOpen: true,
  draining: false,
};

const CASES: readonly (readonly [string, Partial<PoolCounts>, PoolStep | undefined])[] = [
  ["nothing is asked for", {}, undefined],
  ["somebody waits", { waiting: 1 }, "open"],
  ["somebody waits and one is idle", { waiting: 1, idle: 1 }, "lend"],
  ["one is opening already", { waiting: 9, opening: true }, undefined],
  ["a login has just failed", { waiting: 1, mayOpen: false }, undefined],
  ["a login has just failed and one is idle", { waiting: 1, idle: 1, mayOpen: false }, "lend"],
  ["all are in use", { waiting: 1, inUse: 4 }, undefined],
  ["those that close are not yet closed", { waiting: 1, inUse: 3, closing: 1 }, undefined],
  ["fewer than minIdle are there", { minIdle: 2, inUse: 1 }, "open"],
  ["minIdle is above the limit", { limit: 1, minIdle: 2, idle: 1 }, undefined],
  ["the limit fell below what is idle", { limit: 1, idle: 2 }, "close"],
  ["the limit fell while one opens", { limit: 1, inUse: 1, opening: true }, "abort"],
  ["the limit fell while somebody waits", { limit: 1, idle: 1, inUse: 1, waiting: 1 }, "close"],
  ["the limit fell below what is in use", { limit: 1, inUse: 3, waiting: 1 }, undefined],
  ["it drains", { draining: true, idle: 1 }, "close"],
  ["it drains while one opens for nobody", { draining: true, opening: true }, "abort"],
  ["it drains while somebody waits", { draining: true, waiting: 1, idle: 1 }, "lend"],
  ["it drains while somebody waits for the first", { draining: true, waiting: 1 }, "open"],
  ["it drains and fewer than minIdle are there", { draining: true, minIdle: 2 }, undefined],
];

describe("the next step", () => {
  it.each(CASES)("when %s", (_, counts, step) => {
    expect(nextStep({ ...REST, ...counts })).toBe(step);
  });
});

type MutablePoolCounts = { -readonly [Key in keyof PoolCounts]: PoolCounts[Key] };

/** What the world does to a pool; a login, an end and a pause take their time. */
const EVENT: Readonly<
  Record<string, (pool: MutablePoolCounts) => Partial<MutablePoolCounts> | false>
> = {
  ask: (pool) => !pool.draining && { waiting: pool.waiting + 1 },
  giveUp: (pool) => pool.waiting > 0 && { waiting: pool.waiting - 1 },
  release: (pool) => pool.inUse > 0 && { inUse: pool.inUse - 1, idle: pool.idle + 1 },
  break: (pool) => pool.inUse > 0 && { inUse: pool.inUse - 1, closing: pool.closing + 1 },
  in: (pool) => pool.opening && { opening: false, idle: pool.idle + 1 },
  refused: (pool) => pool.opening && { opening: false, closing: pool.closing + 1, mayOpen: false },
  pauseOver: () => ({ mayOpen: true }),
  closed: (pool) => pool.closing > 0 && { closing: pool.closing - 1 },
  drain: () => ({ draining: true }),
};

const STEP: Readonly<Record<PoolStep, (pool: MutablePoolCounts) => Partial<MutablePoolCounts>>> = {
  abort: (pool) => ({ opening: false, closing: pool.closing + 1 }),
  close: (pool) => ({ idle: pool.idle - 1, closing: pool.closing + 1 }),
  lend: (pool) => ({ idle: pool.idle - 1, waiting: pool.waiting - 1, inUse: pool.inUse + 1 }),
  open: () => ({ opening: true }),
};

const EVENTS = fc.array(
  fc.oneof(
    fc.constantFrom(...Object.keys(EVENT)),
    fc.nat({ max: 5 }).map((limit) => limit + 1),
  ),
  { maxLength: 80 },
);

/** Lets something happen, a new limit for instance, and the pool act on it until it rests. */
function happen(pool: MutablePoolCounts, event: string | number): void {
  const change = typeof event === "number" ? { limit: event } : EVENT[event]?.(pool);
  if (change !== undefined && change !== false) Object.assign(pool, change);
  for (let steps = 0; steps < 100; steps += 1) {
    const step = nextStep(pool);
    if (step === undefined) return;
    Object.assign(pool, STEP[step](pool));
  }
  throw new Error("it never rests");
}

/** What must hold whenever a pool rests. */
function broken(before: MutablePoolCounts, after: MutablePoolCounts): readonly string[] {
  const hasGrown = total(after) > total(before);
  const numbers = [after.idle, after.inUse, after.closing, after.waiting];
  return [
    ...(hasGrown && total(after) > after.limit ? ["it grew above its limit"] : []),
    ...(after.idle > 0 && after.waiting > 0 ? ["somebody waits beside an idle connection"] : []),
    ...(after.idle > 0 && staying(after) > after.limit ? ["one idles above the limit"] : []),
    ...(after.opening && staying(after) > after.limit ? ["one opens above the limit"] : []),
    ...(Math.min(...numbers) < 0 ? ["it did what it could not do"] : []),
  ];
}

function staying({ opening, idle, inUse }: MutablePoolCounts): number {
  return (opening ? 1 : 0) + idle + inUse;
}

function total(pool: MutablePoolCounts): number {
  return staying(pool) + pool.closing;
}

describe("whatever happens in whatever order", () => {
  it("no step takes the connections above the limit, and nobody is forgotten", () => {
    fc.assert(
      fc.property(fc.nat({ max: 6 }), EVENTS, (minIdle, events) => {
        const pool: MutablePoolCounts = { ...REST, minIdle };
        for (const event of events) {
          const before = { ...pool };
          happen(pool, event);
          expect(broken(before, pool)).toEqual([]);
        }
        // When all goes well from now on, all who wait are served, and what is wanted is kept.
        for (let round = 0; round < 200; round += 1) {
          for (const event of ["pauseOver", "closed", "in", "release"]) happen(pool, event);
        }
        expect(pool).toMatchObject({ waiting: 0, inUse: 0, closing: 0, opening: false });
        const kept = pool.draining ? 0 : Math.min(minIdle, pool.limit);
        const most = pool.draining ? 0 : pool.limit;
        expect(pool.idle).toBeGreaterThanOrEqual(kept);
        expect(pool.idle).toBeLessThanOrEqual(most);
      }),
      { numRuns: 1_000 },
    );
  });
});

it("a pause after failed logins doubles up to a second, the longer half of it at random", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 1_000].map((failures) => [
    backoffMs(failures, 0),
    backoffMs(failures, 1),
  ]);
  expect(bounds).toEqual([
    [25, 50],
    [50, 100],
    [100, 200],
    [200, 400],
    [400, 800],
    [500, 1_000],
    [500, 1_000],
  ]);
});
