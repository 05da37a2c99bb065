import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settle, virtualRuntime, type VirtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { startWorkQueue, type WorkQueue } from "./workQueue.ts";

const BACKOFF = { firstMs: 100, maxMs: 1000 };

interface KeyRun {
  readonly key: string;
  readonly beganMs: number;
  readonly succeed: () => void;
  readonly fail: () => void;
}

/** A queue whose work ends when it is told to. */
interface Bench {
  readonly runtime: VirtualRuntime;
  readonly queue: WorkQueue;
  readonly runs: readonly KeyRun[];
  readonly underWay: KeyRun[];
  readonly failures: (readonly [key: string, error: unknown, againInMs: number])[];
}

function bench(concurrency: number): Bench {
  // All of the backoff's time.
  const runtime = { ...virtualRuntime(), random: () => 1 };
  const runs: KeyRun[] = [];
  const underWay: KeyRun[] = [];
  const failures: (readonly [string, unknown, number])[] = [];
  const work = (key: string) =>
    new Promise<void>((resolve, reject) => {
      const end = (how: () => void) => () => {
        underWay.splice(underWay.indexOf(run), 1);
        how();
      };
      const run: KeyRun = {
        key,
        beganMs: runtime.monotonicMs(),
        succeed: end(resolve),
        fail: end(() => reject(new Error("it failed"))),
      };
      runs.push(run);
      underWay.push(run);
    });
  const queue = startWorkQueue({
    work,
    concurrency,
    backoff: BACKOFF,
    onFailure: (...failure) => failures.push(failure),
    runtime,
  });
  return { runtime, queue, runs, underWay, failures };
}

function at(underWay: readonly KeyRun[], index: number): KeyRun {
  const run = underWay[index % underWay.length];
  if (run === undefined) throw new Error("nothing is under way");
  return run;
}

type QueueStep =
  | { readonly does: "add"; readonly key: string; readonly delayMs: number }
  | { readonly does: "pass"; readonly ms: number }
  | { readonly does: "succeed" | "fail"; readonly index: number };

const STEP: fc.Arbitrary<QueueStep> = fc.oneof(
  fc.record({
    does: fc.constant("add" as const),
    key: fc.constantFrom("a", "b", "c", "d"),
    delayMs: fc.constantFrom(0, 0, 10, 150, 700),
  }),
  fc.record({ does: fc.constant("pass" as const), ms: fc.constantFrom(1, 50, 100, 400) }),
  fc.record({ does: fc.constantFrom("succeed" as const, "fail" as const), index: fc.nat(7) }),
);

/** What the queue promises, kept beside it: when each key is due, and how often it failed. */
class Model {
  readonly dueMs = new Map<string, number>();
  readonly failures = new Map<string, number>();

  add(key: string, dueMs: number): void {
    this.dueMs.set(key, Math.min(dueMs, this.dueMs.get(key) ?? Infinity));
  }

  ended(key: string, well: boolean, nowMs: number): void {
    const count = well ? 0 : (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, count);
    if (!well) this.add(key, nowMs + Math.min(1000, 100 * 2 ** (count - 1)));
  }

  begun(key: string, nowMs: number): void {
    const dueMs = this.dueMs.get(key) ?? Infinity;
    if (dueMs > nowMs) throw new Error(`${key} began at ${nowMs}, and was due at ${dueMs}`);
    this.dueMs.delete(key);
  }
}

