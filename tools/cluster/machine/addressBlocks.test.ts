import { array, assert, integer, nat, property, record } from "fast-check";
import { expect, test } from "vitest";

import { blockWithout } from "./addressBlocks.ts";

test("a block without others is what is left of it", () => {
  expect(blockWithout("10.0.0.0/8", [])).toEqual(["10.0.0.0/8"]);
  expect(blockWithout("10.0.0.0/30", ["10.0.0.1/32"])).toEqual(["10.0.0.0/32", "10.0.0.2/31"]);
  expect(blockWithout("10.0.0.0/24", ["10.0.0.0/8"])).toEqual([]);
  expect(blockWithout("10.0.0.0/24", ["10.0.1.0/24"])).toEqual(["10.0.0.0/24"]);
});

/** Blocks of a small network, so that they meet. */
const block = record({ last: nat(31), bits: integer({ min: 27, max: 32 }) }).map(
  ({ last, bits }) => `10.0.0.${last}/${bits}`,
);

test("each address of it is in one block that is left, or in one that was taken", () => {
  assert(
    property(block, array(block, { maxLength: 4 }), (whole, except) => {
      const left = blockWithout(whole, except);
      for (let last = 0; last < 32; last++) {
        const wanted = isIn(last, whole) && !except.some((other) => isIn(last, other));
        expect(left.filter((one) => isIn(last, one))).toHaveLength(wanted ? 1 : 0);
      }
    }),
  );
});

/** By their bits, as text. */
function isIn(last: number, cidr: string): boolean {
  const match = /\.(\d+)\/(\d+)$/.exec(cidr);
  const bits = (value: number) =>
    value
      .toString(2)
      .padStart(8, "0")
      .slice(0, Number(match?.[2]) - 24);
  return bits(last) === bits(Number(match?.[1]));
}

test("what is no block is reported", () => {
  expect(() => blockWithout("10.0.0.0", [])).toThrow("10.0.0.0 is no block of IPv4 addresses");
  expect(() => blockWithout("fd00::/8", [])).toThrow("fd00::/8 is no block of IPv4 addresses");
  expect(() => blockWithout("10.0.0.0/33", [])).toThrow("10.0.0.0/33: a prefix has 0 to 32 bits");
});
