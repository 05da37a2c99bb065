/** What one server asks of what is divided. All are whole numbers. */
export interface Claim {
  readonly name: string;
  /** What it gets in any case. */
  readonly least: number;
  /** What it gets at most; at least `least`. */
  readonly most: number;
  /** Its share is fair when unit / weight is; ≥ 1. */
  readonly weight: number;
  /** What one unit takes of what is divided; ≥ 1. */
  readonly cost: number;
}

/**
 * Divides `available` among the claims, leximin-fair in units / weight: beginning at what each
 * gets in any case, the next unit goes to the claim with the smallest units / weight whose cost
 * still fits; ties by name. Whole numbers all along, fractions are compared by cross-multiplying.
 *
 * Returns the units of each claim, in the order of the claims, which must have different names.
 * Σ cost × least must be at most `available`: when it is not, the caller reports what is missing and does not call.
 */
export function allocate(claims: readonly Claim[], available: number): readonly number[] {
  const units = levelThatFits(claims, available);
  let left = available - costOf(claims, units);
  const queue = new Heap<{ claim: Claim; index: number; units: number }>((a, b) => {
    const difference = a.units * b.claim.weight - b.units * a.claim.weight;
    return difference === 0 ? a.claim.name < b.claim.name : difference < 0;
  });
  for (const [index, claim] of claims.entries()) {
    queue.push({ claim, index, units: units[index] ?? claim.least });
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    // What doesn't fit now never will: what is left only falls. So it isn't put back.
    if (next.units === next.claim.most || next.claim.cost > left) continue;
    left -= next.claim.cost;
    next.units += 1;
    units[next.index] = next.units;
    queue.push(next);
  }
  return units;
}

/**
 * Where unit by unit may begin without changing its result, so that a budget of a million
 * connections costs no more than one of a hundred: the units of each claim at the highest level
 * (in steps of 1 / the greatest weight) up to which every unit fits.
 */
function levelThatFits(claims: readonly Claim[], available: number): number[] {
  const steps = claims.reduce((most, claim) => Math.max(most, claim.weight), 1);
  let fits = 0;
  let tooHigh = 1 + steps * claims.reduce((most, claim) => Math.max(most, claim.most), 0);
  while (tooHigh - fits > 1) {
    const middle = Math.floor((fits + tooHigh) / 2);
    if (costOf(claims, unitsAt(claims, middle, steps)) <= available) fits = middle;
    else tooHigh = middle;
  }
  return unitsAt(claims, fits, steps);
}

/** All units that begin below level / steps: unit k + 1 begins at k / weight. */
function unitsAt(claims: readonly Claim[], level: number, steps: number): number[] {
  return claims.map(({ least, most, weight }) =>
    Math.min(most, Math.max(least, ceilDivide(level * weight, steps))),
  );
}

/** ⌈dividend / divisor⌉ of whole numbers, exact where a quotient of floats would not be. */
function ceilDivide(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor + (dividend % divisor === 0 ? 0 : 1);
}

function costOf(claims: readonly Claim[], units: readonly number[]): number {
  return claims.reduce((sum, claim, index) => sum + claim.cost * (units[index] ?? 0), 0);
}

/** A binary heap: `pop` takes the item that comes before all others. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before` is a strict order: true when `a` comes out before `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !this.#before(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return first;
  }

  /** Puts `item` at the root and lets it sink to its place. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const below = child === undefined ? undefined : items[child];
      if (child === undefined || below === undefined || !this.#before(below, item)) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }

  #smallerChild(at: number): number | undefined {
    const left = 2 * at + 1;
    const a = this.#items[left];
    const b = this.#items[left + 1];
    if (a === undefined) return undefined;
    return b !== undefined && this.#before(b, a) ? left + 1 : left;
  }
}
