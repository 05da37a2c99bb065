/** The version and limits of a Postgres. */
export interface PostgresLimits {
  readonly address: string;
  readonly version: string;
  readonly maxConnections: number;
  readonly superuserReservedConnections: number;
  /** 0 before Postgres 16. */
  readonly reservedConnections: number;
}

/** What Postgres allows, and whether the budget's role is held to it. */
export interface PostgresSnapshot extends PostgresLimits {
  readonly role: {
    readonly name: string;
    readonly exists: boolean;
    readonly superuser: boolean;
    /** rolconnlimit: −1 is none. */
    readonly connectionLimit: number;
    /** client_connection_check_interval that sessions of the role get; 0 is off. */
    readonly clientConnectionCheckIntervalMs: number;
    /** tcp_keepalives_idle + interval × count that its sessions get, in seconds; 0: the system's. */
    readonly keepaliveS: number;
  };
  /** Client backends of the role now. */
  readonly backends: number;
  /** The most of them in the last seconds, where that is known: see PgBouncerWindow. */
  readonly backendsMax?: number;
}

/** A Postgres behind PgBouncers, in several samples. */
export interface LivePostgres extends PostgresLimits {
  /** CONNECTION LIMIT by role, of those that PgBouncers log in as; −1 is none. */
  readonly roleLimits: ReadonlyMap<string, number>;
  /** In the order they were taken, at the moments of the PgBouncers' samples. */
  readonly samples: readonly PostgresSample[];
}

export interface PostgresSample {
  readonly atMs: number;
  /** Client backends, weir's own left out. */
  readonly backends: readonly BackendRow[];
}

/** A row of pg_stat_activity. */
export interface BackendRow {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  /** Absent over a unix socket. */
  readonly clientAddress?: string;
  readonly clientPort?: number;
  /** active, idle, idle in transaction…; `hidden` where weir's login may not see it. */
  readonly state: string;
  readonly queryStartedAtMs?: number;
  readonly stateChangedAtMs?: number;
  /** Its last statement's first word (SELECT): the rest may hold somebody's data. */
  readonly command: string;
}
