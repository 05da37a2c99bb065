import * as fc from "fast-check";
import { expect, it } from "vitest";
import { contentHash } from "./contentHash.ts";

it.each([
  ["", "cbf29ce484222325"],
  ["a", "af63dc4c8601ec8c"],
  ["foobar", "85944171f73967e8"],
])("gives the published value of %j", (text, hash) => {
  expect(contentHash(text)).toBe(hash);
});

it("agrees with the definition in big integers", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(contentHash(text)).toBe(definition(text));
    }),
  );
});

function definition(text: string): string {
  let state = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  }
  return state.toString(16).padStart(16, "0");
}
