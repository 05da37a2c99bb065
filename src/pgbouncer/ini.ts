import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { CONSOLE_ADMIN, STATS_LOGIN } from "../api/names.ts";
import { assertLines, type Line } from "./lines.ts";

/** Where a PgBouncer process runs: what its ini must know beside the budget. */
export interface IniPlace {
  readonly listenAddress: string;
  readonly listenPort: number;
  /** Folder of the unix socket, over which alone the admin console is reached. */
  readonly socketDir: string;
  readonly authFile: string;
  readonly hbaFile: string;
  readonly clientTls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly serverTlsCaFile?: string | undefined;
  /** All processes of the tier, this one included; empty or one: no peering. */
  readonly peers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
}

/** How long a socket may take to log in: the reserve for logins rests on it. In seconds. */
export const CLIENT_LOGIN_TIMEOUT_SECONDS = 5;

/** PgBouncer's own listen_backlog. */
const LISTEN_BACKLOG_DEFAULT = 128;

/** A backend connection that can't be had in this time ends the client's wait, in seconds. */
const QUERY_WAIT_TIMEOUT_SECONDS = 15;

/**
 * What a user may set otherwise through `parameters`. Finite waits, and a quick new try after a
 * refused login to Postgres: with the role's CONNECTION LIMIT such refusals are part of the plan.
 */
const CHANGEABLE: Readonly<Record<string, string>> = {
  ignore_startup_parameters: "extra_float_digits",
  query_wait_timeout: String(QUERY_WAIT_TIMEOUT_SECONDS),
  server_connect_timeout: "5",
  server_login_retry: "1",
};

/**
 * The ini that all processes of a budget's PgBouncer share. Each process includes it from its own
 * (see processIni). Pure: the same input gives the same bytes.
 *
 * @throws SumError when the limits of its lines do not fit its max_client_conn, or Postgres
 */
export function commonIni(
  budget: ConnectionBudget,
  lines: readonly Line[],
  place: IniPlace,
): string {
  const keys = settings(budget, place);
  assertLines(budget, lines, Number(keys["max_client_conn"]));
  return [
    section(
      "databases",
      lines.map((line) => [line.name, connectionString(budget, line)]),
    ),
    place.peers.length > 1 ? section("peers", place.peers.map(peer)) : "",
    // Last: processIni goes on with it.
    section("pgbouncer", Object.entries(keys)),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

/**
 * The ini of one process: what all share, then its peer id (ordinal + 1: 0 turns peering off). The
 * id continues the section that the shared file ends with: a second [pgbouncer], before or after,
 * would set every key back that it does not name.
 *
 * @param commonFile path of the file with commonIni's text
 */
export function processIni(peerId: number, commonFile: string): string {
  return `%include ${commonFile}\npeer_id = ${peerId}\n`;
}

function settings(budget: ConnectionBudget, place: IniPlace): Record<string, string> {
  const { pgbouncer, postgres } = budget.spec;
  return {
    listen_addr: place.listenAddress,
    listen_port: String(place.listenPort),
    unix_socket_dir: place.socketDir,
    auth_type: "hba",
    auth_file: place.authFile,
    auth_hba_file: place.hbaFile,
    admin_users: CONSOLE_ADMIN,
    stats_users: STATS_LOGIN,
    pool_mode: pgbouncer.poolMode,
    max_client_conn: String(pgbouncer.maxClientConn),
    // All clients may come at once, after a restart. The kernel drops those that find the queue of
    // PgBouncer's socket full (128 by default), and they try again only after a second. The kernel
    // cuts the queue to net.core.somaxconn: 4096 by default. A user may set another value.
    listen_backlog: String(Math.max(LISTEN_BACKLOG_DEFAULT, pgbouncer.maxClientConn)),
    // Every line sets its own; where one were forgotten it would get 1, not PgBouncer's 20.
    default_pool_size: "1",
    min_pool_size: "0",
    reserve_pool_size: "0",
    // A socket that is logging in counts against max_client_conn before its line is known.
    client_login_timeout: String(CLIENT_LOGIN_TIMEOUT_SECONDS),
    // Clients of a lost node are gone after a minute, not after two hours.
    tcp_keepalive: "1",
    tcp_keepidle: "30",
    tcp_keepintvl: "10",
    tcp_keepcnt: "3",
    ...(place.clientTls === undefined
      ? {}
      : {
          client_tls_sslmode: "require",
          client_tls_cert_file: place.clientTls.certFile,
          client_tls_key_file: place.clientTls.keyFile,
        }),
    ...(postgres.tls === undefined ? {} : { server_tls_sslmode: postgres.tls.mode }),
    ...(place.serverTlsCaFile === undefined ? {} : { server_tls_ca_file: place.serverTlsCaFile }),
    ...CHANGEABLE,
    ...pgbouncer.parameters,
  };
}

function connectionString(budget: ConnectionBudget, line: Line): string {
  const { postgres } = budget.spec;
  return [
    `host=${quoted(postgres.host)}`,
    `port=${postgres.port}`,
    `dbname=${quoted(postgres.database)}`,
    // One role for all lines: one pool a line, and one CONNECTION LIMIT that bounds them all.
    `user=${quoted(roleOf(budget))}`,
    `pool_size=${line.slots}`,
    "reserve_pool_size=0",
    "min_pool_size=0",
    `max_db_client_connections=${line.clients}`,
  ].join(" ");
}

function peer(entry: IniPlace["peers"][number]): readonly [string, string] {
  // pool_size bounds the cancel requests that this process forwards to that one at a time; they
  // come out of the other's reserve for logins.
  return [String(entry.id), `host=${quoted(entry.host)} port=${entry.port} pool_size=1`];
}

/** A value of a connection string; PgBouncer doubles a quote inside quotes. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.:-]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}

function section(name: string, entries: readonly (readonly [string, string])[]): string {
  return `[${name}]\n${entries.map(([key, value]) => `${key} = ${value}\n`).join("")}`;
}
