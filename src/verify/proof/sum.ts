import type { SourcePosition } from "../sourcePosition.ts";
import type { Finding, Rule, Sum } from "./proof.ts";
import { firstPlace, type Quantity, type MissingQuantity } from "../quantity.ts";
import {
  boundsOf,
  exactly,
  isExact,
  plus,
  smallerOf,
  surely,
  times,
  type Bounds,
} from "./bounds.ts";

/** What one sum asks, and what is said of it where it is broken. */
interface SumCheck {
  readonly kind: Sum["kind"];
  readonly of: string;
  /**
   * One summand for each thing that a person would add. `largest` is a limit for the sizes that
   * could be lowered, to find out what would fit.
   */
  readonly termsWith: (largest: number) => readonly SumTerm[];
  readonly limit: Quantity;
  /** What the limit is called where it is missing. */
  readonly limitName: string;
  readonly rule: Rule;
  /** Where to look first if no term has a field for that. */
  readonly place: SourcePosition;
  readonly sentence: (sum: string) => string;
  /** What must be left of a reserve that nobody demands. */
  readonly left?: number;
  /** What `largest` lowers; absent where nothing can be. */
  readonly size?: LowerableSize;
}

/** A size for which a broken sum says the largest value that any may have. */
interface LowerableSize {
  readonly name: string;
  /** The text for the case that not even 1 fits. */
  readonly atOne?: string;
  readonly remedy?: string;
}

/** A summand. */
export interface SumTerm {
  readonly name: string;
  readonly amount: Bounds;
  /** `2 processes × 20`; a short sum counts the equal ones. */
  readonly formula: string;
  /** The same with where each number comes from: `2 replicas × 20 (DB_POOL_MAX)`. */
  readonly why: string;
  /** Where to look first when the sum is too much; absent for a term that is not to be lowered first. */
  readonly first?: SourcePosition;
  /** Of a reserve that nobody demands: the terms of those who use it, known or feared. */
  readonly users?: readonly SumTerm[];
}

/** The outcome of one sum, or of several. */
export interface SumVerdict {
  readonly sums: readonly Sum[];
  readonly findings: readonly Finding[];
  readonly missing: readonly MissingQuantity[];
  readonly notes: readonly string[];
}

export function mergedVerdicts(verdicts: readonly Partial<SumVerdict>[]): SumVerdict {
  return {
    sums: verdicts.flatMap(({ sums = [] }) => sums),
    findings: verdicts.flatMap(({ findings = [] }) => findings),
    missing: verdicts.flatMap(({ missing = [] }) => missing),
    notes: verdicts.flatMap(({ notes = [] }) => notes),
  };
}

/**
 * Whether Σ terms ≤ limit, on bounds; what is missing only where it decides. A reserve that nobody
 * demands breaks no sum: it fits with less than that left.
 */
export function sumVerdict(check: SumCheck): SumVerdict {
  const terms = check.termsWith(Infinity);
  const limit = boundsOf(check.limit);
  const total = totalOf(terms);
  const demanded = terms.flatMap((term) => term.users ?? term);
  const least = totalOf(demanded);
  const isEndless = least.min === Infinity;
  const left = isEndless ? 0 : Math.min(check.left ?? 0, total.min - least.min);
  const isWhole = total.max <= limit.min;
  const fits = isWhole || least.max + left <= limit.min;
  const verdict = fits ? "fits" : surely(least) + left > limit.max ? "broken" : "unknown";
  const isOverIfAssumed = verdict === "unknown" && least.min + left > limit.max;
  const isShort = fits && !isWhole;
  const isOver = verdict === "unknown" && total.min > limit.min;
  const shown = isShort || isOver ? demanded : terms;
  const sum: Sum = {
    kind: check.kind,
    of: check.of,
    terms: shown.map(({ name, amount, why }) => ({
      name,
      value: shownOf(amount, fits),
      why,
      places: amount.places,
    })),
    total: shownOf(totalOf(shown), fits),
    ...(isExact(limit) && { limit: limit.min }),
    limitWhy: check.limit.known ? numbered(check.limit) : `${check.limitName} is missing`,
    verdict,
    ...(isOverIfAssumed && { overIfAssumed: true }),
    ...(isShort && { left: limit.min - least.max, reserve: total.max - least.max }),
  };
  return {
    sums: [sum],
    findings: verdict === "broken" ? [findingOf(check, terms, limit)] : [],
    missing:
      verdict === "fits"
        ? []
        : [
            ...decisive(shown, limit),
            ...limit.missing,
            ...(isOverIfAssumed ? (least.defaults ?? []).map(inQuestion) : []),
          ],
    notes: [],
  };
}

/** The number that decides: a sum that fits does so at the most, any other one is at least so much. */
function shownOf({ min, max }: Bounds, fits: boolean): number {
  return fits && max < Infinity ? max : min;
}

/**
 * What is missing of the terms. Terms with an end that leave room for the others at their most are
 * not asked about before those that have none.
 */
function decisive(terms: readonly SumTerm[], limit: Bounds): readonly MissingQuantity[] {
  const endless = totalOf(terms.filter(({ amount }) => amount.max === Infinity));
  const most = totalOf(terms.filter(({ amount }) => amount.max < Infinity)).max;
  const isRoom = isExact(limit) && endless.min + most <= limit.min;
  return isRoom && endless.missing.length > 0 ? endless.missing : totalOf(terms).missing;
}

