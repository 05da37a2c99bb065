import type { UnavailablePart } from "../../model/observation.ts";
import type { LiveWorkload } from "../../model/workload.ts";

/** What `weir diagnose` says; `--output json` prints it as it is. */
export interface Diagnosis {
  /** The cause that explains most is first. */
  readonly causes: readonly Cause[];
  /**
   * Faults whose reason is not proved. A system with symptoms is not well, even without a cause.
   * Symptoms that a cause explains are left out.
   */
  readonly symptoms: readonly Symptom[];
  readonly poolers: readonly PgBouncerUse[];
  readonly postgres?: PostgresUse;
  /** Which servers run, with their pods and pools; absent: weir asked neither a cluster nor docker compose. */
  readonly workloads?: readonly LiveWorkload[];
  readonly unavailable: readonly UnavailablePart[];
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

/** One cause, proved by observations: not a suspicion. */
export interface Cause {
  readonly kind: CauseKind;
  /** One sentence with the numbers in it. */
  readonly summary: string;
  /** The observations: each line one fact, with who and since when. */
  readonly evidence: readonly string[];
  /** What to do now, the first thing first. */
  readonly next: readonly string[];
}

/** What clients suffer from, in every sample. */
export interface Symptom {
  /** One sentence with the numbers in it. */
  readonly summary: string;
  /** How its cause is found, the first thing first. */
  readonly next: readonly string[];
}

/** The holders of one process's max_client_conn, and how many clients each has. */
export interface PgBouncerUse {
  readonly address: string;
  readonly version: string;
  readonly access: string;
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
    /** Backend connections that it has. */
    readonly backends: number;
    /** 0 is unlimited. */
    readonly backendsMax: number;
    /** PAUSE or KILL: its clients wait until RESUME. */
    readonly paused?: true;
    /** DISABLE: PgBouncer refuses new clients of it. */
    readonly disabled?: true;
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
  /** The configured size of its pool; absent if weir found no setting. */
  readonly poolMax?: number;
  readonly clients: number;
  /** Clients among them that hold a backend connection or wait for one. */
  readonly busy: number;
  readonly waiting: number;
}

/** What Postgres allows and has open. */
export interface PostgresUse {
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
