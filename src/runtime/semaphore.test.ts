import { expect, test } from "vitest";
import { semaphore } from "./semaphore.ts";

test("so many at a time, in order, and a failure frees its place", async () => {
  const limit = semaphore(2);
  let underWay = 0;
  let most = 0;
  const order: number[] = [];
  const work = (index: number) => async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    underWay -= 1;
    order.push(index);
    if (index === 1) throw new Error("no");
    return index;
  };
  const done = await Promise.allSettled([0, 1, 2, 3, 4].map((each) => limit.acquire(work(each))));
  expect(done.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, true]);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});
