import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client } from "pg";
import { CONSOLE_DATABASE } from "../api/names.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { consoleName } from "./processIdentity.ts";
import type { ShowRow } from "./showRows.ts";

/** Where a PgBouncer listens, and who asks it. */
export interface ConsoleLogin {
  /** A name, an address, or the folder of its unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent: PGPASSWORD, else .pgpass. */
  readonly password?: string;
  readonly ssl?: boolean | ConnectionOptions;
}

/** What SHOW can show to a stats user. */
export type Showable =
  | "CLIENTS"
  | "CONFIG"
  | "DATABASES"
  | "LISTS"
  | "POOLS"
  | "SERVERS"
  | "STATS"
  | "VERSION";

/** A connection to PgBouncer's own database. It takes one of its max_client_conn. */
export interface Console {
  /** Tells this console from every other client, in SHOW CLIENTS. */
  readonly applicationName: string;
  /** @throws what PgBouncer answers; after a failure the console is of no more use */
  readonly show: (what: Showable) => Promise<readonly ShowRow[]>;
  /** Ends it, whatever state it is in; doesn't throw. */
  readonly close: () => Promise<void>;
}

/** How long a console that is asked to end may take. */
const CLOSE_MS = 500;

/**
 * Opens a console: any login of admin_users or stats_users gets one, also when max_client_conn is
 * reached. It speaks the simple protocol alone, one statement a query: PgBouncer's console ends
 * at anything else.
 *
 * @param timeoutMs how long it may take to get in, and each answer
 * @throws what PgBouncer, the network or TLS said
 */
export async function openConsole(
  login: ConsoleLogin,
  runtime: Runtime,
  timeoutMs: number,
): Promise<Console> {
  const applicationName = consoleName(runtime.uuid().slice(-12));
  // Our own, so that it can be torn down when PgBouncer has stopped answering.
  const socket = new Socket();
  const client = new Client({
    host: login.host,
    port: login.port,
    user: login.user,
    database: CONSOLE_DATABASE,
    ...(login.password !== undefined && { password: login.password }),
    ...(login.ssl !== undefined && { ssl: login.ssl }),
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
  const close = async () => {
    const forget = runtime.after(CLOSE_MS, () => socket.destroy());
    await client.end().catch(() => {});
    forget();
    socket.destroy();
  };
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    applicationName,
    show: async (what) => {
      try {
        return (await client.query<Record<string, unknown>>(`SHOW ${what}`)).rows;
      } catch (error) {
        throw end ?? error;
      }
    },
    close,
  };
}
