import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client } from "pg";
import type { Runtime } from "../runtime/runtime.ts";

/** Where a server listens that speaks Postgres' protocol, and who asks it. */
export interface ServerLogin {
  /** A name, an address, or the folder of its unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent: PGPASSWORD, else .pgpass. */
  readonly password?: string;
  readonly ssl?: boolean | ConnectionOptions;
}

/** How it is asked. */
export interface ConnectionSettings {
  readonly database: string;
  readonly applicationName: string;
  /** How long it may take to get in, and each answer. */
  readonly timeoutMs: number;
  /** Tears the connection down at once, whatever state it is in. */
  readonly stopped?: AbortSignal;
}

/** A connection that is open. */
export interface PostgresConnection {
  /** @throws what the server answers, or what ended the connection before */
  readonly query: <Row extends object>(text: string, values?: unknown[]) => Promise<readonly Row[]>;
  /** Ends it, whatever state it is in; doesn't throw. */
  readonly close: () => Promise<void>;
}

/** How long a connection that is asked to end may take. */
const CLOSE_MS = 500;

/**
 * Logs in to a PgBouncer or a Postgres.
 *
 * @throws what the server, the network or TLS said; the signal's reason when that ends it
 */
export async function openConnection(
  { host, port, user, password, ssl }: ServerLogin,
  { database, applicationName, timeoutMs, stopped }: ConnectionSettings,
  runtime: Runtime,
): Promise<PostgresConnection> {
  stopped?.throwIfAborted();
  // Our own, so that it can be torn down when the server has stopped answering.
  const socket = new Socket();
  const client = new Client({
    host,
    port,
    user,
    database,
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl }),
    application_name: applicationName,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    stream: () => socket,
  });
  // What ended it while nothing was asked; the next query only says that it has ended.
  let end: Error | undefined;
  client.on("error", (error) => {
    end ??= error;
  });
  const tearDown = () => socket.destroy();
  stopped?.addEventListener("abort", tearDown);
  try {
    await client.connect();
  } catch (error) {
    stopped?.removeEventListener("abort", tearDown);
    tearDown();
    throw error;
  }
  return {
    query: async <Row extends object>(text: string, values?: unknown[]) => {
      try {
        return (await client.query<Row>(text, values)).rows;
      } catch (error) {
        throw end ?? error;
      }
    },
    close: async () => {
      stopped?.removeEventListener("abort", tearDown);
      const forget = runtime.after(CLOSE_MS, tearDown);
      await client.end().catch(() => {});
      forget();
      tearDown();
    },
  };
}
