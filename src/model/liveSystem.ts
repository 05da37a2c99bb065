/**
 * What a running system says of itself at one moment; live/ gathers it, diagnosis/ judges it. Times
 * are milliseconds since the epoch by the clock of the machine that weir runs on, unless said.
 * Whatever could not be asked is absent, and `unseen` says why: an absent part is never a zero.
 */
export interface LiveSystem {
  readonly pgbouncers: readonly LivePgBouncer[];
  readonly postgres?: LivePostgres;
  readonly workloads?: readonly LiveWorkload[];
  /**
   * Addresses of silent clients that no packet reaches any more (live/unreachable.ts). Absent: none
   * was probed; an address that is not in it is not known to be alive.
   */
  readonly unreachableAddresses?: readonly string[];
  readonly unavailable: readonly UnavailablePart[];
}

/** Something that could not be asked, and how it could. */
export interface UnavailablePart {
  /** `Postgres pg:5432`, `PgBouncer 10.0.0.7:6432`. */
  readonly what: string;
  readonly why: string;
  /** What a person can do about it. */
  readonly next: string;
  /** weir was told to ask it, and it did not answer: whatever is wrong there is not known. */
  readonly failed?: true;
}

/** One PgBouncer process, in several samples. */
export interface LivePgBouncer {
  /** `host:port` or the socket's path, without login and password. */
  readonly address: string;
  readonly version: string;
  /** How weir got in: `as admin pgbouncer; a console takes 1 of max_client_conn`. */
  readonly door: string;
  /** By key of SHOW CONFIG. */
  readonly config: ReadonlyMap<string, string>;
  readonly lines: readonly LiveLine[];
  /** In the order they were taken; at least two. */
  readonly samples: readonly PgBouncerSample[];
}

/** A row of SHOW DATABASES, but the console's own. What an older PgBouncer does not know is absent. */
export interface LiveLine {
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
  readonly paused: boolean;
  readonly disabled: boolean;
}

/** What PgBouncer has open at one moment. */
export interface PgBouncerSample {
  readonly atMs: number;
  /** LISTS used_clients: what max_client_conn is checked against, those logging in included. */
  readonly usedClients: number;
  /** LISTS login_clients: sockets of them that are still logging in. */
  readonly loggingIn?: number;
  /** Logins since PgBouncer started, by line: STATS total_client_login_count; absent before 1.26. */
  readonly loginsByLine?: ReadonlyMap<string, number>;
  /** Of those that are logged in; weir's own console left out. */
  readonly clients: readonly LiveClient[];
  readonly servers: readonly LiveServer[];
  readonly pools: readonly LivePool[];
}

/** A row of SHOW CLIENTS, but weir's own console. */
export interface LiveClient {
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
  /** How long it has waited for a server connection; 0 when it does not. */
  readonly waitMs: number;
  /** The server connection that it holds: a `LiveServer.id`. */
  readonly serverId?: string;
}

/** A row of SHOW SERVERS. */
export interface LiveServer {
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
export interface LivePool {
  readonly line: string;
  readonly user: string;
  readonly clientsActive: number;
  readonly clientsWaiting: number;
  /** How long the first in the queue has waited. */
  readonly maxWaitMs: number;
  readonly serversActive: number;
  readonly serversIdle: number;
  /** sv_active + sv_idle + sv_used + sv_tested + sv_login + sv_being_canceled. */
  readonly servers: number;
}

/** The Postgres behind. */
export interface LivePostgres {
  readonly address: string;
  readonly version: string;
  readonly maxConnections: number;
  readonly superuserReservedConnections: number;
  /** 0 before Postgres 16. */
  readonly reservedConnections: number;
  /** CONNECTION LIMIT by role, of those that poolers log in as; −1 is none. */
  readonly roleLimits: ReadonlyMap<string, number>;
  /** In the order they were taken, at the moments of the poolers' samples. */
  readonly samples: readonly PostgresSample[];
}

export interface PostgresSample {
  readonly atMs: number;
  /** Client backends, weir's own left out. */
  readonly backends: readonly LiveBackend[];
}

/** A row of pg_stat_activity. */
export interface LiveBackend {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  /** Absent over a unix socket. */
  readonly clientAddress?: string;
  readonly clientPort?: number;
  /** active, idle, idle in transaction…; `hidden` where weir's login may not see it. */
  readonly state: string;
  readonly transactionStartedAtMs?: number;
  readonly queryStartedAtMs?: number;
  readonly stateChangedAtMs?: number;
  /** Its last statement's first word (SELECT): the rest may hold somebody's data. */
  readonly command: string;
}

/** A workload of the cluster, or a service of a compose project, that connects to a pooler. */
export interface LiveWorkload {
  /** `Deployment writing/author`, `service author`. */
  readonly name: string;
  /** The line or database that it connects to, and its login there; absent where unknown. */
  readonly line?: string;
  readonly user?: string;
  /** What each process's pool is configured to; absent where nothing tells. */
  readonly poolMax?: number;
  /** Where that stands: `env DB_POOL_MAX_PER_SERVER`. */
  readonly poolMaxFrom?: string;
  readonly processesPerPod: number;
  readonly replicas: number;
  /** Most pods that its plan counts: weir's peak, where weir made it or can work it out. */
  readonly peakPods?: number;
  /** Those that exist now, terminating ones too. */
  readonly pods: readonly {
    readonly name: string;
    readonly address?: string;
    readonly ready: boolean;
    readonly terminating: boolean;
  }[];
}
