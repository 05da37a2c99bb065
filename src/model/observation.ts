/**
 * Something outside of the API server that was asked. `pending`: not answered yet since this
 * process started, so that nothing is known, not even that it can't be reached: what was said of it
 * before remains.
 */
export type Observation<T> =
  | { readonly state: "available"; readonly value: T }
  | { readonly state: "unavailable"; readonly reason: UnavailableReason; readonly message: string }
  | { readonly state: "pending" };

export const PENDING = { state: "pending" } as const;

/** Why something could not be asked: the reason of a condition that is Unknown. */
export type UnavailableReason =
  | "SecretMissing"
  | "SecretForbidden"
  | "SecretInvalid"
  | "HostNotFound"
  | "Unreachable"
  | "LoginRefused"
  | "NotUnderstood"
  | "NoPods";

/** Something could not be asked: why, in one word and in one line for people, without a secret. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** It may be there, and somebody on the way to it did not answer. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof UnavailableError && error.reason === "Unreachable";
}

/** A part of a running system that could not be asked, and how it could. */
export interface UnavailablePart {
  /** `Postgres pg:5432`, `PgBouncer 10.0.0.7:6432`. */
  readonly what: string;
  readonly why: string;
  /** What a person can do to make it available. */
  readonly next: string;
  /** The user named it, and it did not answer: weir knows nothing about its state. */
  readonly failed?: true;
}
