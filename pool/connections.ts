import type { ClientConfig, PoolClient } from "pg";

import { PoolClosed, PoolTimeout, type PoolState } from "./errors.ts";
import { watchLeak } from "./leakWatch.ts";
import type { PoolLog } from "./log.ts";
import { WaitTimes, type PoolFigures } from "./metricsText.ts";
import { backoffMs, nextStep, type PoolStep } from "./nextStep.ts";
import { openConnection, type Connection } from "./openConnection.ts";
import { isHopeless, PoolRefused, refusingLimit, type RefusingLimit } from "./refusal.ts";
import type { Cancel, PoolRuntime } from "./runtime.ts";
import type { PoolNumbers } from "./settings.ts";

/** A login whose checkouts wait without end is given up and tried again after this. */
const LONGEST_LOGIN_MS = 10_000;

/** What the connections of a pool are, and how long they live. */
interface ConnectionsSpec extends Omit<PoolNumbers, "max" | "port" | "gracePeriodMs"> {
  readonly config: ClientConfig;
  /** To begin with. */
  readonly limit: number;
  readonly log: PoolLog;
  readonly runtime: PoolRuntime;
}

interface Waiter {
  readonly sinceMs: number;
  readonly place: string | undefined;
  readonly cancelTimeout: Cancel | undefined;
  readonly resolve: (client: PoolClient) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The connections of one pool. It does what nextStep says and remembers what came of it; all that
 * happens ends in #act.
 */
export class Connections {
  readonly #spec: ConnectionsSpec;
  #limit: number;
  #opening: Connection | undefined;
  /** The connection that is idle the longest comes first. */
  readonly #idle = new Map<Connection, Cancel | undefined>();
  readonly #inUse = new Set<Connection>();
  readonly #closing = new Set<Connection>();
  readonly #expired = new WeakSet<Connection>();
  readonly #waiting: Waiter[] = [];
  readonly #waits = new WaitTimes();
  readonly #refused: Record<RefusingLimit, number> = {
    max_client_conn: 0,
    max_db_client_connections: 0,
    max_user_client_connections: 0,
  };
  /** Logins that failed in a row; why and when the last one did. */
  #failures = 0;
  #lastFailure: { readonly error: Error; readonly atMs: number } | undefined;
  #pause: Cancel | undefined;
  #draining = false;
  readonly #drained = Promise.withResolvers<void>();

  constructor(spec: ConnectionsSpec) {
    this.#spec = spec;
    this.#limit = spec.limit;
    this.#act();
  }

