import type { SourcePosition } from "../sourcePosition.ts";
import { isZero, questionsOf, type Quantity, type MissingQuantity } from "../quantity.ts";

/**
 * A number of connections of which perhaps only bounds are known: at least `min`, at most `max`,
 * equal where it is known exactly. What is missing to know it stands in `missing`. A proof on
 * bounds never guesses: a sum is broken when it is too much at the least, and fits only when it
 * fits at the most.
 */
export interface Bounds {
  readonly min: number;
  /** Infinity: unlimited, or unknown. */
  readonly max: number;
  /** Empty when the amount is known exactly. */
  readonly missing: readonly MissingQuantity[];
  /** Every field that it comes from. */
  readonly places: readonly SourcePosition[];
  /** Where `min` holds only if a library's default does: what it is at the least in any case. */
  readonly sure?: number;
  /** What is assumed for that. */
  readonly defaults?: readonly MissingQuantity[];
}

/** A number that is known. */
export function exactly(value: number, places: readonly SourcePosition[] = []): Bounds {
  return { min: value, max: value, missing: [], places };
}

/** A quantity; a missing quantity is anything from 0. */
export function boundsOf(quantity: Quantity): Bounds {
  if (quantity.known) {
    const { value, places, least, assuming } = quantity;
    const amount = exactly(value, places);
    return least === undefined ? amount : { ...amount, sure: least, defaults: assuming ?? [] };
  }
  return { min: 0, max: Infinity, missing: questionsOf(quantity), places: [quantity.place] };
}

/** What an amount is at the least, whatever the defaults of libraries are. */
export function surely({ min, sure = min }: Bounds): number {
  return sure;
}

/** A quantity of PgBouncer's in which 0 means unlimited; an absent quantity is unlimited too. */
export function limitOf(quantity: Quantity | undefined): Bounds {
  if (quantity === undefined) return exactly(Infinity);
  const bounds = boundsOf(quantity);
  return isZero(quantity) ? exactly(Infinity, bounds.places) : bounds;
}

/** Anything from `min` to `max`; no more can be said without what is missing. */
export function between(min: number, max: number, missing: readonly MissingQuantity[]): Bounds {
  const places = missing.map(({ place }) => place);
  return { min, max, missing: min === max ? [] : missing, places };
}

export function isExact({ min, max }: Bounds): boolean {
  return min === max;
}

/** a + b + … */
export function plus(...amounts: readonly Bounds[]): Bounds {
  return combined(
    amounts,
    amounts.reduce((sum, { min }) => sum + min, 0),
    amounts.reduce((sum, { max }) => sum + max, 0),
    amounts.reduce((sum, amount) => sum + surely(amount), 0),
  );
}

/** a × b; nothing times anything is nothing, even where the anything is missing. */
export function times(a: Bounds, b: Bounds): Bounds {
  return combined(
    [a, b],
    product(a.min, b.min),
    product(a.max, b.max),
    product(surely(a), surely(b)),
  );
}

/** The smaller one: `a` under a limit. */
export function smallerOf(a: Bounds, b: Bounds): Bounds {
  return combined(
    [a, b],
    Math.min(a.min, b.min),
    Math.min(a.max, b.max),
    Math.min(surely(a), surely(b)),
  );
}

export function largerOf(a: Bounds, b: Bounds): Bounds {
  return combined(
    [a, b],
    Math.max(a.min, b.min),
    Math.max(a.max, b.max),
    Math.max(surely(a), surely(b)),
  );
}

function product(a: number, b: number): number {
  // 0 × Infinity is no number in floating point.
  return a === 0 || b === 0 ? 0 : a * b;
}

function combined(parts: readonly Bounds[], min: number, max: number, sure: number): Bounds {
  const defaults = parts.flatMap((part) => part.defaults ?? []);
  return {
    ...(sure < min && { sure, defaults }),
    min,
    max,
    missing: min === max ? [] : parts.flatMap(({ missing }) => missing),
    places: parts.flatMap(({ places }) => places),
  };
}
