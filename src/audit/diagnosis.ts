import type { LiveWorkload } from "./live.ts";

/** What `weir diagnose` says; `--output json` prints it as it is. */
export interface Diagnosis {
  /** Empty: nothing is wrong as far as could be seen. The one that explains most is first. */
  readonly causes: readonly Cause[];
  readonly poolers: readonly Holding[];
  readonly postgres?: PostgresHolding;
  /** Which servers run, with their pods and pools; absent: nothing told. */
  readonly workloads?: readonly LiveWorkload[];
  readonly unseen: readonly {
    readonly what: string;
    readonly why: string;
    readonly next: string;
  }[];
}

export const CAUSE_KINDS = [
  "SaturatedWhileIdle",
  "Leak",
  "ServerAbovePlan",
  "PoolSettingIgnored",
  "LoginStorm",
  "Ghosts",
  "QueriesWithoutClient",
] as const;

export type CauseKind = (typeof CAUSE_KINDS)[number];

/** One cause, proved by what was seen: not a suspicion. */
export interface Cause {
  readonly kind: CauseKind;
  /** One sentence with the numbers in it. */
  readonly summary: string;
  /** What was seen: each line one fact, with who and since when. */
  readonly evidence: readonly string[];
  /** What to do now, the first thing first. */
  readonly next: readonly string[];
}

/** Who holds how many of one process's max_client_conn. */
export interface Holding {
  readonly address: string;
  readonly version: string;
  readonly door: string;
  readonly maxClientConn: number;
  readonly used: number;
  /** By line, user, application and address; the largest first. */
  readonly holders: readonly Holder[];
  readonly lines: readonly {
    readonly name: string;
    readonly clients: number;
    /** Its bulkhead; absent: none. */
    readonly clientsMax?: number;
    readonly waiting: number;
    readonly servers: number;
    readonly serversMax: number;
  }[];
}

export interface Holder {
  readonly line: string;
  readonly user: string;
  readonly application: string;
  readonly address: string;
  /** The pod or service at that address, where one is known. */
  readonly workload?: string;
  readonly pod?: string;
  /** What its pool is configured to; absent where nothing tells. */
  readonly poolMax?: number;
  readonly clients: number;
  /** Those of them that hold a server connection or wait for one. */
  readonly busy: number;
  readonly waiting: number;
}

/** What Postgres allows and has open. */
export interface PostgresHolding {
  readonly address: string;
  readonly version: string;
  /** max_connections − superuser_reserved_connections − reserved_connections. */
  readonly available: number;
  readonly maxConnections: number;
  readonly open: number;
  readonly roles: readonly {
    readonly role: string;
    readonly open: number;
    readonly limit?: number;
    readonly active: number;
    readonly idleInTransaction: number;
  }[];
}
