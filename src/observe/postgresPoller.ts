import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { UnavailableError, isUnreachable } from "../model/observation.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import type { BudgetLogins, Login } from "./budgetLogins.ts";
import type { Network } from "./network.ts";
import { WINDOW_MS } from "./pgbouncerState.ts";
import { unavailableBecause } from "../postgres/failures.ts";
import type { PgBouncerTarget } from "./pgbouncerPoller.ts";
import { poll, type ObserverOptions, type Poller } from "./poller.ts";

const ASK_MS = 3000;
/** What people change rarely is read again once in a while: a password that was rotated. */
const LOGIN_MS_MAX = 60_000;

/**
 * Asks the Postgres of a budget every 3 s: through one of weir's own PgBouncers, or straight where
 * they are not weir's.
 *
 * @param pgbouncers the processes as of now; only weir's own have a maintenance line
 */
export function pollPostgres(
  budget: ConnectionBudget,
  logins: Pick<BudgetLogins, "maintenance" | "role">,
  pgbouncers: () => readonly PgBouncerTarget[],
  { runtime, network }: ObserverOptions,
  onChange: () => void,
): Poller<PostgresSnapshot> {
  const direct = budget.spec.pgbouncer.existing !== undefined;
  const address = formatPostgresAddress(postgresAddressOf(budget));
  let cachedLogin: { readonly login: Login; readonly sinceMs: number } | undefined;
  const backendsMax = recentMaximum(WINDOW_MS);

  const loginAt = async (nowMs: number, stopped: AbortSignal) => {
    if (cachedLogin !== undefined && nowMs - cachedLogin.sinceMs < LOGIN_MS_MAX)
      return cachedLogin.login;
    try {
      const login = await (direct ? logins.role(stopped) : logins.maintenance(stopped));
      cachedLogin = { login, sinceMs: nowMs };
      return login;
    } catch (error) {
      // An API server that is away hides no Postgres that lets the old login in.
      if (cachedLogin !== undefined && isUnreachable(error)) return cachedLogin.login;
      throw error;
    }
  };
  const ask = async (
    nowMs: number,
    stopped: AbortSignal,
    failures: number,
  ): Promise<PostgresSnapshot> => {
    const target = direct
      ? await straight(budget, network)
      : through(pgbouncers(), failures, address);
    const login = await loginAt(nowMs, stopped);
    const question = { ...target, role: roleOf(budget), direct, address };
    try {
      return await network.askPostgres({ ...question, login }, stopped).catch((error: unknown) => {
        if (!prefersTls(budget, direct) || !/does not support SSL/.test(String(error))) throw error;
        return network.askPostgres({ ...question, login: { ...login, ssl: false } }, stopped);
      });
    } catch (error) {
      throw unavailableBecause({ server: "Postgres", what: target.what, ...login }, error);
    }
  };

  return poll(
    {
      ask: async (askedMs, stopped, failures) => {
        const answer = await ask(askedMs, stopped, failures);
        return { ...answer, backendsMax: backendsMax(answer.backends, askedMs) };
      },
      pauseMs: () => ASK_MS,
      onFailure: () => {
        cachedLogin = undefined;
      },
    },
    runtime,
    onChange,
  );
}

/** Where Postgres is asked. */
interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly what: string;
}

/** The next process at each failure. */
function through(
  pgbouncers: readonly PgBouncerTarget[],
  failures: number,
  address: string,
): PostgresTarget {
  const pgbouncer = pgbouncers[failures % pgbouncers.length];
  if (pgbouncer === undefined) {
    throw new UnavailableError("NoPods", `can't ask Postgres ${address}: no PgBouncer leads to it`);
  }
  const { name, host, port } = pgbouncer;
  const what = `Postgres ${address} through line ${MAINTENANCE_LINE} of PgBouncer ${name}`;
  return { host, port, database: MAINTENANCE_LINE, what };
}

async function straight(
  { metadata, spec }: ConnectionBudget,
  { addressesOf }: Network,
): Promise<PostgresTarget> {
  const { host, port, database } = spec.postgres;
  const [first = host] = await addressesOf(host, metadata.namespace);
  return { host: first, port, database, what: `Postgres ${host}:${port}` };
}

function prefersTls({ spec }: ConnectionBudget, direct: boolean): boolean {
  return direct && (spec.postgres.tls?.mode ?? "prefer") === "prefer";
}

/** What takes a count gives the most that it was in the last milliseconds, this one included. */
function recentMaximum(windowMs: number): (count: number, atMs: number) => number {
  let recent: readonly { readonly count: number; readonly atMs: number }[] = [];
  return (count, atMs) => {
    recent = [...recent.filter((each) => atMs - each.atMs < windowMs), { count, atMs }];
    return Math.max(...recent.map((each) => each.count));
  };
}
