import { EventEmitter } from "node:events";
import { Socket } from "node:net";

import { Client, type ClientConfig } from "pg";

import type { PoolRuntime } from "./runtime.ts";
import { watchSilence } from "./silence.ts";

/** So that a PgBouncer that is gone without a word is noticed, also by an idle connection. */
const KEEP_ALIVE_MS = 30_000;

/** A connection from its login to its end. */
export interface Connection {
  readonly client: Client;
  /** Settles with the login: rejects when it fails, or takes too long. */
  readonly ready: Promise<void>;
  /**
   * Resolves when the socket is closed; never rejects. PgBouncer closes its end first, however long
   * it takes, so it no longer counts this connection; only one whose machine is gone may be behind.
   */
  readonly closed: Promise<void>;
  /** Resolves when it is of no use any more; never rejects. */
  readonly lost: Promise<void>;
  /** Whether another query may be sent. */
  readonly isUsable: () => boolean;
  /** Says goodbye and waits for PgBouncer to close. */
  readonly close: () => void;
  /** Cuts it, whatever runs. */
  readonly cut: () => void;
}

/**
 * Begins a login. node-postgres' own timeout is not used: it destroys the socket, and goes on at
 * once, while PgBouncer still counts the client.
 *
 * @param timeoutMs how long the login may take
 */
export function openConnection(
  config: ClientConfig,
  timeoutMs: number,
  runtime: PoolRuntime,
): Connection {
  const socket = new Socket();
  const client = new Client({
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...config,
    connectionTimeoutMillis: 0,
    stream: () => socket,
  });
  const transaction = transactionOf(client);
  let usable = false;
  let closing = false;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  const lost = new Promise<void>((resolve) => {
    const lose = () => {
      usable = false;
      resolve();
    };
    // Without a listener an error of an unused connection would end the process.
    client.on("error", lose);
    client.on("end", lose);
    void closed.then(lose);
  });
  const close = () => {
    if (closing) return;
    closing = true;
    usable = false;
    // A socket that never connected has no peer to close with. In the midst of a login or a
    // query node-postgres would destroy it and go on, while PgBouncer still counts the client.
    if (socket.connecting) socket.destroy();
    else if (isAtRest(client)) void client.end();
    else socket.end();
    if (socket.destroyed) return;
    // PgBouncer does not read from a client that waits for a backend connection, so it counts it
    // until its query_wait_timeout, and a stopped PgBouncer counts it until it goes on. No time is
    // long enough for both; only if the machine does not answer at all, there is nothing to wait for.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const stop = watchSilence(socket, () => socket.destroy(), runtime);
    void closed.then(stop);
  };
  const ready = new Promise<void>((resolve, reject) => {
    const cancel = runtime.after(timeoutMs, () => {
      reject(new Error(`no login within ${timeoutMs} ms`));
      close();
    });
    void lost.then(() => reject(new Error("the connection was closed during its login")));
    client.connect((error: Error | null | undefined) => {
      cancel();
      if (error) {
        reject(error);
        close();
      } else if (!closing) {
        usable = true;
        resolve();
      }
    });
    void closed.then(cancel);
  });
  // A caller that gives a login up need not wait for its end.
  ready.catch(() => {});
  return {
    client,
    ready,
    closed,
    lost,
    isUsable: () => usable && !transaction.isOpen(),
    close,
    cut: () => {
      close();
      socket.destroy();
    },
  };
}

/**
 * Follows what Postgres says of the transaction after each statement. The next user of a connection
 * would be in the transaction of the last user, which holds a slot as well. The client itself tells
 * it in its newest versions alone.
 */
function transactionOf(client: Client): { readonly isOpen: () => boolean } {
  let status = "I";
  if (!("connection" in client && client.connection instanceof EventEmitter)) {
    throw new Error("this version of node-postgres is not known: its client has no connection");
  }
  client.connection.on("readyForQuery", (message: { readonly status: string }) => {
    ({ status } = message);
  });
  return { isOpen: () => status !== "I" };
}

function isAtRest(client: Client): boolean {
  return "readyForQuery" in client && client.readyForQuery === true;
}
