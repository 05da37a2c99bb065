import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, type Claim } from "./allocate.ts";

function claim(name: string, wish: Partial<Claim> = {}): Claim {
  return { name, least: 1, most: 20, weight: 1, cost: 1, ...wish };
}

function costOf(claims: readonly Claim[], units: readonly number[]): number {
  return claims.reduce((sum, { cost }, index) => sum + cost * (units[index] ?? 0), 0);
}

/** Claims that differ in what the options allow, and what is there for them: enough for all leasts. */
function arbitraryClaims(options: {
  readonly count: number;
  readonly mostMax: number;
  readonly weightMax: number;
  readonly costMax: number;
}): fc.Arbitrary<{ readonly claims: readonly Claim[]; readonly available: number }> {
  const one = fc
    .record({
      name: fc.string({ minLength: 1, maxLength: 3 }),
      least: fc.integer({ min: 1, max: 3 }),
      more: fc.integer({ min: 0, max: options.mostMax - 3 }),
      weight: fc.integer({ min: 1, max: options.weightMax }),
      cost: fc.integer({ min: 1, max: options.costMax }),
    })
    .map(({ more, ...rest }) => ({ ...rest, most: rest.least + more }));
  return fc
    .record({
      claims: fc.uniqueArray(one, { selector: ({ name }) => name, maxLength: options.count }),
      spare: fc.integer({ min: 0, max: 60 }),
    })
    .map(({ claims, spare }) => ({
      claims,
      available:
        costOf(
          claims,
          claims.map(({ least }) => least),
        ) + spare,
    }));
}

const ANY = arbitraryClaims({ count: 7, mostMax: 20, weightMax: 6, costMax: 5 });

/** Every vector of units between least and most whose cost fits. */
function* everyVector(claims: readonly Claim[], available: number): Generator<readonly number[]> {
  const [first, ...others] = claims;
  if (first === undefined) {
    yield [];
    return;
  }
  for (let units = first.least; units <= first.most; units += 1) {
    const left = available - units * first.cost;
    if (left < 0) return;
    for (const rest of everyVector(others, left)) yield [units, ...rest];
  }
}

/** Compares two lists of numbers: the first that differs decides. */
function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

