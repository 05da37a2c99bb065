import { withoutPassword, type LoginUrl } from "./loginUrl.ts";
import type { Refusal } from "../model/source.ts";

/** What is said of one kind of failure: what to do, and instead of the server's words, why. */
interface Advice {
  readonly when: RegExp;
  readonly why?: string;
  readonly next: string;
}

/** What node-postgres says when a server asks for a password. */
const NO_PASSWORD: Advice = {
  when: /client password must be|password must be a string|no password supplied/i,
  why: "it asks for a password, and there is none",
  next: "put it into PGPASSWORD or .pgpass",
};

/** What no server says: the network and TLS do. */
const OF_BOTH: readonly Advice[] = [
  {
    when: /ECONNREFUSED/,
    why: "nothing listens there, or its queue is full (ECONNREFUSED)",
    next: "check host and port; in a cluster kubectl port-forward makes it reachable",
  },
  {
    when: /ENOTFOUND|EAI_AGAIN/,
    why: "there is no such host",
    next: "check the name; in a cluster kubectl port-forward makes it reachable from here",
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
  {
    when: /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    next: "check the address, and whether a NetworkPolicy or firewall lets you there",
  },
  {
    when: /does not support SSL/i,
    next: "it speaks no TLS: set sslmode=disable in the URL (PGSSLMODE asks for TLS, too)",
  },
  {
    when: /certificate|altname|unable to (?:get|verify)/i,
    next: "name the CA: sslmode=verify-full&sslrootcert=ca.crt, and the host as its certificate does",
  },
  {
    when: /SSL|TLS/,
    next: "ask with TLS: put ?sslmode=verify-full&sslrootcert=ca.crt at the end of the URL",
  },
];

/** The console over the unix socket needs no password and no hba line. */
const SOCKET = `as PgBouncer's own user over its unix socket (unix_socket_dir), which needs no password: where \
the pod's image has psql (weir's own has none), kubectl exec POD -- psql -h /var/run/pgbouncer -p 6432 -U pgbouncer pgbouncer -c "SHOW CLIENTS"`;

const OF_PGBOUNCER: readonly Advice[] = [
  {
    when: /timeout expired|Query read timeout|timeout/i,
    why: "it does not answer: it is stopped, overloaded, or out of file descriptors",
    next: "look for `accept() failed: Too many open files` in its log, at its CPU and its nofile limit",
  },
  {
    when: /Connection terminated|ECONNRESET|EPIPE/,
    why: "it closed the connection",
    next: "look at its log: out of file descriptors, or shutting down",
  },
  {
    when: /authentication failed|auth failed|SASL|no such user/i,
    next: `check login and password, of auth_file or the one it asks; or get in ${SOCKET}`,
  },
  {
    when: /no authentication method|pg_hba|login rejected/i,
    next: `its hba file lets nobody in like that; get in ${SOCKET}`,
  },
  {
    when: /not allowed|not permitted|permission/i,
    next: `put the login into stats_users (SHOW alone) or admin_users, and RELOAD; or get in ${SOCKET}`,
  },
  {
    when: /SHOW |syntax|database "pgbouncer" does not exist/,
    next: "is there a PgBouncer at that address, and not a Postgres?",
  },
];

const OF_POSTGRES: readonly Advice[] = [
  {
    when: /too many clients|remaining connection slots|too many connections/i,
    next: "it is full: log in as a superuser, superuser_reserved_connections are kept for it",
  },
  {
    when: /timeout/i,
    why: "it does not answer",
    next: "check the address, and whether a NetworkPolicy or firewall lets you there",
  },
  {
    when: /pg_hba/,
    next: "its pg_hba.conf has no line for this login from here: add one, or ask from its own machine",
  },
  { when: /authentication failed/i, next: "check login and password" },
  { when: /does not exist/i, next: "name a login and a database that are there" },
];

/** Why a PgBouncer could not be asked, in words of its own where it said some, and what to do. */
export function pgbouncerRefusal(error: unknown, login: LoginUrl): Refusal {
  return refusal(
    error,
    login,
    [NO_PASSWORD, ...OF_PGBOUNCER, ...OF_BOTH],
    "look at PgBouncer's log",
  );
}

/** The same of a Postgres. */
export function postgresRefusal(error: unknown, login: LoginUrl): Refusal {
  return refusal(error, login, [NO_PASSWORD, ...OF_POSTGRES, ...OF_BOTH], "look at Postgres' log");
}

function refusal(
  error: unknown,
  login: LoginUrl,
  advices: readonly Advice[],
  otherwise: string,
): Refusal {
  const said = withoutPassword(saidBy(error), login);
  const advice = advices.find(({ when }) => when.test(said));
  return { why: advice?.why ?? said, next: advice?.next ?? otherwise };
}

function saidBy(error: unknown): string {
  // Of a name with several addresses, all of which failed; it has no message of its own.
  if (error instanceof AggregateError) return saidBy(error.errors[0]);
  if (!(error instanceof Error)) return "it failed";
  return error.message;
}
