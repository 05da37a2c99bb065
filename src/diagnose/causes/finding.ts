import type { Cause } from "../diagnosis.ts";

/** A cause, and how much it explains. */
export interface CauseFinding {
  readonly cause: Cause;
  /** The part of a limit (max_client_conn, a pool's size) that it takes: 0 to 1, or more. */
  readonly share: number;
  /** Clients that are gone when the cause is. */
  readonly frees: readonly Places[];
}

/** Places of max_client_conn, and of the line's own limit. */
export interface Places {
  /** The pooler's address. */
  readonly pooler: string;
  /** Absent: of several lines, or those that are still logging in. */
  readonly line?: string;
  readonly clients: number;
}
