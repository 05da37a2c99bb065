import { CONSOLE_DATABASE } from "../api/names.ts";
import { openConnection, type ServerLogin } from "./connection.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { consoleName } from "../pgbouncer/processIdentity.ts";
import type { ShowRow } from "../pgbouncer/show.ts";

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

/**
 * Opens a console: any login of admin_users or stats_users gets one, also when max_client_conn is
 * reached. It speaks the simple protocol alone, one statement a query: PgBouncer's console ends
 * at anything else.
 *
 * @param timeoutMs how long it may take to get in, and each answer
 * @throws what PgBouncer, the network or TLS said
 */
export async function openConsole(
  login: ServerLogin,
  runtime: Runtime,
  timeoutMs: number,
): Promise<Console> {
  const applicationName = consoleName(runtime.uuid().slice(-12));
  const settings = { database: CONSOLE_DATABASE, applicationName, timeoutMs };
  const { query, close } = await openConnection(login, settings, runtime);
  return { applicationName, show: (what) => query(`SHOW ${what}`), close };
}
