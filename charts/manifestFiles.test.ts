import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFleet } from "../test/fleets/arbitraryFleet.ts";
import { goldenOf, goldens, manifestsIn } from "../test/golden/goldens.ts";
import type { Fleet } from "../src/api/fleet.ts";
import { planFleet } from "../src/budget/planFleet.ts";
import { MARK } from "../src/render/manifest.ts";

/** The fleet with its objects in any other order. */
function shuffled(fleet: Fleet): fc.Arbitrary<Fleet> {
  return fc.record({ budgets: shuffle(fleet.budgets), servers: shuffle(fleet.servers) });
}

function shuffle<T>(objects: readonly T[]): fc.Arbitrary<readonly T[]> {
  return fc.shuffledSubarray([...objects], { minLength: objects.length });
}

describe("the files", () => {
  const PAIRS = arbitraryFleet()
    .filter((fleet) => planFleet(fleet).feasible)
    .chain((fleet) => fc.tuple(fc.constant(fleet), shuffled(fleet)));

  it("are the same bytes whatever the order of the objects", () => {
    fc.assert(
      fc.property(PAIRS, ([fleet, other]) => {
        expect(goldenOf("any", other).files).toEqual(goldenOf("any", fleet).files);
      }),
    );
  });

  it.each(goldens())("of the fleet $name are the same bytes again", ({ name, fleet, files }) => {
    expect(goldenOf(name, fleet).files).toEqual(files);
  });

  it.each(goldens())("of the fleet $name stand in the order of their names", ({ files }) => {
    const names = files.map(({ name }) => name);
    const prefixes = names.map((name) => name.slice(0, 2));
    expect(prefixes).toEqual(prefixes.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(goldens())("of the fleet $name say who wrote them", ({ files }) => {
    for (const { text } of files) expect(text.startsWith(`${MARK} from `)).toBe(true);
  });

  it.each(goldens())("of the fleet $name hold objects of their namespace", ({ files }) => {
    for (const file of files.filter(({ name }) => !name.startsWith("00-"))) {
      for (const { metadata } of manifestsIn(file)) {
        expect(file.name).toContain(`-${metadata.namespace}.`);
      }
    }
  });
});
