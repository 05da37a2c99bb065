import type { UnseenReason } from "../snapshot.ts";

/** Something could not be asked: why, in one word and in one line for people, without a secret. */
export class UnseenError extends Error {
  readonly reason: UnseenReason;

  constructor(reason: UnseenReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnseenError";
    this.reason = reason;
  }
}
