import { ShowError } from "../pgbouncer/showRows.ts";
import { UnavailableError, type UnavailableReason } from "../model/observation.ts";

/** Who was asked: only what may be shown, and what may not. */
export interface ConnectionAttempt {
  /** `PgBouncer old-pgbouncer:6432`. */
  readonly what: string;
  readonly login: string;
  /** Is taken out of what others say. */
  readonly password: string;
  /** Where the password stands: `Secret writing/old-stats`. */
  readonly secret: string;
  /** What to do where the login is refused. */
  readonly ifRefused?: string | undefined;
}

interface FailureRule {
  readonly when: RegExp;
  readonly reason: UnavailableReason;
  readonly why: (asked: ConnectionAttempt, said: string) => string;
}

/** In this order: the first that fits what the other side, the network or TLS said. */
const RULES: readonly FailureRule[] = [
  {
    when: /ENOTFOUND|EAI_AGAIN/,
    reason: "HostNotFound",
    why: () => "there is no such host",
  },
  {
    when: /ECONNREFUSED/,
    reason: "Unreachable",
    why: () => "nothing listens there (ECONNREFUSED)",
  },
  {
    when: /too many (?:clients|connections)|remaining connection slots|no more connections/i,
    reason: "Unreachable",
    why: (_, said) => `it has no connection free: ${said}`,
  },
  {
    when: /authentication|auth failed|SASL|SCRAM|no such user|pg_hba|login rejected|password/i,
    reason: "LoginRefused",
    why: ({ login, secret, ifRefused }, said) =>
      `it refuses the login ${login} with the password of ${secret}: ${said}` +
      (ifRefused === undefined ? "" : `; ${ifRefused}`),
  },
  {
    when: /not allowed|not permitted|permission denied/i,
    reason: "LoginRefused",
    why: ({ login }, said) => `login ${login} may not ask it: ${said}`,
  },
  {
    when: /does not support SSL/i,
    reason: "Unreachable",
    why: () => "it speaks no TLS, and the spec asks for it",
  },
  {
    when: /SSL required/i,
    reason: "Unreachable",
    why: () => "it lets nobody in without TLS: name the Secret with its CA in spec.pgbouncer.tls",
  },
  {
    when: /certificate|altname|unable to (?:get|verify)|SSL|TLS/i,
    reason: "Unreachable",
    why: (_, said) => `TLS failed: ${said}`,
  },
  {
    when: /timeout|timed? ?out/i,
    reason: "Unreachable",
    why: () => "it does not answer",
  },
  {
    when: /Connection terminated|ECONNRESET|EPIPE|shutting down/i,
    reason: "Unreachable",
    why: () => "it closed the connection",
  },
  {
    when: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/,
    reason: "Unreachable",
    why: (_, said) => said,
  },
  {
    when: /syntax|database "[^"]*" does not exist|no such database/i,
    reason: "NotUnderstood",
    why: (_, said) => said,
  },
];

/** Why a server could not be asked, in its words where it said some, without the password. */
export function unavailableBecause(asked: ConnectionAttempt, error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const said = shownTo(asked, saidBy(error));
  const rule = RULES.find(({ when }) => when.test(said));
  const reason = error instanceof ShowError ? "NotUnderstood" : (rule?.reason ?? "Unreachable");
  const why = error instanceof ShowError ? said : (rule?.why(asked, said) ?? said);
  return new UnavailableError(reason, `can't ask ${asked.what}: ${why}`);
}

const LENGTH_MAX = 200;

function shownTo({ password, login }: ConnectionAttempt, text: string): string {
  const line = text.trim().split(/[\r\n]/, 1)[0] ?? "";
  const shown = password === "" || password === login ? line : line.replaceAll(password, "***");
  return shown.length > LENGTH_MAX ? `${shown.slice(0, LENGTH_MAX)}…` : shown;
}

function saidBy(error: unknown): string {
  // Of a name with several addresses, all of which failed; it has no message of its own.
  if (error instanceof AggregateError) return saidBy(error.errors[0]);
  return error instanceof Error ? error.message : "it failed";
}
