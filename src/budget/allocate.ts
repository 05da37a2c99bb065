import { byCodeUnit } from "../text/order.ts";

/** What one server asks of what is divided. All are whole numbers. */
export interface Claim {
  readonly name: string;
  /** Units that it gets in any case. */
  readonly least: number;
  /** Units that it gets at most; not below `least`. */
  readonly most: number;
  /** Its share is fair when unit / weight is; ≥ 1. */
  readonly weight: number;
  /** What one unit takes of what is divided; ≥ 1. */
  readonly cost: number;
}

/** A claim, and the units that it has by now. */
type Share = Claim & { units: number };

/**
 * Divides `available` among the claims, leximin-fair in units / weight: beginning at what each
 * gets in any case, the next unit goes to the claim with the smallest units / weight whose cost
 * still fits; ties by name. Whole numbers all along, fractions are compared by cross-multiplying.
 *
 * Unit k + 1 of a claim begins at k / weight. So that a budget of a million connections costs no
 * more than one of a hundred, units are not given one by one: a round gives all that begin below
 * the highest level (in steps of 1 / the greatest weight) up to which every unit fits, and then in
 * order those that begin within the next step, where one does not fit. What doesn't fit never will,
 * since what is left only falls: the others go on without that claim.
 *
 * Returns the units of each claim, in the order of the claims, which must have different names.
 * Σ cost × least must be at most `available`: when it is not, the caller reports what is missing and does not call.
 */
export function allocate(claims: readonly Claim[], available: number): readonly number[] {
  const shares: readonly Share[] = claims.map((claim) => ({ ...claim, units: claim.least }));
  const steps = shares.reduce((most, { weight }) => Math.max(most, weight), 1);
  let left = shares.reduce((rest, { cost, least }) => rest - cost * least, available);
  let growing = shares;
  while (growing.length > 0) {
    const level = levelThatFits(growing, left, steps);
    left -= costUpTo(growing, level, steps);
    for (const share of growing) share.units = unitsAt(share, level, steps);
    const next = growing.filter(({ units, weight }) => units * steps < (level + 1) * weight);
    for (const share of next.toSorted(inTurn)) {
      if (share.cost > left || share.units === share.most) continue;
      left -= share.cost;
      share.units += 1;
    }
    growing = growing.filter(({ units, most, cost }) => units < most && cost <= left);
  }
  return shares.map(({ units }) => units);
}

function inTurn(a: Share, b: Share): number {
  return a.units * b.weight - b.units * a.weight || byCodeUnit(a.name, b.name);
}

/** The highest level up to which every further unit fits; 0 at least. */
function levelThatFits(shares: readonly Share[], left: number, steps: number): number {
  let fits = 0;
  let tooHigh = 1 + steps * shares.reduce((most, share) => Math.max(most, share.most), 0);
  while (tooHigh - fits > 1) {
    const middle = Math.floor((fits + tooHigh) / 2);
    if (costUpTo(shares, middle, steps) <= left) fits = middle;
    else tooHigh = middle;
  }
  return fits;
}

/** What the units take that begin below level / steps and are not yet given. */
function costUpTo(shares: readonly Share[], level: number, steps: number): number {
  return shares.reduce(
    (sum, share) => sum + share.cost * (unitsAt(share, level, steps) - share.units),
    0,
  );
}

/** All units that begin below level / steps, and what it has already. */
function unitsAt({ units, most, weight }: Share, level: number, steps: number): number {
  // ⌈level × weight / steps⌉ in whole numbers, exact where a quotient of floats would not be.
  const product = level * weight;
  const below = (product - (product % steps)) / steps + (product % steps === 0 ? 0 : 1);
  return Math.min(most, Math.max(units, below));
}
