import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { LiveLine } from "./liveSystem.ts";

/**
 * Everything that was read about one budget, as of one moment: gather/ makes it, decide/ judges it,
 * and nobody else looks at the world. Times are milliseconds since the epoch.
 */
export interface BudgetSnapshot {
  readonly atMs: number;
  readonly budget: ObservedObject<ConnectionBudget>;
  /** All McpServers that draw from it, Disabled ones too, by name. */
  readonly servers: readonly ServerSnapshot[];
  /** The other budgets of the cluster, whose shares of the same Postgres count in the sum. */
  readonly neighbours: readonly ConnectionBudget[];
  /** Those of the same Postgres that this weir does not understand, a line each: no sum has them. */
  readonly unreadNeighbours: readonly string[];
  /** Set where budgets of this namespace alone are known: others may share the Postgres. */
  readonly namespaceAlone?: string;
  /** Set where `existing.host` may be a Service of a namespace that is not known: `db/pg`. */
  readonly unwatchedService?: string;
  /** Its PgBouncer processes; which there are may itself be unknown. */
  readonly pgbouncers: Observation<readonly PgBouncerSnapshot[]>;
  /** Label selector of their pods as text, for the scale subresource. */
  readonly pgbouncerSelector?: string;
  readonly postgres: Observation<PostgresSnapshot>;
}

/**
 * Something outside of the API server that was asked. `pending`: not answered yet since this
 * process started, so that nothing is known, not even that it can't be reached: what was said of it
 * before stays.
 */
export type Observation<T> =
  | { readonly state: "available"; readonly value: T }
  | { readonly state: "unavailable"; readonly reason: UnavailableReason; readonly message: string }
  | { readonly state: "pending" };

/** Why something could not be asked: the reason of a condition that is Unknown. */
export type UnavailableReason =
  | "SecretMissing"
  | "SecretForbidden"
  | "SecretInvalid"
  | "HostNotFound"
  | "Unreachable"
  | "LoginRefused"
  | "NotUnderstood"
  | "NoPods";

/** An object of weir's, or why it can't be read as one. */
export interface ObservedObject<T> {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  /** With defaults; what this weir doesn't understand of it is told instead, a line each. */
  readonly parsed:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly problems: readonly string[] };
  /** The status that it has, as the API server holds it. */
  readonly status: Readonly<Record<string, unknown>>;
}

/** One server, and what runs of it. */
export interface ServerSnapshot {
  readonly object: ObservedObject<McpServer>;
  /** Absent when there is no such workload. */
  readonly workload?: WorkloadSnapshot;
  /** Its pods, terminating ones too: all that may hold connections. */
  readonly pods: readonly PodSnapshot[];
  readonly handshake: Observation<Handshake>;
}

/** A Deployment, StatefulSet or DaemonSet, and what scales it. */
export interface WorkloadSnapshot {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  readonly uid: string;
  /** As it is written: `spec.replicas`; of a DaemonSet the nodes that want one. */
  readonly replicas: number;
  readonly hpa?: {
    readonly name: string;
    readonly minReplicas: number;
    readonly maxReplicas: number;
  };
  readonly rollout: "RollingUpdate" | "Recreate" | "OnDelete";
  /** Its label selector as text (`a=b,c=d`), for the scale subresource. */
  readonly selector?: string;
  /** What its template gives a process: the value of `pool.env.max`; absent where nothing tells. */
  readonly poolMax?: number;
  /** Where that stands: `env DB_POOL_MAX_PER_SERVER of container server`. */
  readonly poolMaxFrom?: string;
}

/** A pod that runs, or still terminates. */
export interface PodSnapshot {
  readonly name: string;
  readonly uid: string;
  readonly ip?: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** As `WorkloadSnapshot.poolMax`, of the pod's own environment: an old pod has the old one. */
  readonly poolMax?: number;
}

/** A real MCP handshake with one ready pod. */
export type Handshake =
  | {
      readonly ok: true;
      readonly protocolVersion: string;
      readonly serverName: string;
      readonly pod: string;
    }
  | { readonly ok: false; readonly pod: string; readonly message: string };

/** One PgBouncer process. */
export interface PgBouncerSnapshot {
  /** The pod's name where it has one, else host:port. */
  readonly name: string;
  readonly observation: Observation<PgBouncerState>;
  /** It is no pod: whether a process stands there, and which, only an answer tells. */
  readonly isAddress?: boolean;
  /** The name of an earlier one that is this very process: two addresses may lead to one. */
  readonly sameAs?: string;
  /**
   * The name of another one with which it was one process at some time, since both are looked at.
   * Now it may be another process, but that there are two of them is not proven by it.
   */
  readonly wasSameAs?: string;
}

/** What one PgBouncer process has applied and has open. */
export interface PgBouncerState {
  readonly version: string;
  readonly address: string;
  /** By key of SHOW CONFIG. */
  readonly config: ReadonlyMap<string, string>;
  readonly lines: readonly LineState[];
  readonly clients: readonly ClientCount[];
  /** LISTS used_clients: what max_client_conn is checked against, consoles and logins included. */
  readonly usedClients: number;
  /** LISTS login_clients: sockets of them that are still logging in. */
  readonly loggingIn: number;
  /** The most that each count was in the window: what a moment ago broke a sum still counts. */
  readonly window: PgBouncerWindow;
}

/** A row of SHOW DATABASES with what it has open now. */
export interface LineState extends LiveLine {
  /** current_client_connections, those still logging in included; absent before 1.24. */
  readonly openClients?: number;
  /** Server connections, as SHOW POOLS sums them up. */
  readonly openServers: number;
  /** Whom it logs in to Postgres as, sorted: a pool each. Many where no user is forced. */
  readonly roles: readonly string[];
}

/** Clients that are alike: SHOW CLIENTS, counted. weir's own console is left out. */
export interface ClientCount {
  readonly line: string;
  readonly user: string;
  readonly address: string;
  readonly count: number;
  /** Of them: neither in a transaction nor waiting. */
  readonly idle: number;
  /**
   * Of them: queued for a server connection. PgBouncer reads nothing of such a one, so that it may
   * have been given up long ago by its pool.
   */
  readonly waiting: number;
}

/** Maxima of the last seconds, so that a condition clears only when its cause has stayed away. */
export interface PgBouncerWindow {
  /** How long it is; shorter after a start. */
  readonly lengthMs: number;
  readonly usedClientsMax: number;
  /** The moments at which somebody was logging in; empty where nobody was. */
  readonly logins: readonly LoginMoment[];
  /** By line: clients and server connections. */
  readonly lines: ReadonlyMap<string, { readonly clientsMax: number; readonly serversMax: number }>;
  /** By address of a client: how many it had at most, over all lines but weir's own two. */
  readonly addresses: ReadonlyMap<string, number>;
  /** As `addresses`, without those that waited: what a pool certainly held. */
  readonly addressesHeld: ReadonlyMap<string, number>;
  /**
   * As `addressesHeld`, but how many it had at least in the last three samples: what several
   * processes had so is what they had at the same time. Empty until there are three in a row.
   */
  readonly addressesKept: ReadonlyMap<string, number>;
}

/** What one SHOW LISTS said. */
export interface LoginMoment {
  /** Those that are logging in included. */
  readonly usedClients: number;
  /** login_clients: they count before their line is known, and whether or not it ever is. */
  readonly loggingIn: number;
}

/** What Postgres allows, and whether the budget's role is held to it. */
export interface PostgresSnapshot {
  readonly address: string;
  readonly version: string;
  readonly maxConnections: number;
  readonly superuserReservedConnections: number;
  readonly reservedConnections: number;
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
