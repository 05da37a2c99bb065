import { isComposeService, type SourcePosition } from "./sourcePosition.ts";

/** A number that the manifests give, or what is missing to know it. */
export type Quantity = KnownQuantity | MissingQuantity;

export interface KnownQuantity {
  readonly known: true;
  readonly value: number;
  /** How it comes about, for people: `2 × 3 replicas (RollingUpdate)`, `DB_POOL_MAX`. */
  readonly why: string;
  /** Every field that it comes from; empty for a default of a program. */
  readonly places: readonly SourcePosition[];
  /** What would be missing if it were not assumed; absent: the objects and facts give the number. */
  readonly assuming?: readonly MissingQuantity[];
  /**
   * What it surely is, where `value` is the most that a library's default allows and no object says
   * that it is that many. Absent: `value`.
   */
  readonly least?: number;
}

/** Something that can't be known from the objects. */
export interface MissingQuantity {
  readonly known: false;
  /** `how many connections a process of container app opens`. */
  readonly what: string;
  readonly place: SourcePosition;
  /** How a person can supply it: `annotate its pod template with weir.dev/pool-max: "N"`. */
  readonly remedy: string;
  /** The annotation that supplies it; absent where none does. */
  readonly answer?: Answer;
  /** The number that counts while nobody supplies it. */
  readonly assumed?: number;
  /** The PgBouncer that it asks about a client of. */
  readonly pooler?: string;
  /** What else is missing for the same number. */
  readonly also?: readonly MissingQuantity[];
}

/** An annotation as `--annotate 'OBJECT:ANNOTATION=VALUE'` takes it. */
interface Answer {
  /** `Deployment writing/author`. */
  readonly object: string;
  readonly annotation: string;
  /** `N`, or `server=N` where an object has several containers. */
  readonly value: string;
  /** The image of the container that it is about; its name where it is built. */
  readonly program?: string;
}

export function known(
  value: number,
  why: string,
  ...places: readonly SourcePosition[]
): KnownQuantity {
  return { known: true, value, why, places };
}

/** The number that is assumed while nobody says otherwise, and the question that would settle it. */
export function assumed(
  question: MissingQuantity,
  value: number,
  why: string,
  ...places: readonly SourcePosition[]
): KnownQuantity {
  return { ...known(value, why, ...places), assuming: [{ ...question, assumed: value }] };
}

/** A number that is made from others: it has their places and what they assume. */
export function derived(
  value: number,
  why: string,
  ...parts: readonly KnownQuantity[]
): KnownQuantity {
  const assuming = parts.flatMap((part) => part.assuming ?? []);
  const quantity = known(value, why, ...parts.flatMap(({ places }) => places));
  if (assuming.length === 0) return quantity;
  // What is left of it where a part is less is not known.
  const least = parts.some((part) => part.least !== undefined) && { least: 0 };
  return { ...quantity, assuming, ...least };
}

/** What is missing where nothing is assumed. */
export function withoutAssumption(quantity: Quantity): Quantity {
  const [first, ...also] = quantity.known ? (quantity.assuming ?? []) : [];
  if (first === undefined) return quantity;
  return also.length === 0 ? first : { ...first, also };
}

/** A question and all that stand with it. */
export function questionsOf(question: MissingQuantity): readonly MissingQuantity[] {
  const { also = [], ...first } = question;
  return [first, ...also.flatMap(questionsOf)];
}

/** In a compose file a label of the service is what an annotation is in a manifest. */
export function missing(what: string, place: SourcePosition, remedy: string): MissingQuantity {
  const own = isComposeService(place)
    ? remedy.replace(ANNOTATE, "label the service with ")
    : remedy;
  return { known: false, what, place, remedy: own };
}

const ANNOTATE = /\bannotate (?:its pod template|its pods|it|service \S+) with /;

/** Known to be 0, which is unlimited to PgBouncer. */
export function isZero(quantity: Quantity): boolean {
  return quantity.known && quantity.value === 0;
}

/** Where a quantity stands first; `otherwise` where it is missing, or stands nowhere. */
export function firstPlace(quantity: Quantity, otherwise: SourcePosition): SourcePosition {
  return (quantity.known ? quantity.places[0] : undefined) ?? otherwise;
}

/** a × b; with a 0 in it what is missing of the other doesn't matter. */
export function product(a: Quantity, b: Quantity): Quantity {
  const zero = [a, b].find(isZero);
  if (zero !== undefined) return zero;
  if (!a.known) return b.known ? a : { ...a, also: [...(a.also ?? []), b] };
  if (!b.known) return b;
  const isOnce = b.value === 1 && b.places.length === 0;
  return derived(a.value * b.value, isOnce ? a.why : `${a.why} × ${b.why}`, a, b);
}

/** Their sum; one that is missing is what is missing of it. What is 0 does not count. */
export function sumOf(quantities: readonly Quantity[], why: (sum: number) => string): Quantity {
  return joined(quantities, (all) => {
    const value = all.reduce((sum, one) => sum + one.value, 0);
    return known(value, why(value), ...new Set(all.flatMap(({ places }) => places)));
  });
}

/** The largest of them; any of them that is missing may be it. */
export function mostOf(quantities: readonly Quantity[]): Quantity {
  return joined(quantities, (all) => all.reduce((a, b) => (b.value > a.value ? b : a)));
}

/** What several of them assume is assumed once. */
function joined(
  quantities: readonly Quantity[],
  join: (all: readonly KnownQuantity[]) => KnownQuantity,
): Quantity {
  const all: KnownQuantity[] = [];
  for (const quantity of quantities) {
    if (!quantity.known) return quantity;
    if (quantity.value > 0) all.push(quantity);
  }
  const [first, second] = all;
  if (first === undefined || second === undefined) {
    return first ?? quantities[0] ?? known(0, "nothing");
  }
  const questions = new Map(all.flatMap((one) => one.assuming ?? []).map((one) => [one.what, one]));
  const { value, why, places } = join(all);
  const assuming = questions.size > 0 && { assuming: [...questions.values()] };
  const least = all.some((one) => one.least !== undefined) && {
    least: join(all.map((one) => ({ ...one, value: one.least ?? one.value }))).value,
  };
  return { ...known(value, why, ...places), ...assuming, ...least };
}

/** A positive whole number as people write one; undefined for anything else, 0 too. */
export function positiveCount(text: string | undefined): number | undefined {
  const number = wholeNumber(text);
  return number === 0 ? undefined : number;
}

/** A whole number from 0 that is kept exactly. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}
