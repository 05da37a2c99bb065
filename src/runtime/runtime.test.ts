import { expect, test } from "vitest";
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