describe("whatever is added, and however the work ends", () => {
  test("each key is worked on when it is due, by one worker at a time, and none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(STEP, { maxLength: 60, size: "max" }),
        async (workers, steps) => {
          const { runtime, queue, runs, underWay } = bench(workers);
          const model = new Model();
          let seen = 0;
          const check = () => {
            for (; seen < runs.length; seen++) {
              const { key, beganMs } = at(runs, seen);
              model.begun(key, beganMs);
            }
            const keys = underWay.map(({ key }) => key);
            expect(new Set(keys).size).toBe(keys.length);
            expect(keys.length).toBeLessThanOrEqual(workers);
            const nowMs = runtime.monotonicMs();
            const idle = [...model.dueMs].filter(
              ([key, dueMs]) => dueMs <= nowMs && !keys.includes(key),
            );
            expect(keys.length === workers ? [] : idle).toEqual([]);
          };
          const end = (run: KeyRun, well: boolean) => {
            model.ended(run.key, well, runtime.monotonicMs());
            if (well) run.succeed();
            else run.fail();
          };
          for (const step of steps) {
            if (step.does === "add") {
              model.add(step.key, runtime.monotonicMs() + step.delayMs);
              queue.add(step.key, step.delayMs);
            } else if (step.does === "pass") {
              await runtime.pass(step.ms);
            } else if (underWay.length > 0) {
              end(at(underWay, step.index), step.does === "succeed");
            }
            await settle();
            check();
          }
          while (model.dueMs.size > 0 || underWay.length > 0) {
            while (underWay.length > 0) end(at(underWay, 0), true);
            await runtime.pass(1000);
            check();
          }
          expect(runtime.waiting()).toBe(0);
        },
      ),
    );
  });

  test("the last state of each key is the one that was worked on, in any order of things", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        async (scheduler, keys, concurrency) => {
          const wanted = new Map<string, number>();
          const reached = new Map<string, number>();
          const busy = new Set<string>();
          const queue = startWorkQueue({
            work: async (key) => {
              expect(busy.has(key)).toBe(false);
              busy.add(key);
              const state = wanted.get(key) ?? 0;
              await scheduler.schedule(Promise.resolve(), `work on ${key}`);
              reached.set(key, state);
              busy.delete(key);
            },
            concurrency,
            backoff: BACKOFF,
            onFailure: (_key, error) => expect(error).toBeUndefined(),
            runtime: virtualRuntime(),
          });
          const adding = scheduler.scheduleSequence(
            keys.map((key, index) => async () => {
              wanted.set(key, index);
              queue.add(key);
              await Promise.resolve();
            }),
          );
          await scheduler.waitFor(adding.task);
          await scheduler.waitIdle();
          expect(reached).toEqual(wanted);
        },
      ),
    );
  });
});

test("a key that failed comes back, each time later, until it succeeds", async () => {
  const { runtime, queue, runs, underWay, failures } = bench(1);
  queue.add("a");
  await settle();
  for (let count = 0; count < 6; count++) {
    at(underWay, 0).fail();
    await runtime.pass(2000);
  }
  at(underWay, 0).succeed();
  await runtime.pass(2000);
  queue.add("a");
  await settle();
  at(underWay, 0).fail();
  await runtime.pass(0);

  expect(failures.map(([, , againInMs]) => againInMs)).toEqual([
    100, 200, 400, 800, 1000, 1000, 100,
  ]);
  expect(failures[0]).toEqual(["a", new Error("it failed"), 100]);
  expect(runs).toHaveLength(8);
});

test("those that wait are taken in the order in which they came due", async () => {
  const { runtime, queue, runs, underWay } = bench(1);
  queue.add("first");
  queue.add("late", 50);
  queue.add("early", 20);
  queue.add("now");
  await runtime.pass(100);
  for (let count = 0; count < 4; count++) {
    at(underWay, 0).succeed();
    await settle();
  }

  expect(runs.map(({ key }) => key)).toEqual(["first", "now", "early", "late"]);
});

test("work that adds its own key, before anything is awaited, is done again after", async () => {
  const busy: number[] = [];
  let runs = 0;
  const queue = startWorkQueue({
    work: async (key) => {
      busy.push(runs);
      runs += 1;
      if (runs < 3) queue.add(key);
      expect(busy).toHaveLength(1);
      await Promise.resolve();
      busy.pop();
    },
    concurrency: 2,
    backoff: BACKOFF,
    onFailure: (_key, error) => expect(error).toBeUndefined(),
    runtime: virtualRuntime(),
  });
  queue.add("a");
  await settle();

  expect(runs).toBe(3);
});

describe("stopping", () => {
  test("waits for what is under way, and begins nothing more", async () => {
    const { runtime, queue, runs, underWay, failures } = bench(2);
    for (const key of ["a", "b", "c"]) queue.add(key);
    queue.add("d", 10);
    await settle();
    let stopped = false;
    const stop = async () => {
      await queue.stop();
      stopped = true;
    };
    const stopping = stop();
    queue.add("e");
    queue.add("a");
    at(underWay, 0).fail();
    await runtime.pass(5000);
    expect(stopped).toBe(false);

    at(underWay, 0).succeed();
    await stopping;
    await runtime.pass(5000);
    expect(runs.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(failures).toHaveLength(1);
    expect(runtime.waiting()).toBe(0);
  });

  test("of a queue that has just been filled begins nothing", async () => {
    const { runtime, queue, runs } = bench(2);
    queue.add("a");
    await queue.stop();
    await runtime.pass(10);

    expect(runs).toEqual([]);
  });
});
