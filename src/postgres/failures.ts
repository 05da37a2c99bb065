import { UnavailableError, type UnavailableReason } from "../model/observation.ts";
import { ShowError } from "../pgbouncer/show.ts";
import { firstLine, truncate } from "../text/wording.ts";

type Server = "PgBouncer" | "Postgres";

/** The program that was asked, and the login. A message may show all but the password. */
export interface ConnectionAttempt {
  readonly server: Server;
  /** `PgBouncer old-pgbouncer:6432`. */
  readonly what: string;
  readonly user: string;
  /** Is taken out of what others say. */
  readonly password?: string | undefined;
  /** Where the password stands: `Secret writing/old-stats`. */
  readonly secret?: string | undefined;
  /** What to do where the login is refused. */
  readonly ifRefused?: string | undefined;
}

/** Why a server could not be asked, and what a person can do about it. */
interface ConnectionFailure {
  readonly reason: UnavailableReason;
  readonly why: string;
  readonly next: string;
  /** What to do where a spec, and no URL, says how it is asked. */
  readonly nextOfSpec?: string | undefined;
}

interface FailureRule {
  readonly when: RegExp;
  /** Absent: the rule is for both. */
  readonly server?: Server;
  /** Absent: Unreachable. */
  readonly reason?: UnavailableReason;
  /** Absent: what the other side said. */
  readonly why?: string | ((said: string, attempt: ConnectionAttempt) => string);
  /** Absent: its log says more. */
  readonly next?: string;
  readonly nextOfSpec?: string;
}

/** The console over the unix socket needs no password and no hba line. */
const SOCKET = `as PgBouncer's own user over its unix socket (unix_socket_dir), which needs no password: where \
the pod's image has psql (weir's own has none), kubectl exec POD -- psql -h /var/run/pgbouncer -p 6432 -U pgbouncer pgbouncer -c "SHOW CLIENTS"`;
const LOG = { PgBouncer: "look at PgBouncer's log", Postgres: "look at Postgres' log" } as const;
const CHECK_NETWORK = "check the address, and whether a NetworkPolicy or firewall lets you there";

const tlsFailed = (said: string) => `TLS failed: ${said}`;

function loginRefused(said: string, { user, secret }: ConnectionAttempt): string {
  return secret === undefined
    ? said
    : `it refuses the login ${user} with the password of ${secret}: ${said}`;
}

/** PgBouncer was asked something that it does not have: it is another program. */
const NOT_UNDERSTOOD: FailureRule = {
  when: /^SHOW |syntax|database "[^"]*" does not exist|no such database/i,
  server: "PgBouncer",
  reason: "NotUnderstood",
  next: "is there a PgBouncer at that address, and not a Postgres?",
};

