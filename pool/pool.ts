import { isMainThread } from "node:worker_threads";

import {
  Client,
  DatabaseError,
  type ClientConfig,
  type PoolClient,
  type QueryArrayConfig,
  type QueryArrayResult,
  type QueryConfig,
  type QueryConfigValues,
  type QueryResult,
  type QueryResultRow,
} from "pg";

import { Connections } from "./connections.ts";
import { drainOnSigterm } from "./drainOnSigterm.ts";
import { BadPoolSetting, type PoolState } from "./errors.ts";
import { placeOfCall } from "./leakWatch.ts";
import { followLimitFile } from "./limitFile.ts";
import { serveLimit } from "./limitServer.ts";
import { logToStderr, type PoolLog } from "./log.ts";
import { metricsText } from "./metricsText.ts";
import { POOL_ENV, POOL_LIMIT_FILE } from "./names.ts";
import { systemRuntime, type PoolRuntime } from "./runtime.ts";
import { isMaxGiven, readNumbers, type PoolNumberOptions } from "./settings.ts";

/** What a server may say itself; what it does not say comes from the environment that weir sets. */
export interface PoolOptions extends PoolNumberOptions {
  /** As for a client of node-postgres; by default it reads PGHOST, PGUSER and their like itself. */
  readonly connection?: ClientConfig;
  /** The file with the limit; /etc/weir/pool-limit by default. */
  readonly limitFile?: string;
  /** Whether /limit and /metrics are served; true by default. */
  readonly serve?: boolean;
  /** Whether the pool drains by itself at SIGTERM; true by default. */
  readonly drainOnSigterm?: boolean;
  /** Lines of JSON on standard error by default. */
  readonly log?: PoolLog;
  /** Time and chance, for tests that have their own; the machine's by default. */
  readonly runtime?: PoolRuntime;
}

/** Runs one statement, as a pool of node-postgres does. */
export interface PoolQuery {
  <R extends unknown[], I = unknown[]>(
    config: QueryArrayConfig<I>,
    values?: QueryConfigValues<I>,
  ): Promise<QueryArrayResult<R>>;
  <R extends QueryResultRow = QueryResultRow, I = unknown[]>(
    text: string | QueryConfig<I>,
    values?: QueryConfigValues<I>,
  ): Promise<QueryResult<R>>;
}

/** The one pool of a process. */
export interface Pool {
  /** Runs one statement on a connection of its own. */
  readonly query: PoolQuery;
  /** Checks a connection out; `release()` gives it back, `release(true)` closes it. */
  readonly connect: () => Promise<PoolClient>;
  readonly state: () => PoolState;
  /** In Prometheus' text format. */
  readonly metrics: () => string;
  /** Where /limit and /metrics are served; undefined when they are not. */
  readonly port: () => Promise<number | undefined>;
  /**
   * Drains: refuses new work, lets connections in use finish for at most the grace period, and
   * resolves when all are closed. A second call waits for the same.
   */
  readonly end: () => Promise<void>;
}

/** Copies of this library in one process share it, so that there is one pool and one limit. */
const POOL: unique symbol = Symbol.for("weir.dev/pool");
const HOLDER: typeof globalThis & { [POOL]?: Pool } = globalThis;

/**
 * The process' pool: made by the first call, the same for each later one, until `end()` was called
 * and has ended it; a pool that SIGTERM ended stays.
 *
 * @throws BadPoolSetting when an option or a variable is wrong, when options come too late, or when
 *   Node is too old
 */
export function pool(options?: PoolOptions): Pool {
  if (!("withResolvers" in Promise)) {
    throw new BadPoolSetting(
      `@weir-dev/pool needs Node 22.19 or later; this process runs in ${process.version}`,
    );
  }
  const there = HOLDER[POOL];
  if (there !== undefined) {
    if (options === undefined) return there;
    throw new BadPoolSetting(
      "pool() with options: the pool is there already; only the first call may have options",
    );
  }
  if (!isMainThread) {
    throw new BadPoolSetting(
      "pool() in a worker thread: a process has one pool, in its main thread; this would be another one beside it",
    );
  }
  const made = makePool(options ?? {}, () => delete HOLDER[POOL]);
  HOLDER[POOL] = made;
  return made;
}

function makePool(options: PoolOptions, ended: () => void): Pool {
  const {
    log = logToStderr,
    limitFile = POOL_LIMIT_FILE,
    connection: config = {},
    runtime = systemRuntime,
  } = options;
  const { max, port, gracePeriodMs, ...numbers } = readNumbers(options, process.env);
  const { leakAfterMs } = numbers;
  // What node-postgres refuses is refused now, not in the midst of the first checkout.
  void new Client(config);

  const file = followLimitFile(limitFile, log, runtime, (limit) => {
    log({ level: "info", message: "the limit has changed", from: connections.state.limit, limit });
    connections.resize(limit);
  });
  if (file.limit === undefined && !isMaxGiven(options, process.env)) {
    log({
      level: "warn",
      message: `nobody said how many connections this process may have, so it has one: set ${options.env?.max ?? POOL_ENV.max}`,
    });
  }
  const connections = new Connections({
    config,
    limit: file.limit ?? max,
    ...numbers,
    log,
    runtime,
  });
  const metrics = () => metricsText(connections.figures);
  const server =
    options.serve === false
      ? undefined
      : serveLimit({ port, log, limit: () => connections.state, metrics });

  let ending: Promise<void> | undefined;
  let isProcessEnding = false;
  const end = () => {
    ending ??= (async () => {
      await connections.drain(gracePeriodMs);
      file.stop();
      await server?.stop();
      stopListening();
      // Who asks for the pool of a process that ends gets this one, which takes no new work.
      if (!isProcessEnding) ended();
    })();
    return ending;
  };
  const endWithProcess = () => {
    isProcessEnding = true;
    return end();
  };
  const stopListening =
    options.drainOnSigterm === false ? () => {} : drainOnSigterm(endWithProcess);

  const connect = () => connections.checkOut(leakAfterMs > 0 ? placeOfCall(connect) : undefined);
  const query = async (
    text: string | QueryConfig<unknown[]>,
    values?: unknown[],
  ): Promise<QueryResult> => {
    const client = await connections.checkOut(leakAfterMs > 0 ? placeOfCall(query) : undefined);
    try {
      const result = await client.query(text, values);
      client.release();
      return result;
    } catch (error) {
      client.release(!isOnlyTheStatements(error));
      throw error;
    }
  };
  return {
    query: query as PoolQuery,
    connect,
    state: () => connections.state,
    metrics,
    port: async () => server?.port,
    end,
  };
}

/** Postgres refused a statement; the connection is as good as before. */
function isOnlyTheStatements(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}
