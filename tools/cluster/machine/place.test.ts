import { expect, test } from "vitest";

import { keepFromOthers, takePlace } from "./place.ts";

test("a number that was given back can be kept from others, who take another", async () => {
  const first = await takePlace();
  const kept = await keepFromOthers(first);
  await first.free();
  const second = await takePlace();
  expect(second.number).not.toBe(first.number);
  await second.free();
  await kept.release();
});
