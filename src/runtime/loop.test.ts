import { expect, test } from "vitest";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { loop } from "./loop.ts";

test("does turn after turn with the pauses that each asks for", async () => {
  const runtime = virtualRuntime();
  const turnsMs: number[] = [];
  const running = loop(runtime, async () => {
    turnsMs.push(runtime.monotonicMs());
    return turnsMs.length * 100;
  });
  await runtime.pass(599);
  expect(turnsMs).toEqual([0, 100, 300]);
  await running.stop();
  await runtime.pass(10_000);
  expect(turnsMs.length).toBe(3);
  expect(runtime.waiting()).toBe(0);
});

test("a trigger ends the pause, also one that comes during a turn", async () => {
  const runtime = virtualRuntime();
  let turns = 0;
  let { promise, resolve: release } = Promise.withResolvers<void>();
  const running = loop(runtime, async () => {
    turns += 1;
    ({ promise, resolve: release } = Promise.withResolvers<void>());
    await promise;
    return 60_000;
  });
  await runtime.pass(0);
  running.trigger();
  release();
  await runtime.pass(0);
  expect(turns).toBe(2);
  release();
  await runtime.pass(0);
  running.trigger();
  await runtime.pass(0);
  expect(turns).toBe(3);
  const stopped = running.stop();
  release();
  await stopped;
});
