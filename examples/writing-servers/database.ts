import { pool, PoolTimeout, type PoolState } from "@weir-dev/pool";
import { Busy, databaseOutcome, Unreachable, type Outcome } from "./outcome.ts";

/** The database as tools see it: one pool, of which a statement has a connection while it runs. */
export interface Database {
  /**
   * Runs one statement on a connection of its own.
   *
   * @returns the rows
   * @throws Busy, Unreachable, or what Postgres said
   */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /**
   * Asks Postgres for a sign of life, which has a connection for at most `timeoutMs`; none where a
   * statement waits for one, which tells as much. It never rejects: see `onOutcome`.
   */
  check(timeoutMs: number): Promise<void>;
  readonly state: () => PoolState;
  end(): Promise<void>;
}

/** As node-postgres takes it. */
interface Statement {
  readonly text: string;
  readonly values: unknown[];
  readonly query_timeout: number;
}

/** After which a statement is given up, and its connection closed. */
const QUERY_TIMEOUT_MS = 20_000;

/**
 * Opens the process' pool, which connects when it is first needed.
 *
 * @param onOutcome told how each statement ended, in terms of whether the database is there
 */
export function openDatabase(onOutcome: (outcome: Outcome) => void): Database {
  // The program ends in an order of its own, the pool last.
  const shared = pool({ drainOnSigterm: false });

  /** Whether nothing but this process' own calls, which have all its connections, was in the way. */
  function isOwnLimit(error: unknown): boolean {
    const { inUse, limit } = shared.state();
    return error instanceof PoolTimeout && inUse >= limit;
  }

  /** Tells how a statement ended. @returns what its caller is to be told */
  function failed(error: unknown): unknown {
    if (isOwnLimit(error)) return new Busy(shared.state().limit);
    const outcome = databaseOutcome(error);
    onOutcome(outcome);
    return outcome.kind === "failed" ? new Unreachable(outcome.reason, { cause: error }) : error;
  }

  async function run<Row extends object>(query: Statement): Promise<Row[]> {
    try {
      const { rows } = await shared.query<Row>(query);
      onOutcome({ kind: "answered" });
      return rows;
    } catch (error) {
      throw failed(error);
    }
  }

  async function check(timeoutMs: number): Promise<void> {
    const client = await shared.connect();
    if (shared.state().waiting > 0) return client.release();
    const statement: Statement = { text: "SELECT 1", values: [], query_timeout: timeoutMs };
    try {
      await client.query(statement);
    } catch (error) {
      client.release(true);
      throw error;
    }
    client.release();
    onOutcome({ kind: "answered" });
  }

  return {
    query: (text, values = []) =>
      run({ text, values: [...values], query_timeout: QUERY_TIMEOUT_MS }),
    check: (timeoutMs) => check(timeoutMs).catch((error: unknown) => void failed(error)),
    state: shared.state,
    end: shared.end,
  };
}