/** A default that breaks a sum if it holds. */
function inQuestion({ assumed, ...question }: MissingQuantity): MissingQuantity {
  return { ...question, what: `${question.what}: a sum is broken if it is ${assumed}, as assumed` };
}

/** A quantity as a term. `largest`: what it is lowered to, to find out what would fit. */
export function quantityTerm(
  name: string,
  quantity: Quantity,
  place: SourcePosition,
  largest = Infinity,
): SumTerm {
  return {
    name,
    amount: lowered(boundsOf(quantity), largest),
    formula: valueText(quantity),
    why: numbered(quantity),
    first: firstPlace(quantity, place),
  };
}

/** A term as often as there are processes. */
export function perProcess(processes: Quantity, term: SumTerm): SumTerm {
  const isOne = processes.known && processes.value === 1;
  return {
    ...term,
    amount: times(boundsOf(processes), term.amount),
    formula: isOne ? term.formula : `${valueText(processes)} processes × ${term.formula}`,
    why: `${numbered(processes)} × ${term.why}`,
  };
}

export function totalOf(terms: readonly SumTerm[]): Bounds {
  return plus(...terms.map(({ amount }) => amount));
}

/**
 * A finding about a sum: placed at the largest term that has a field to look at first, the first
 * by name where several are; all other fields of the sum are related.
 */
function findingOf(check: SumCheck, terms: readonly SumTerm[], limit: Bounds): Finding {
  const lowerable = terms.filter(({ first }) => first !== undefined);
  const most = Math.max(...lowerable.map(({ amount }) => amount.min));
  const place = lowerable.find(({ amount }) => amount.min === most)?.first ?? check.place;
  const all = [...limit.places, ...terms.flatMap(({ amount }) => amount.places)];
  const byKey = new Map([place, ...all].map((one) => [keyOf(one), one]));
  byKey.delete(keyOf(place));
  const message = `${check.sentence(shortSum(terms, limit))}${sizeHint(check, terms, limit)}`;
  return { rule: check.rule, message, place, related: [...byKey.values()] };
}

/** Tells fields apart; two objects of one name in two files are two. */
export function keyOf({ object, path, key = "" }: SourcePosition): string {
  return JSON.stringify([object.file, object.kind, object.namespace, object.name, path, key]);
}

/** The sum in short: `10 × 20 + 10 reserved = 210 > 200`. */
function shortSum(terms: readonly SumTerm[], limit: Bounds): string {
  const total = totalOf(terms);
  const counted = Map.groupBy(
    terms.filter(({ amount }) => amount.max > 0),
    ({ formula }) => formula,
  );
  const summands = [...counted].map(([formula, equal]) =>
    equal.length === 1 ? formula : `${equal.length} × ${formula}`,
  );
  const least = isExact(total) ? "" : "at least ";
  const result = total.min === Infinity ? "unlimited" : `${least}${total.min}`;
  const added = summands.join(" + ");
  return `${added === result ? "" : `${added} = `}${result} > ${limit.max}`;
}

/** `20`; `?` is what is missing. */
export function valueText(quantity: Quantity): string {
  return quantity.known ? String(quantity.value) : "?";
}

/** Where a quantity comes from, with its number: `max_client_conn 200`, `20 (DB_POOL_MAX)`, `?`. */
export function numbered(quantity: Quantity): string {
  if (!quantity.known) return "?";
  const { value, why } = quantity;
  return /\d/.test(why) ? why : `${value} (${why})`;
}

/** A quantity under a limit of its own: what it would be if it were lowered. */
export function lowered(amount: Bounds, most: number): Bounds {
  return smallerOf(amount, exactly(most));
}

/**
 * The largest size with which it fits where no other is larger, as a sentence after a space; nothing where a number of the sum
 * is not known, since what fits depends on it.
 */
function sizeHint({ termsWith, size }: SumCheck, terms: readonly SumTerm[], limit: Bounds): string {
  if (size === undefined) return "";
  if (![limit, ...terms.map(({ amount }) => amount)].every(isExact)) return "";
  const { name, atOne = "with 1 each", remedy = "" } = size;
  const most = limit.max;
  const totalWith = (largest: number): number => totalOf(termsWith(largest)).min;
  // Nothing that fits is larger than the limit itself.
  const largest = largestThatFits(most + 1, (one) => totalWith(one) <= most);
  return largest === undefined
    ? ` No ${name} is small enough: ${atOne} it is ${totalWith(1)}${remedy}.`
    : ` This sum holds if no ${name} is larger than ${largest}.`;
}

/**
 * The largest whole number from 1 to `most` − 1 for which something that only grows with it still
 * fits; absent where not even 1 does.
 */
function largestThatFits(most: number, fits: (size: number) => boolean): number | undefined {
  let known = 0;
  let tooLarge = most;
  while (tooLarge - known > 1) {
    const middle = Math.floor((known + tooLarge) / 2);
    if (fits(middle)) known = middle;
    else tooLarge = middle;
  }
  return known === 0 ? undefined : known;
}
