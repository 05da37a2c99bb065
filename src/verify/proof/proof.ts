import type { SourcePosition } from "../sourcePosition.ts";
import type { MissingQuantity } from "../system.ts";

/** What `weir verify` says; `--output json` prints it, with the places as texts. */
export interface Proof {
  /**
   * `broken` as soon as one sum is, or something else is found; `unknown` when nothing is but
   * something is missing.
   */
  readonly verdict: "fits" | "broken" | "unknown";
  readonly sums: readonly Sum[];
  readonly findings: readonly Finding[];
  readonly missing: readonly MissingQuantity[];
  readonly notes: readonly string[];
}

/** One sum, to be checked by hand: Σ terms ≤ limit. */
export interface Sum {
  /** `clients`: on one process of a pooler; `slots`: on one Postgres; `bulkhead`: on one line. */
  readonly kind: "clients" | "slots" | "bulkhead";
  /** The pooler, the Postgres, or pooler and line. */
  readonly of: string;
  readonly terms: readonly Term[];
  /** Σ of the known terms; Infinity with a pool that has no limit. */
  readonly total: number;
  /** What it may be at most; absent when that is missing. */
  readonly limit?: number;
  /** `max_client_conn 200`, `100 − 3 superuser_reserved_connections`. */
  readonly limitWhy: string;
  /** Broken as soon as the known terms are over the limit. */
  readonly verdict: "fits" | "broken" | "unknown";
}

/** `Deployment writing/author: 2 pods × 1 process × 5`. */
export interface Term {
  readonly name: string;
  readonly value: number;
  readonly why: string;
  readonly places: readonly SourcePosition[];
}

/** One thing that is wrong. */
export interface Finding {
  /** Stable, for code scanning: `weir/clients-over-capacity`. */
  readonly rule: string;
  /** With the sum in numbers, and what would fit. */
  readonly message: string;
  /** The field to look at first. */
  readonly place: SourcePosition;
  /** All other fields that make up the sum. */
  readonly related: readonly SourcePosition[];
}
