import type { Place } from "../sourcePosition.ts";
import type { Figure, Missing } from "../system.ts";

/**
 * A number of connections of which perhaps only bounds are known: at least `least`, at most `most`,
 * equal where it is known exactly. What is missing to know it stands in `missing`. A proof on
 * bounds never guesses: a sum is broken when it is too much at the least, and fits only when it
 * fits at the most.
 */
export interface Amount {
  readonly least: number;
  /** Infinity: unlimited, or nobody knows. */
  readonly most: number;
  /** Empty when the amount is known exactly. */
  readonly missing: readonly Missing[];
  /** Every field that it was made of. */
  readonly places: readonly Place[];
}

/** A number that is known. */
export function exactly(value: number, places: readonly Place[] = []): Amount {
  return { least: value, most: value, missing: [], places };
}

/** A figure; one that is missing is anything from 0. */
export function amountOf(figure: Figure): Amount {
  return figure.known
    ? exactly(figure.value, figure.places)
    : { least: 0, most: Infinity, missing: [figure], places: [figure.place] };
}

/** A figure of PgBouncer's in which 0 means unlimited; one that is not there is unlimited too. */
export function limitOf(figure: Figure | undefined): Amount {
  if (figure === undefined) return exactly(Infinity);
  return figure.known && figure.value === 0 ? exactly(Infinity, figure.places) : amountOf(figure);
}

/** Anything from `least` to `most`; nobody can say more without what is missing. */
export function between(least: number, most: number, missing: readonly Missing[]): Amount {
  const places = missing.map(({ place }) => place);
  return { least, most, missing: least === most ? [] : missing, places };
}

export function isExact({ least, most }: Amount): boolean {
  return least === most;
}

/** a + b + … */
export function plus(...amounts: readonly Amount[]): Amount {
  return combined(
    amounts,
    amounts.reduce((sum, { least }) => sum + least, 0),
    amounts.reduce((sum, { most }) => sum + most, 0),
  );
}

/** a × b; nothing times anything is nothing, even where the anything is missing. */
export function times(a: Amount, b: Amount): Amount {
  return combined([a, b], product(a.least, b.least), product(a.most, b.most));
}

/** The smaller one: `a` under a limit. */
export function smallerOf(a: Amount, b: Amount): Amount {
  return combined([a, b], Math.min(a.least, b.least), Math.min(a.most, b.most));
}

export function largerOf(a: Amount, b: Amount): Amount {
  return combined([a, b], Math.max(a.least, b.least), Math.max(a.most, b.most));
}

function product(a: number, b: number): number {
  // 0 × Infinity is no number in floating point.
  return a === 0 || b === 0 ? 0 : a * b;
}

function combined(parts: readonly Amount[], least: number, most: number): Amount {
  return {
    least,
    most,
    missing: least === most ? [] : parts.flatMap(({ missing }) => missing),
    places: parts.flatMap(({ places }) => places),
  };
}
