import { expect, test } from "vitest";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { sleep, systemRuntime } from "./runtime.ts";

test("a time longer than timers can wait is not taken for none", async () => {
  let called = 0;
  const count = () => {
    called += 1;
  };
  const forget = [2 ** 31, 2 ** 40, Infinity].map((ms) => systemRuntime.after(ms, count));
  await sleep(systemRuntime, 50);
  for (const each of forget) each();

  expect(called).toBe(0);
});

test("what was prevented is not called", async () => {
  let called = false;
  const forget = systemRuntime.after(5, () => {
    called = true;
  });
  forget();
  await sleep(systemRuntime, 50);

  expect(called).toBe(false);
});

test("a sleep that a signal ends gives its reason, and leaves nothing behind", async () => {
  const runtime = virtualRuntime();
  const reason = new Error("it was stopped");
  const stopping = new AbortController();
  const sleeping = sleep(runtime, 1000, stopping.signal);
  expect(runtime.waiting()).toBe(1);
  stopping.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  expect(runtime.waiting()).toBe(0);
  await expect(sleep(runtime, 1000, stopping.signal)).rejects.toBe(reason);
  expect(runtime.waiting()).toBe(0);
});
