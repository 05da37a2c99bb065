import type { SourcePosition } from "../sourcePosition.ts";
import type { MissingQuantity } from "../quantity.ts";

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
  /** What was assumed in place of what is missing; the verdict holds only with these numbers. */
  readonly assumptions: readonly MissingQuantity[];
  readonly notes: readonly string[];
  /** Why there is nothing to prove; absent where there is something. */
  readonly nothing?: string;
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
  /** The limit of the sum; absent when the manifests do not give it. */
  readonly limit?: number;
  /** `max_client_conn 200`, `100 − 3 superuser_reserved_connections`. */
  readonly limitWhy: string;
  /** Broken as soon as the known terms are over the limit. */
  readonly verdict: "fits" | "broken" | "unknown";
  /** It is broken if the libraries' defaults hold that are assumed; without them it may fit. */
  readonly overIfAssumed?: true;
  /** It fits with so many left, less than the reserve that weir would keep. */
  readonly left?: number;
  /** That reserve. */
  readonly reserve?: number;
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
  readonly rule: Rule;
  /** With the sum in numbers, and what would fit. */
  readonly message: string;
  /** The field to look at first. */
  readonly place: SourcePosition;
  /** All other fields that make up the sum. */
  readonly related: readonly SourcePosition[];
}

/**
 * Every kind of finding, and what is missing, for people and for code scanning. A name is stable
 * once it is published.
 */
export const RULES = {
  "weir/clients-over-capacity":
    "The clients of a PgBouncer may open more connections than one process of it admits (max_client_conn), its reserve counted in.",
  "weir/pool-over-bulkhead":
    "The pools on a line may open more connections than the line admits (max_db_client_connections): their logins will be refused.",
  "weir/slots-over-postgres":
    "The backend connections that all PgBouncer processes and direct clients may open are more than Postgres admits.",
  "weir/slots-over-share":
    "The backend connections that all processes of a PgBouncer may open are more than its share of Postgres (weir.dev/postgres-connections).",
  "weir/shares-over-postgres":
    "The shares that several PgBouncers have of one Postgres are together more than it admits.",
  "weir/unlimited-pool":
    "A line opens as many backend connections as it likes: its pool_size is 0, and no other limit bounds it.",
  "weir/no-such-database":
    "A client names a database for which its PgBouncer has no line, and there is no line *.",
  "weir/reserved-line":
    "A line of a PgBouncer is called pgbouncer, as its own console is: PgBouncer does not start with it.",
  "weir/missing":
    "The manifests do not give a number that a sum needs; without it the sum is neither proved nor refuted.",
  "weir/assumed":
    "The manifests do not give a number that a sum needs; weir assumes one, and --strict asks for it.",
} as const;

export type Rule = keyof typeof RULES;
