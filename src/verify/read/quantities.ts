import type { SourcePosition } from "../sourcePosition.ts";
import type { Quantity, KnownQuantity, MissingQuantity } from "../system.ts";

export function known(
  value: number,
  why: string,
  ...places: readonly SourcePosition[]
): KnownQuantity {
  return { known: true, value, why, places };
}

export function missing(what: string, place: SourcePosition, tell: string): MissingQuantity {
  return { known: false, what, place, tell };
}

/** a × b; with a 0 in it what is missing of the other doesn't matter. */
export function product(a: Quantity, b: Quantity): Quantity {
  const zero = [a, b].find((figure) => figure.known && figure.value === 0);
  if (zero !== undefined) return zero;
  if (!a.known) return a;
  if (!b.known) return b;
  if (b.value === 1 && b.places.length === 0) return a;
  return known(a.value * b.value, `${a.why} × ${b.why}`, ...a.places, ...b.places);
}

/** A positive whole number as people write one; undefined for anything else, 0 too. */
export function positiveCount(text: string): number | undefined {
  const number = wholeNumber(text);
  return number === 0 ? undefined : number;
}

/** A whole number from 0 that is kept exactly. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}
