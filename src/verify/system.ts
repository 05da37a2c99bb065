import type { SourcePosition } from "./sourcePosition.ts";

/**
 * What manifests say of a system of connections, whoever wrote them: the poolers, who connects to
 * them, and the Postgres behind. The proof (proof/) is a function of this; manifests/ makes it from
 * YAML, and from what a cluster holds. Nothing in it is guessed: a figure that the objects don't
 * tell is MissingQuantity, and says how to tell it.
 */
export interface System {
  readonly poolers: readonly Pooler[];
  readonly clients: readonly Client[];
  readonly postgres: readonly PostgresServer[];
  /** What stands in the way of a proof and belongs to no figure: a Service that is not there. */
  readonly missing: readonly MissingQuantity[];
  /** What a person should know though it changes nothing. */
  readonly notes: readonly string[];
}

/** A number that the objects tell, or what is missing to know it. */
export type Quantity = KnownQuantity | MissingQuantity;

export interface KnownQuantity {
  readonly known: true;
  readonly value: number;
  /** How it comes about, for people: `2 × 3 replicas (RollingUpdate)`, `DB_POOL_MAX`. */
  readonly why: string;
  /** Every field that it was made of; empty for a default of a program. */
  readonly places: readonly SourcePosition[];
}

/** Something that can't be known from the objects. */
export interface MissingQuantity {
  readonly known: false;
  /** `how many connections a process of container app opens`. */
  readonly what: string;
  readonly place: SourcePosition;
  /** How to tell it: `annotate its pod template with weir.dev/pool-max: "N"`. */
  readonly tell: string;
}

/** One PgBouncer tier: processes behind the same addresses. */
export interface Pooler {
  /** `StatefulSet writing/writing-pgbouncer`, `Pooler db/app-rw`. */
  readonly name: string;
  readonly place: SourcePosition;
  /**
   * Who can connect: `service`: all clients of its addresses, each of them to any process, so that
   * one process may have to carry them all; `pod`: a sidecar, each process just the other
   * containers of its own pod.
   */
  readonly scope: "service" | "pod";
  /** Processes with the same configuration; several where each ordinal has an ini of its own. */
  readonly groups: readonly PoolerGroup[];
  readonly reserve: Reserve;
  /** P, where the pooler itself says what share of its Postgres it may use. */
  readonly share?: Quantity;
}

export interface PoolerGroup {
  /** Processes that can be there at once: K at its peak. */
  readonly processes: Quantity;
  /** The pods that they run in; absent: one process in each. */
  readonly pods?: Quantity;
  /** C: max_client_conn of each process. */
  readonly capacity: Quantity;
  readonly lines: readonly PoolerLine[];
  /** max_user_connections by role; PgBouncer's cap on the server connections of one user. */
  readonly userLimits: ReadonlyMap<string, Quantity>;
}

/** One entry of [databases]; `*` is the fallback. */
export interface PoolerLine {
  readonly name: string;
  readonly place: SourcePosition;
  /** The Postgres behind it: `host:port`, completed as postgresAddress.ts does. */
  readonly postgres: string;
  /** The database there; absent: the same as the client names. */
  readonly database?: string;
  /** The role that all its clients become; absent: each client keeps its own. */
  readonly user?: string;
  /** Logins by auth_query open one more pool on the line, as this role. */
  readonly authUser?: string;
  /** Server connections of one pool: pool_size. 0 is unlimited. */
  readonly poolSize: Quantity;
  readonly reservePool: Quantity;
  /** max_db_connections of the line; absent or 0: unlimited. */
  readonly maxServers?: Quantity;
  /** max_db_client_connections: its bulkhead; absent or 0: unlimited. */
  readonly maxClients?: Quantity;
}

/** What no client gets, on each process. */
export interface Reserve {
  readonly consoles: number;
  readonly maintenance: number;
  readonly maintenanceSlots: number;
  readonly logins: number;
  /** `weir.dev/reserve`, or `default`. */
  readonly why: string;
  readonly places: readonly SourcePosition[];
}

/** One pool of connections in a workload. */
export interface Client {
  /** `Deployment writing/author, container server`. */
  readonly name: string;
  readonly place: SourcePosition;
  /** Pods of it that can be there at once × processes a pod. */
  readonly processes: Quantity;
  /** The most connections that one process opens there. */
  readonly pool: Quantity;
  readonly target: Target;
}

/** Where the connections of a client go. */
export type Target =
  | {
      readonly kind: "pooler";
      /** The pooler's name. */
      readonly pooler: string;
      /** The database that it names, and the login. What a Secret hides is named by the Secret. */
      readonly database: string;
      readonly user: string;
      /** Which of the two nobody knows: their texts only name what hides them. */
      readonly hidden?: readonly ("database" | "user")[];
      readonly place: SourcePosition;
    }
  | {
      /** Past every pooler. */
      readonly kind: "postgres";
      readonly postgres: string;
      readonly place: SourcePosition;
    };

/** A Postgres and what it admits. */
export interface PostgresServer {
  /** `host:port`, as in PoolerLine. */
  readonly address: string;
  /** Other addresses of the same server. */
  readonly aliases: readonly string[];
  /** max_connections − superuser_reserved_connections − reserved_connections. */
  readonly available: Quantity;
}
