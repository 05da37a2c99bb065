import { expect, test } from "vitest";
import { virtualClock } from "../../test/kube/virtualClock.ts";
import { loop } from "./loop.ts";

test("does turn after turn with the pauses that each asks for", async () => {
  const clock = virtualClock();
  const turnsMs: number[] = [];
  const running = loop(clock, async () => {
    turnsMs.push(clock.monotonicMs());
    return turnsMs.length * 100;
  });
  await clock.pass(599);
  expect(turnsMs).toEqual([0, 100, 300]);
  await running.stop();
  await clock.pass(10_000);
  expect(turnsMs.length).toBe(3);
  expect(clock.waiting()).toBe(0);
});

test("a hurry ends the pause, also one that comes during a turn", async () => {
  const clock = virtualClock();
  let turns = 0;
  let { promise, resolve: release } = Promise.withResolvers<void>();
  const running = loop(clock, async () => {
    turns += 1;
    ({ promise, resolve: release } = Promise.withResolvers<void>());
    await promise;
    return 60_000;
  });
  await clock.pass(0);
  running.trigger();
  release();
  await clock.pass(0);
  expect(turns).toBe(2);
  release();
  await clock.pass(0);
  running.trigger();
  await clock.pass(0);
  expect(turns).toBe(3);
  const stopped = running.stop();
  release();
  await stopped;
});