describe("allocate", () => {
  it("gives nothing to nobody", () => {
    expect(allocate([], 10)).toEqual([]);
  });

  it("stops at what each may have", () => {
    expect(allocate([claim("a", { most: 3 }), claim("b", { most: 5 })], 100)).toEqual([3, 5]);
  });

  it("gives the odd unit to the first by name, in code units, wherever it stands", () => {
    expect(allocate([claim("b"), claim("Z"), claim("a")], 10)).toEqual([3, 4, 3]);
  });

  it("begins at the least: who has much already waits for the others", () => {
    expect(allocate([claim("a", { least: 6 }), claim("b"), claim("c")], 14)).toEqual([6, 4, 4]);
  });

  it("weighs", () => {
    expect(allocate([claim("a", { weight: 3 }), claim("b")], 12)).toEqual([9, 3]);
  });

  it("compares fractions exactly where floats would find them equal", () => {
    // 333333/1000 and 333334/1000 differ by less than any rounding may hide.
    const claims = [
      claim("a", { least: 333_334, most: 900_000, weight: 1000 }),
      claim("b", { least: 333_333, most: 900_000, weight: 1000 }),
    ];
    expect(allocate(claims, 333_334 + 333_333 + 1)).toEqual([333_334, 333_334]);
    expect(allocate(claims, 333_334 + 333_333 + 2)).toEqual([333_335, 333_334]);
  });

  it("goes on to cheaper ones when the next in turn does not fit", () => {
    expect(allocate([claim("a", { cost: 4 }), claim("b", { least: 2 })], 9)).toEqual([1, 5]);
  });

  it("never gives more than there is, nor less or more than each may have", () => {
    fc.assert(
      fc.property(ANY, ({ claims, available }) => {
        const units = allocate(claims, available);
        expect(costOf(claims, units)).toBeLessThanOrEqual(available);
        for (const [index, { least, most }] of claims.entries()) {
          expect(units[index]).toBeGreaterThanOrEqual(least);
          expect(units[index]).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("leaves nothing that would still fit", () => {
    fc.assert(
      fc.property(ANY, ({ claims, available }) => {
        const units = allocate(claims, available);
        const left = available - costOf(claims, units);
        const couldHave = claims.filter(
          ({ most, cost }, index) => (units[index] ?? 0) < most && cost <= left,
        );
        expect(couldHave).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes from nobody when there is more, when all costs are equal", () => {
    fc.assert(
      fc.property(
        arbitraryClaims({ count: 7, mostMax: 20, weightMax: 6, costMax: 1 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 40 }),
        ({ claims: each, available }, cost, more) => {
          const claims = each.map((one) => ({ ...one, cost }));
          const before = allocate(claims, available * cost);
          const after = allocate(claims, available * cost + more);
          for (const [index, units] of before.entries()) {
            expect(after[index]).toBeGreaterThanOrEqual(units);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("does not care for the order of the claims", () => {
    fc.assert(
      fc.property(
        ANY.chain((input) =>
          fc.record({
            input: fc.constant(input),
            shuffled: fc.shuffledSubarray([...input.claims], { minLength: input.claims.length }),
          }),
        ),
        ({ input: { claims, available }, shuffled }) => {
          const named = (order: readonly Claim[]) => {
            const units = allocate(order, available);
            return new Map(order.map(({ name }, index) => [name, units[index]]));
          };
          expect(named(shuffled)).toEqual(named(claims));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("comes to the same units when each may have what it got", () => {
    fc.assert(
      fc.property(ANY, ({ claims, available }) => {
        const units = allocate(claims, available);
        const capped = claims.map((one, index) => ({ ...one, most: units[index] ?? one.most }));
        expect(allocate(capped, available)).toEqual(units);
      }),
      { numRuns: 2000 },
    );
  });

  it("is fair by weight: with equal costs nobody got a unit while another was poorer", () => {
    // With weights, ties by name are not always the leximin optimum of the ratios (a lighter
    // claim makes a larger step), so this states what the rule itself promises.
    fc.assert(
      fc.property(
        arbitraryClaims({ count: 7, mostMax: 20, weightMax: 6, costMax: 1 }),
        ({ claims, available }) => {
          const units = allocate(claims, available);
          for (const [i, rich] of claims.entries()) {
            for (const [j, poor] of claims.entries()) {
              const [has, hasNot] = [units[i] ?? 0, units[j] ?? 0];
              if (has === rich.least || hasNot === poor.most) continue;
              expect((has - 1) * poor.weight).toBeLessThanOrEqual(hasNot * rich.weight);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is the leximin optimum of all vectors, when all weights and all costs are equal", () => {
    // Then, and only then, taking the poorest each time is known to be optimal. Of several optima
    // it is the one that gives most to the first by name.
    fc.assert(
      fc.property(
        arbitraryClaims({ count: 4, mostMax: 6, weightMax: 1, costMax: 1 }),
        fc.integer({ min: 1, max: 3 }),
        ({ claims: each, available }, cost) => {
          const claims = each
            .map((one) => ({ ...one, cost }))
            .toSorted((a, b) => (a.name < b.name ? -1 : 1));
          const there = available * cost + (cost - 1);
          let best: readonly number[] = [];
          let first = true;
          for (const vector of everyVector(claims, there)) {
            const ascending = compareLists(
              vector.toSorted((a, b) => a - b),
              best.toSorted((a, b) => a - b),
            );
            if (first || ascending > 0 || (ascending === 0 && compareLists(vector, best) > 0)) {
              best = vector;
              first = false;
            }
          }
          expect(allocate(claims, there)).toEqual(best);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
