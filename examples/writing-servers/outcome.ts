import { DatabaseError } from "pg";

/** What the end of a statement says of the database: not whether the statement was right. */
export type Outcome =
  /** Postgres answered, and be it with an error. */
  | { readonly kind: "answered" }
  /** It can't be reached, or lets nobody in. */
  | { readonly kind: "failed"; readonly reason: string };

/**
 * SQLSTATEs that don't come from a Postgres that works: connection and pooler errors (08), logins
 * that fail (28), no database (3D), no connections (53), and being shut down or starting (57P).
 */
const NOT_THERE = /^(?:08|28|3D|53|57P)/;

/** Thrown where this process' own calls have all its connections for too long. */
export class Busy extends Error {
  override readonly name = "Busy";

  /** @param limit how many connections that is */
  constructor(limit: number) {
    super(`this process has no connection to spare, of ${limit}`);
  }
}

/** Thrown where the database gave no answer, with what is known of why. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Reads an error of a statement. */
export function databaseOutcome(error: unknown): Outcome {
  // Anything else is of a socket, or a limit of time.
  return error instanceof DatabaseError && !NOT_THERE.test(error.code ?? "")
    ? { kind: "answered" }
    : { kind: "failed", reason: reasonOf(error) };
}

/** In words. What a socket says in several errors, one for each address, is told once. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return [...new Set(error.errors.map((each) => reasonOf(each)))].join(", ");
  }
  return error instanceof Error ? error.message : String(error);
}
