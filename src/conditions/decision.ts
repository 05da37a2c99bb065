import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import type { McpServerStatus } from "../api/mcpServer.ts";

/** What is decided by one snapshot: data alone, which src/operator carries out. */
export interface Decision {
  readonly statuses: Statuses;
  /** What a person should know: made where a condition flips, so that each is written once. */
  readonly events: readonly EventRecord[];
  /** The same numbers as in the messages, for Prometheus. */
  readonly metrics: readonly Metric[];
  /** Objects that should exist because of the budget. None yet: weir only observes. */
  readonly children: readonly DesiredObject[];
}

/** The whole status that each object should have. */
export interface Statuses {
  /** Absent: there is no budget. */
  readonly budget?: ConnectionBudgetStatus;
  /** By the server's name. */
  readonly servers: ReadonlyMap<string, McpServerStatus>;
}

/** An object as it should be applied. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** An event of one of the objects. */
export interface EventRecord {
  readonly about: { readonly kind: "ConnectionBudget" | "McpServer"; readonly name: string };
  readonly type: "Normal" | "Warning";
  /** The condition's reason. */
  readonly reason: string;
  readonly note: string;
}

/** One sample of a gauge. */
export interface Metric {
  /** `weir_clients_open`; src/operator/metrics.ts has the help text of each. */
  readonly name: MetricName;
  /** namespace and budget are added to these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The gauges that there are. Counts are connections on one PgBouncer process, unless said. */
export type MetricName =
  /** max_client_conn as planned. */
  | "weir_clients_capacity"
  /** By `part`: consoles, maintenance, logins, granted, headroom. */
  | "weir_clients_planned"
  /** LISTS used_clients, by `pgbouncer`. */
  | "weir_clients_open"
  /** By `server` and `pgbouncer`. */
  | "weir_server_clients_open"
  /** By `server`. */
  | "weir_server_grant"
  | "weir_server_limit"
  | "weir_server_slots"
  /** By `server`: pods that exist, terminating ones too. */
  | "weir_server_pods"
  /** S. */
  | "weir_slots_capacity"
  /** By `part`: maintenance, granted, headroom. */
  | "weir_slots_planned"
  /** By `pgbouncer` and `line`. */
  | "weir_backend_connections_open"
  /** P as planned, max_connections as Postgres has it, CONNECTION LIMIT of the role, its backends. */
  | "weir_postgres_connections_planned"
  | "weir_postgres_max_connections"
  | "weir_postgres_role_limit"
  | "weir_postgres_backends"
  /** By `object` (kind/name) and `type`: 1 True, 0 False, −1 Unknown. */
  | "weir_condition";
