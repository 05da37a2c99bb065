import type { UnavailableReason } from "./budgetSnapshot.ts";

/** Something could not be asked: why, in one word and in one line for people, without a secret. */
export class UnavailableError extends Error {
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnseenError";
    this.reason = reason;
  }
}

/** It may be there, and somebody on the way to it did not answer. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof UnavailableError && error.reason === "Unreachable";
}
