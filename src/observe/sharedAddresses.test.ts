import { expect, test } from "vitest";
import { sharedPlaces, type Place } from "./sharedAddresses.ts";

/** One that has its own console, and finds others too. */
function place(name: string, console: string, others: readonly string[] = []): Place {
  return {
    key: `key of ${name}`,
    name,
    isSeen: true,
    consoles: { own: [console], listed: [console, ...others] },
  };
}

const A = place("a", "1");
const B = place("b", "2");
const C = place("c", "3");

test("what never led to one process is not remembered", () => {
  expect(sharedPlaces().look([A, B, C])).toEqual(new Map());
});

test("what led to one process once did so, as long as both places stay", () => {
  const shared = sharedPlaces();
  const once = new Map([["b", "a"]]);
  expect(shared.look([A, place("b", "2", ["1"])])).toEqual(once);
  expect(shared.look([A, B])).toEqual(once);
  expect(shared.look([A, B, C])).toEqual(once);
  expect(shared.look([A])).toEqual(new Map());
  expect(shared.look([A, B])).toEqual(new Map());
});

test("a place where something else stands is another one", () => {
  const shared = sharedPlaces();
  shared.look([A, place("b", "2", ["1"])]);
  expect(shared.look([A, { ...B, key: "another" }])).toEqual(new Map());
});

test("one that is seen stands for those that are not", () => {
  const shared = sharedPlaces();
  shared.look([A, place("b", "2", ["1"])]);
  expect(shared.look([{ ...A, isSeen: false }, B])).toEqual(new Map([["a", "b"]]));
  // What it listed when it was seen last is old.
  const gone = { ...place("c", "3", ["2"]), isSeen: false };
  expect(shared.look([A, B, gone])).toEqual(new Map([["b", "a"]]));
});

test("of three, two that never met are two", () => {
  const shared = sharedPlaces();
  shared.look([A, place("b", "2", ["1"]), C]);
  shared.look([A, B, place("c", "3", ["2"])]);
  expect(shared.look([A, B, C])).toEqual(new Map([["b", "a"]]));
  shared.look([A, B, place("c", "3", ["1"])]);
  expect(shared.look([A, B, C])).toEqual(
    new Map([
      ["b", "a"],
      ["c", "a"],
    ]),
  );
});