  get state(): PoolState {
    return {
      limit: this.#limit,
      open:
        (this.#opening === undefined ? 0 : 1) +
        this.#idle.size +
        this.#inUse.size +
        this.#closing.size,
      idle: this.#idle.size,
      inUse: this.#inUse.size,
      waiting: this.#waiting.length,
    };
  }

  get figures(): PoolFigures {
    return { state: this.state, waitTimes: this.#waits, refused: { ...this.#refused } };
  }

  /** From now on no connection is opened beyond it, and those above it go as soon as they can. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#act();
  }

  /** @param place who asks, for the leak watch */
  async checkOut(place: string | undefined): Promise<PoolClient> {
    if (this.#draining) throw new PoolClosed();
    const { promise, resolve, reject } = Promise.withResolvers<PoolClient>();
    const { connectionTimeoutMs, runtime } = this.#spec;
    const waiter: Waiter = {
      sinceMs: runtime.monotonicMs(),
      place,
      cancelTimeout:
        connectionTimeoutMs > 0
          ? runtime.after(connectionTimeoutMs, () => this.#giveUp(waiter))
          : undefined,
      resolve,
      reject,
    };
    this.#waiting.push(waiter);
    this.#act();
    return promise;
  }

  /**
   * Takes no new checkouts; those that wait are still served. Resolves when every connection is
   * closed. What is still held after the grace period is cut.
   */
  async drain(gracePeriodMs: number): Promise<void> {
    this.#draining = true;
    this.#act();
    const cancel = this.#spec.runtime.after(gracePeriodMs, () => this.#cutAll());
    await this.#drained.promise;
    cancel();
  }

  #act(): void {
    for (let step = this.#next(); step !== undefined; step = this.#next()) this.#take(step);
    if (!this.#draining || this.state.open > 0 || this.#waiting.length > 0) return;
    this.#pause?.();
    this.#drained.resolve();
  }

  #next(): PoolStep | undefined {
    return nextStep({
      ...this.state,
      minIdle: this.#spec.minIdle,
      opening: this.#opening !== undefined,
      closing: this.#closing.size,
      mayOpen: this.#pause === undefined,
      draining: this.#draining,
    });
  }

  #take(step: PoolStep): void {
    switch (step) {
      case "abort": {
        const connection = this.#opening;
        this.#opening = undefined;
        if (connection !== undefined) this.#close(connection);
        return;
      }
      case "close": {
        const [longest] = this.#idle.keys();
        if (longest !== undefined) this.#closeIdle(longest);
        return;
      }
      case "lend": {
        const waiter = this.#waiting.shift();
        // The others rest, so that those that are not needed reach their idle timeout.
        const latest = [...this.#idle.keys()].at(-1);
        if (waiter !== undefined && latest !== undefined) this.#lend(latest, waiter);
        return;
      }
      case "open":
        this.#open();
    }
  }

  #open(): void {
    const { config, connectionTimeoutMs, runtime } = this.#spec;
    const connection = openConnection(config, connectionTimeoutMs || LONGEST_LOGIN_MS, runtime);
    this.#opening = connection;
    connection.ready.then(
      () => this.#opened(connection),
      (error: unknown) => this.#failed(connection, asError(error)),
    );
  }

  #opened(connection: Connection): void {
    // Given up in the moment in which it succeeded.
    if (this.#opening !== connection) return;
    this.#opening = undefined;
    if (this.#failures > 0) {
      this.#spec.log({
        level: "info",
        message: "a connection could be opened again",
        failedBefore: this.#failures,
      });
    }
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#boundLifetime(connection);
    void connection.lost.then(() => this.#lost(connection));
    this.#rest(connection);
    this.#act();
  }

  #failed(connection: Connection, error: Error): void {
    if (this.#opening !== connection) return;
    this.#opening = undefined;
    this.#close(connection);
    const limit = refusingLimit(error);
    if (limit !== undefined) this.#refused[limit] += 1;
    const failure = limit === undefined ? error : new PoolRefused(limit, error);
    if (this.#failures === 0) {
      this.#spec.log({
        level: "warn",
        message: `a connection could not be opened, will be tried again: ${failure.message}`,
        open: this.state.open,
        limit: this.#limit,
      });
    }
    this.#failures += 1;
    const { after, monotonicMs, random } = this.#spec.runtime;
    this.#lastFailure = { error: failure, atMs: monotonicMs() };
    this.#pause = after(backoffMs(this.#failures, random()), () => {
      this.#pause = undefined;
      this.#act();
    });
    const nobodyCanReturnOne = this.#idle.size + this.#inUse.size === 0;
    if (nobodyCanReturnOne && isHopeless(error)) this.#refuseAll(failure);
    this.#act();
  }

  #refuseAll(error: Error): void {
    for (const waiter of this.#waiting.splice(0)) {
      this.#waited(waiter);
      waiter.reject(error);
    }
  }

  #giveUp(waiter: Waiter): void {
    const index = this.#waiting.indexOf(waiter);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#waited(waiter);
    const last = this.#lastFailure;
    // One from before says nothing of this wait.
    const failure = last !== undefined && last.atMs >= waiter.sinceMs ? last.error : undefined;
    waiter.reject(
      failure instanceof PoolRefused
        ? failure
        : new PoolTimeout(this.#spec.connectionTimeoutMs, this.state, failure),
    );
    this.#act();
  }

  #waited({ cancelTimeout, sinceMs }: Waiter): void {
    cancelTimeout?.();
    this.#waits.add((this.#spec.runtime.monotonicMs() - sinceMs) / 1_000);
  }

  #lend(connection: Connection, waiter: Waiter): void {
    this.#idle.get(connection)?.();
    this.#idle.delete(connection);
    this.#inUse.add(connection);
    this.#waited(waiter);
    const { leakAfterMs, log, runtime } = this.#spec;
    const returned = watchLeak(waiter.place, leakAfterMs, log, runtime);
    let released = false;
    const release = (error?: Error | boolean) => {
      if (released) throw new Error("this client was released already");
      released = true;
      returned();
      this.#inUse.delete(connection);
      const isSpent = this.#expired.has(connection) || !connection.isUsable();
      if (Boolean(error) || isSpent) this.#close(connection);
      else this.#rest(connection);
      this.#act();
    };
    waiter.resolve(Object.assign(connection.client, { release }));
  }

  /** It may be lent, until it has been idle for long enough. */
  #rest(connection: Connection): void {
    const { idleTimeoutMs, minIdle, runtime } = this.#spec;
    const expire = () => {
      if (this.#idle.size + this.#inUse.size <= minIdle) return;
      this.#closeIdle(connection);
      this.#act();
    };
    const cancel = idleTimeoutMs > 0 ? runtime.after(idleTimeoutMs, expire) : undefined;
    this.#idle.set(connection, cancel);
  }

  #closeIdle(connection: Connection): void {
    this.#idle.get(connection)?.();
    this.#idle.delete(connection);
    this.#close(connection);
  }

  #close(connection: Connection): void {
    this.#closing.add(connection);
    connection.close();
    void connection.closed.then(() => this.#closed(connection));
  }

  #closed(connection: Connection): void {
    this.#closing.delete(connection);
    this.#act();
  }

  /** A connection in use is closed when it is given back. */
  #lost(connection: Connection): void {
    if (this.#idle.has(connection)) this.#closeIdle(connection);
    this.#act();
  }

  /** Spread by a fifth, so that connections which began together don't end together. */
  #boundLifetime(connection: Connection): void {
    const expire = () => {
      this.#expired.add(connection);
      this.#lost(connection);
    };
    const { maxLifetimeMs, runtime } = this.#spec;
    const lifetimeMs = maxLifetimeMs * (1 - runtime.random() / 5);
    const cancel = runtime.after(lifetimeMs, expire, "lets it end");
    void connection.closed.then(cancel);
  }

  #cutAll(): void {
    this.#spec.log({
      level: "warn",
      message: "the grace period is over: connections in use or closing are cut",
      inUse: this.#inUse.size,
      closing: this.#closing.size,
      waiting: this.#waiting.length,
    });
    this.#refuseAll(new PoolClosed("the pool's grace period is over"));
    for (const connection of this.#inUse) this.#close(connection);
    this.#inUse.clear();
    // Gives up a login too.
    this.#act();
    for (const connection of this.#closing) connection.cut();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