/** In this order: the first that fits what the other side, the network or TLS said. */
const RULES: readonly FailureRule[] = [
  {
    // What node-postgres says when a server asks for a password.
    when: /client password must be|password must be a string|no password supplied/i,
    reason: "LoginRefused",
    why: "it asks for a password, and there is none",
    next: "put it into PGPASSWORD or .pgpass",
  },
  {
    when: /ENOTFOUND|EAI_AGAIN/,
    reason: "HostNotFound",
    why: "there is no such host",
    next: "check the name; in a cluster kubectl port-forward makes it reachable from here",
  },
  {
    when: /ECONNREFUSED/,
    why: "nothing listens there, or its queue is full (ECONNREFUSED)",
    next: "check host and port; in a cluster kubectl port-forward makes it reachable",
  },
  {
    when: /ENOENT/,
    why: "there is no such socket",
    next: "check folder and port: the socket is FOLDER/.s.PGSQL.PORT",
  },
  {
    when: /EACCES/,
    why: "this user may not use that socket",
    next: "run weir as the user that the server runs as",
  },
  { when: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT/, next: CHECK_NETWORK },
  {
    when: /too many (?:clients|connections)|remaining connection slots/i,
    server: "Postgres",
    why: (said) => `it has no connection free: ${said}`,
    next: "it is full: log in as a superuser, superuser_reserved_connections are kept for it",
  },
  {
    when: /too many (?:clients|connections)|remaining connection slots|no more connections/i,
    why: (said) => `it has no connection free: ${said}`,
  },
  {
    when: /time(?:d ?)?out/i,
    server: "PgBouncer",
    why: "it does not answer",
    next: "it is stopped, overloaded, or out of file descriptors: look for `accept() failed: Too many open files` in its log, at its CPU and its nofile limit",
  },
  { when: /time(?:d ?)?out/i, why: "it does not answer", next: CHECK_NETWORK },
  {
    when: /Connection terminated|ECONNRESET|EPIPE|shutting down/i,
    why: "it closed the connection",
    next: "look at its log: out of connections or file descriptors, or shutting down",
  },
  {
    when: /no authentication method|pg_hba|login rejected/i,
    server: "PgBouncer",
    reason: "LoginRefused",
    why: loginRefused,
    next: `its hba file has no line for this login from this address; get in ${SOCKET}`,
  },
  {
    when: /pg_hba/,
    reason: "LoginRefused",
    why: loginRefused,
    next: "its pg_hba.conf has no line for this login from this address: add one, or ask from its own machine",
  },
  {
    when: /authentication|auth failed|SASL|SCRAM|no such user|password/i,
    server: "PgBouncer",
    reason: "LoginRefused",
    why: loginRefused,
    next: `check the login, and its password in auth_file or where auth_query looks; or get in ${SOCKET}`,
  },
  {
    when: /authentication|auth failed|SASL|SCRAM|no such user|login rejected|password/i,
    reason: "LoginRefused",
    why: loginRefused,
    next: "check the login and its password",
  },
  {
    when: /not allowed|not permitted|permission/i,
    server: "PgBouncer",
    reason: "LoginRefused",
    why: (said, { user }) => `login ${user} may not ask it: ${said}`,
    next: `put the login into stats_users (SHOW alone) or admin_users, and RELOAD; or get in ${SOCKET}`,
  },
  {
    when: /not allowed|not permitted|permission denied/i,
    reason: "LoginRefused",
    why: (said, { user }) => `login ${user} may not ask it: ${said}`,
  },
  {
    when: /does not support SSL/i,
    why: "it speaks no TLS",
    next: "set sslmode=disable in the URL (PGSSLMODE asks for TLS, too)",
    nextOfSpec: "the spec asks for it",
  },
  {
    when: /SSL required/i,
    why: "it admits no connection without TLS",
    next: "ask with TLS: put ?sslmode=verify-full&sslrootcert=ca.crt at the end of the URL",
    nextOfSpec: "name the Secret with its CA in spec.pgbouncer.tls",
  },
  {
    when: /certificate|altname|unable to (?:get|verify)/i,
    why: tlsFailed,
    next: "put ?sslmode=verify-full&sslrootcert=ca.crt at the end of the URL, and use the host name of the certificate",
  },
  {
    when: /SSL|TLS/i,
    why: tlsFailed,
    next: "ask with TLS: put ?sslmode=verify-full&sslrootcert=ca.crt at the end of the URL",
  },
  NOT_UNDERSTOOD,
  {
    when: /syntax|database "[^"]*" does not exist|no such database/i,
    reason: "NotUnderstood",
    next: "use a login and a database that exist",
  },
  { when: /does not exist/i, next: "use a login and a database that exist" },
];

/** Why a server could not be asked, in its words where it said some, without the password. */
export function failureOf(attempt: ConnectionAttempt, error: unknown): ConnectionFailure {
  const said = shownTo(attempt, saidBy(error));
  const { server, ifRefused } = attempt;
  const rule =
    error instanceof ShowError
      ? NOT_UNDERSTOOD
      : RULES.find((each) => (each.server ?? server) === server && each.when.test(said));
  const { reason = "Unreachable", why = said, next = LOG[server] } = rule ?? {};
  return {
    reason,
    why: typeof why === "string" ? why : why(said, attempt),
    next,
    nextOfSpec: why === loginRefused ? ifRefused : rule?.nextOfSpec,
  };
}

/** The same of a server that a spec names. */
export function unavailableBecause(attempt: ConnectionAttempt, error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const { reason, why, nextOfSpec } = failureOf(attempt, error);
  const next = nextOfSpec === undefined ? "" : `; ${nextOfSpec}`;
  return new UnavailableError(reason, `can't ask ${attempt.what}: ${why}${next}`);
}

const LENGTH_MAX = 200;

/** One line of what others said. A password that is the login's name too hides nothing. */
function shownTo({ password, user }: ConnectionAttempt, text: string): string {
  const line = firstLine(text);
  const shown = !password || password === user ? line : line.replaceAll(password, "***");
  return truncate(shown, LENGTH_MAX);
}

function saidBy(error: unknown): string {
  // A name with several addresses, all of which failed: the error has no message of its own.
  if (error instanceof AggregateError) return saidBy(error.errors[0]);
  return error instanceof Error ? error.message : "it failed";
}
