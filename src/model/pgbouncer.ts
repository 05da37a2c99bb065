import type { Observation } from "./observation.ts";

/**
 * PgBouncer processes and the rows that SHOW gives of them. The operator keeps one state of each
 * process with the maxima of the last seconds (`PgBouncerState`), `weir diagnose` compares several
 * samples (`LivePgBouncer`); both are made of the same rows. Times are milliseconds since the epoch
 * by the clock of the machine that weir runs on. What an older PgBouncer does not know is absent.
 */

/** The facts about a process that do not change from sample to sample. */
interface RunningPgBouncer {
  /** `host:port` or the socket's path, without login and password. */
  readonly address: string;
  readonly version: string;
  /** By key of SHOW CONFIG. */
  readonly config: ReadonlyMap<string, string>;
}

/** A row of SHOW DATABASES, but the console's own. */
export interface DatabaseRow {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly forceUser?: string;
  readonly poolSize: number;
  readonly reservePoolSize: number;
  readonly poolMode: string;
  /** max_db_connections; 0 is unlimited. */
  readonly maxConnections: number;
  /** max_db_client_connections; 0 is unlimited; absent before 1.24. */
  readonly maxClientConnections?: number;
  /** current_client_connections, those still logging in included; absent before 1.24. */
  readonly openClients?: number;
  readonly paused: boolean;
  readonly disabled: boolean;
}

/** What SHOW LISTS counts. */
export interface ListCounts {
  /** used_clients: what max_client_conn is checked against, consoles and logins included. */
  readonly usedClients: number;
  /** login_clients: those of them that are still logging in, before their line is known. */
  readonly loggingIn: number;
}

/** A row of SHOW CLIENTS, but weir's own console. */
export interface ClientRow {
  /** Tells a client from all others as long as PgBouncer runs, as far as its version can. */
  readonly id: string;
  readonly line: string;
  readonly user: string;
  readonly applicationName: string;
  readonly address: string;
  readonly port: number;
  /** As PgBouncer says it: active, waiting, idle (1.24 and newer say so), active_cancel_req… */
  readonly state: string;
  /** When it connected and when it last asked something, by PgBouncer's clock turned into ours. */
  readonly connectedAtMs: number;
  readonly requestedAtMs: number;
  /** How long it has waited for a backend connection; 0 when it does not. */
  readonly waitMs: number;
  /** The backend connection that it holds: a `ServerRow.id`. */
  readonly serverId?: string;
}

/** Rows of SHOW CLIENTS that are alike, counted. weir's own console is left out. */
export interface ClientCount extends Pick<ClientRow, "line" | "user" | "address"> {
  readonly count: number;
  /** Of these clients: neither in a transaction nor waiting. */
  readonly idle: number;
  /**
   * Of these clients: queued for a backend connection. PgBouncer reads nothing from them, so the
   * pool of such a client may have given it up long ago.
   */
  readonly waiting: number;
}

/** A row of SHOW SERVERS. */
export interface ServerRow {
  readonly id: string;
  readonly line: string;
  readonly user: string;
  readonly state: string;
  /** The backend's pid in Postgres. */
  readonly backendPid: number;
  /** The near end of its socket: what Postgres sees as the client, unless something translates it. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly connectedAtMs: number;
  readonly requestedAtMs: number;
}

/** A row of SHOW POOLS, but the console's own. */
export interface PoolRow {
  readonly line: string;
  readonly user: string;
  readonly clientsWaiting: number;
  /** How long the first in the queue has waited. */
  readonly maxWaitMs: number;
  readonly serversActive: number;
  /** sv_active + sv_idle + sv_used + sv_tested + sv_login + sv_being_canceled. */
  readonly servers: number;
}

/** One process in several samples. */
export interface LivePgBouncer extends RunningPgBouncer {
  /** How weir logged in: `as admin pgbouncer; a console takes 1 of max_client_conn`. */
  readonly access: string;
  readonly lines: readonly DatabaseRow[];
  /** In the order they were taken; at least two. */
  readonly samples: readonly PgBouncerSample[];
}

/** The open connections of a process at one moment, one by one. */
export interface PgBouncerSample extends ListCounts {
  readonly atMs: number;
  /** Logins since PgBouncer started, by line: STATS total_client_login_count; absent before 1.26. */
  readonly loginsByLine?: ReadonlyMap<string, number>;
  /** Of those that are logged in; weir's own console left out. */
  readonly clients: readonly ClientRow[];
  readonly servers: readonly ServerRow[];
  readonly pools: readonly PoolRow[];
}

/** One process of a budget, and what is known of it. */
export interface PgBouncerSnapshot {
  /** The pod's name where it has one, else host:port. */
  readonly name: string;
  readonly observation: Observation<PgBouncerState>;
  /** It is no pod: whether a process runs there, and which, only an answer shows. */
  readonly isAddress?: boolean;
  /** The name of an earlier target that leads to the same process: two addresses may do so. */
  readonly sameProcessAs?: string;
  /**
   * The name of another one with which it was one process at some time, since both are asked. Now
   * it may be another process, but that there are two of them is not proven by it.
   */
  readonly previouslySameProcessAs?: string;
}

/** The settings that a process has applied, and its open connections, counted. */
export interface PgBouncerState extends RunningPgBouncer, ListCounts {
  readonly lines: readonly LineState[];
  readonly clients: readonly ClientCount[];
  /** The most that each count was in the window: what a moment ago broke a sum still counts. */
  readonly window: PgBouncerWindow;
}

/** A row of SHOW DATABASES with what SHOW POOLS has of it. */
export interface LineState extends DatabaseRow {
  /** Backend connections, over all its pools. */
  readonly openServers: number;
  /** Whom it logs in to Postgres as, sorted: a pool each. Many where no user is forced. */
  readonly roles: readonly string[];
}

/** Maxima of the last seconds, so that a condition clears only when its cause has stayed away. */
export interface PgBouncerWindow {
  /** How long it is; shorter after a start. */
  readonly lengthMs: number;
  readonly usedClientsMax: number;
  /** The moments at which some client was logging in. */
  readonly logins: readonly ListCounts[];
  /** By line: clients and backend connections. */
  readonly lines: ReadonlyMap<string, { readonly clientsMax: number; readonly serversMax: number }>;
  /** By address of a client: how many it had at most, over all lines but weir's own two. */
  readonly addresses: ReadonlyMap<string, number>;
  /**
   * As `addresses`, without those that waited, and in two samples in a row: the most that the smaller
   * of both was. What a pool certainly held (conditions/poolSetting.ts).
   */
  readonly addressesHeld: ReadonlyMap<string, number>;
  /**
   * As `addressesHeld`, but how many it had at least in the last three samples: what several
   * processes had so is what they had at the same time. Empty until there are three in a row.
   */
  readonly addressesHeldMin: ReadonlyMap<string, number>;
}
