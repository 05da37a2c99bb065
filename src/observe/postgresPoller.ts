import { isDeepStrictEqual } from "node:util";
import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { backoffMs } from "../runtime/backoff.ts";
import { UnavailableError, isUnreachable } from "../model/observation.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import type { BudgetLogins, Login } from "../credentials/budgetLogins.ts";
import type { Network } from "./network.ts";
import { loop } from "../runtime/loop.ts";
import { failureDebounce } from "./failureDebounce.ts";
import { WINDOW_MS } from "./pgbouncerState.ts";
import { recentMaximum } from "./recentMaximum.ts";
import { unavailableBecause } from "../postgres/failures.ts";
import type { ObserverOptions } from "./observerOptions.ts";
import { retryBackoff, type PgBouncerTarget, type Poller } from "./pgbouncerPoller.ts";

const ASK_MS = 3000;
/** What people change rarely is read again once in a while: a password that was rotated. */
const LOGIN_MS_MAX = 60_000;

/**
 * Asks the Postgres of a budget every 3 s: through one of weir's own PgBouncers, or straight where
 * they are not weir's.
 *
 * @param poolers the processes as of now; only weir's own have a maintenance line
 */
export function pollPostgres(
  budget: ConnectionBudget,
  logins: Pick<BudgetLogins, "maintenance" | "role">,
  poolers: () => readonly PgBouncerTarget[],
  { runtime, network }: ObserverOptions,
  onChange: () => void,
): Poller<PostgresSnapshot> {
  const direct = budget.spec.pgbouncer.existing !== undefined;
  const address = formatPostgresAddress(postgresAddressOf(budget));
  const seen = failureDebounce<PostgresSnapshot>();
  let kept: { readonly login: Login; readonly sinceMs: number } | undefined;
  const backends = recentMaximum(WINDOW_MS);
  let failures = 0;

  const loginAt = async (nowMs: number, stopped: AbortSignal) => {
    if (kept !== undefined && nowMs - kept.sinceMs < LOGIN_MS_MAX) return kept.login;
    try {
      const login = await (direct ? logins.role(stopped) : logins.maintenance(stopped));
      kept = { login, sinceMs: nowMs };
      return login;
    } catch (error) {
      // An API server that is away hides no Postgres that lets the old login in.
      if (kept !== undefined && isUnreachable(error)) return kept.login;
      throw error;
    }
  };
  const ask = async (nowMs: number, stopped: AbortSignal): Promise<PostgresSnapshot> => {
    const door = direct ? await straight(budget, network) : through(poolers(), failures, address);
    const login = await loginAt(nowMs, stopped);
    const question = { ...door, role: roleOf(budget), direct, address };
    const { user, password, secret, ifRefused } = login;
    try {
      return await network.askPostgres({ ...question, login }, stopped).catch((error: unknown) => {
        if (!prefersTls(budget, direct) || !/does not support SSL/.test(String(error))) throw error;
        return network.askPostgres({ ...question, login: { ...login, ssl: false } }, stopped);
      });
    } catch (error) {
      throw unavailableBecause(
        { server: "Postgres", what: door.what, login: user, password, secret, ifRefused },
        error,
      );
    }
  };

  const { stop } = loop(runtime, async (stopped) => {
    const askedMs = runtime.monotonicMs();
    const before = seen.observation();
    try {
      const answer = await ask(askedMs, stopped);
      seen.answered({ ...answer, backendsMax: backends.add(answer.backends, askedMs) });
      failures = 0;
      if (!isDeepStrictEqual(before, seen.observation())) onChange();
      return ASK_MS;
    } catch (error) {
      kept = undefined;
      failures += 1;
      seen.failed(error, askedMs, runtime.monotonicMs());
      if (!isDeepStrictEqual(before, seen.observation())) onChange();
      const reason = error instanceof UnavailableError ? error.reason : "Unreachable";
      return backoffMs(retryBackoff(reason), failures, runtime.random);
    }
  });
  return { observation: seen.observation, stop };
}

interface Door {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly what: string;
}

/** The next process at each failure. */
function through(poolers: readonly PgBouncerTarget[], failures: number, address: string): Door {
  const pooler = poolers[failures % poolers.length];
  if (pooler === undefined) {
    throw new UnavailableError("NoPods", `can't ask Postgres ${address}: no PgBouncer leads to it`);
  }
  const { name, host, port } = pooler;
  const what = `Postgres ${address} through line ${MAINTENANCE_LINE} of PgBouncer ${name}`;
  return { host, port, database: MAINTENANCE_LINE, what };
}

async function straight(
  { metadata, spec }: ConnectionBudget,
  { addressesOf }: Network,
): Promise<Door> {
  const { host, port, database } = spec.postgres;
  const [first = host] = await addressesOf(host, metadata.namespace);
  return { host: first, port, database, what: `Postgres ${host}:${port}` };
}

function prefersTls({ spec }: ConnectionBudget, direct: boolean): boolean {
  return direct && (spec.postgres.tls?.mode ?? "prefer") === "prefer";
}
