import { describe, expect, it } from "vitest";
import { heldIn } from "../pgbouncer/held.ts";
import { heldForCertain } from "./poolSetting.ts";

/** What a pod certainly held, of its counts on each process. */
function held(...processes: readonly (readonly number[])[]): number {
  const windows = processes.map((counts) =>
    heldIn(counts.map((count) => new Map([["pod", count]]))),
  );
  return heldForCertain("pod", windows);
}

/** A pool of 5 on one process: how many it had in each sample. */
describe("what a pod held on one process", () => {
  it.each([
    { what: "its pool replaces a connection", counts: [5, 6, 5, 5], held: 5 },
    { what: "it does so again and again", counts: [6, 5, 6, 5, 6], held: 5 },
    { what: "too many in two samples in a row", counts: [5, 6, 6, 5], held: 6 },
    { what: "the smaller of both counts", counts: [5, 9, 6, 5], held: 6 },
    { what: "one sample alone", counts: [9], held: 0 },
    { what: "nothing", counts: [0, 0], held: 0 },
  ])("$what: $held", ({ counts, held: most }) => {
    expect(held(counts)).toBe(most);
  });
});

describe("what a pod held on several processes", () => {
  it("is the sum of what each had in every sample", () => {
    expect(held([3, 4, 3], [3, 3, 5])).toBe(6);
  });

  it("is not the sum of what each had at its own time", () => {
    expect(held([5, 5, 0, 0], [0, 0, 5, 5])).toBe(5);
  });
});
