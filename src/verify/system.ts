import { product, type MissingQuantity, type Quantity } from "./quantity.ts";
import type { SourcePosition } from "./sourcePosition.ts";

/**
 * A system of connections, whoever wrote its manifests: the poolers, their clients, and the Postgres
 * behind. The proof (proof/) is a function of it. Manifests, a cluster's objects (read/) and compose
 * files (compose/) are read into it. Nothing in it is guessed: a number that is not written is a
 * MissingQuantity, which says how to give it.
 */
export interface System {
  readonly poolers: readonly Pooler[];
  readonly clients: readonly Client[];
  readonly postgres: readonly PostgresServer[];
  /** Poolers that weir can't read yet: `Deployment shop/pgcat runs PgCat`. */
  readonly unreadPoolers: readonly string[];
  /**
   * What prevents a proof and belongs to no quantity: a Service that is not there. With an assumed
   * number it prevents none: the verdict assumes it.
   */
  readonly missing: readonly MissingQuantity[];
  /** Notes for people; they change no sum. */
  readonly notes: readonly string[];
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
  /** What each Postgres behind it admits that is not among the objects. */
  readonly available?: Quantity;
  /** An annotation says that nobody connects who is not among the objects. */
  readonly isClosed?: true;
}

export interface PoolerGroup {
  /** Processes that can be there at once: K at its peak. */
  readonly processes: Quantity;
  /** The pods that they run in; absent: one process in each. */
  readonly pods?: Quantity;
  /** C: max_client_conn of each process. */
  readonly capacity: Quantity;
  readonly lines: readonly PoolerLine[];
  /** max_user_connections by role; PgBouncer's cap on the backend connections of one user. */
  readonly userLimits: ReadonlyMap<string, Quantity>;
  /** Logins that auth_file lists: nobody asks Postgres for them. Absent: not known. */
  readonly listedLogins?: ReadonlySet<string>;
}

/** One entry of [databases]; `*` is the fallback. */
export interface PoolerLine {
  readonly name: string;
  readonly place: SourcePosition;
  /**
   * The Postgres behind it: `host:port`, completed as postgresAddress.ts does, several with commas
   * between them (postgresAddresses); or what says why it is not known.
   */
  readonly postgres: string;
  /** The database there; absent: the same as the client names. */
  readonly database?: string;
  /** The role that all its clients become; absent: each client keeps its own. */
  readonly user?: string;
  /** Who asks Postgres for the password of a login that no file lists (auth_query). */
  readonly authUser?: string;
  /** The database where it asks: auth_dbname; absent: the one that the client names. */
  readonly authDatabase?: string;
  /** Backend connections that it asks with, in each process; never more than its pool's size. */
  readonly authPool?: Quantity;
  /** The size of its pool, where [users] says it; absent: that of the line where it asks. */
  readonly authPoolSize?: Quantity;
  /** Backend connections of one pool: pool_size. 0 is unlimited. */
  readonly poolSize: Quantity;
  /** The same for a role that [users] does not mention; absent: poolSize. */
  readonly plainPoolSize?: Quantity;
  readonly reservePool: Quantity;
  /** max_db_connections of the line; absent or 0: unlimited. */
  readonly maxBackends?: Quantity;
  /** max_db_client_connections: its bulkhead; absent or 0: unlimited. */
  readonly maxClients?: Quantity;
}

/**
 * The addresses in PoolerLine.postgres: a line of several hosts may have all its backend connections
 * on any of them.
 */
export function postgresAddresses({ postgres }: Pick<PoolerLine, "postgres">): readonly string[] {
  // With a space in it, it is what says of which host nothing is known.
  return postgres.includes(" ") ? [postgres] : postgres.split(",");
}

/** What no client gets, on each process. */
export interface Reserve {
  readonly consoles: number;
  readonly maintenance: number;
  readonly maintenanceSlots: number;
  readonly logins: number;
  /** A sum without it is broken: somebody asked for it. Else the sum fits, and the proof says so. */
  readonly isDemanded: boolean;
  /** `weir.dev/reserve`, or `default`. */
  readonly why: string;
  readonly places: readonly SourcePosition[];
}

/** One pool of connections in a workload: each of its processes has one. */
export interface Client {
  /** `Deployment writing/author, container server`. */
  readonly name: string;
  /** The workload that its pods belong to: `Deployment writing/author`. */
  readonly workload: string;
  readonly place: SourcePosition;
  /** Pods that can hold connections at once. */
  readonly pods: Quantity;
  readonly processesPerPod: Quantity;
  /** The most connections that one process opens. */
  readonly pool: Quantity;
  readonly target: Target;
}

/** Processes of a client that can be there at once. */
export function processesOf({ pods, processesPerPod }: Client): Quantity {
  return product(pods, processesPerPod);
}

/** Where the connections of a client go. */
export type Target =
  | {
      readonly kind: "pooler";
      /** The pooler's name. */
      readonly pooler: string;
      /** The database and the login; of an unknown one, the name of what holds it: a Secret and its key. */
      readonly database: string;
      readonly user: string;
      /** Which of the two are unknown. */
      readonly unknown?: readonly ("database" | "user")[];
      /** No database is named at all: where a line admits any, there may be several. */
      readonly isUnnamed?: true;
      readonly place: SourcePosition;
    }
  | {
      /** Past every pooler. */
      readonly kind: "postgres";
      readonly postgres: string;
      /** What leads there, for people: `DATABASE_URL`, `its command`. */
      readonly by?: string;
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
