import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client } from "pg";
import { deadlineOf } from "../runtime/deadline.ts";
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
interface ConnectionSettings {
  readonly database: string;
  readonly applicationName: string;
  /** How long it may take to get in, and each answer. */
  readonly timeoutMs: number;
  /** Ends what is asked, and tears the connection down, whatever state it is in. */
  readonly stopped?: AbortSignal;
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
) {
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
    stream: () => socket,
  });
  // What ended it while nothing was asked; the next query only says that it has ended.
  let end: Error | undefined;
  client.on("error", (error) => {
    end ??= error;
  });
  const tearDown = () => socket.destroy();
  /** The deadline is ours: node-postgres' own run on the machine's clock. */
  const inTime = async <T>(answer: Promise<T>): Promise<T> => {
    const { signal, race, release } = deadlineOf(runtime, timeoutMs, stopped);
    try {
      return await race(answer);
    } catch (error) {
      if (signal.aborted) tearDown();
      throw end ?? error;
    } finally {
      release();
    }
  };
  try {
    await inTime(client.connect());
  } catch (error) {
    tearDown();
    throw error;
  }
  return {
    /** @throws what the server answers, or what ended the connection before */
    query: async <Row extends object>(text: string, values?: unknown[]): Promise<readonly Row[]> =>
      (await inTime(client.query<Row>(text, values))).rows,
    /** Ends it, whatever state it is in; doesn't throw. */
    close: async () => {
      const forget = runtime.after(CLOSE_MS, tearDown);
      await client.end().catch(() => {});
      forget();
      tearDown();
    },
  };
}
