import { expect, it } from "vitest";

import { backoffMs } from "./backoff.ts";

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
