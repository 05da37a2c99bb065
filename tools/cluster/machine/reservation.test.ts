import { expect, test } from "vitest";

import { keepFromOthers, reserveMachine } from "./reservation.ts";

test("a number that was given back can be kept from others, who take another", async () => {
  const first = await reserveMachine();
  const kept = await keepFromOthers(first);
  await first.free();
  const second = await reserveMachine();
  expect(second.number).not.toBe(first.number);
  await second.free();
  await kept.release();
});
