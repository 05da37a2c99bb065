import * as fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("it doubles with each failure, up to a limit, and chance takes up to half of it", () => {
  const backoff = { firstMs: 100, maxMs: 1000 };
  const whole = [1, 2, 3, 4, 5, 5000].map((failures) => backoffMs(backoff, failures, () => 1));
  expect(whole).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(backoffMs(backoff, 2, () => 0)).toBe(100);
  expect(backoffMs(backoff, 2, () => 0.5)).toBe(150);
});

test("is never longer than its limit, and never nothing", () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 1e6 }),
      chance,
      (firstMs, maxMs, failures, random) => {
        const ms = backoffMs({ firstMs, maxMs }, failures, () => random);
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThanOrEqual(maxMs);
      },
    ),
  );
});
