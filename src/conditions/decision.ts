import type { ConnectionBudgetStatus } from "../api/connectionBudget.ts";
import type { McpServerStatus } from "../api/mcpServer.ts";
import type { ObservedStatus } from "../api/status.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import type { Check } from "./chain.ts";

/** The decision for one snapshot: data alone, which src/operator carries out. */
export interface Decision {
  /** The whole status that each object should have. */
  readonly statuses: {
    /** Absent: there is no budget. */
    readonly budget?: ConnectionBudgetStatus;
    /** By the server's name. */
    readonly servers: ReadonlyMap<string, McpServerStatus>;
  };
  /** Events for people, made when a condition flips, so that each is written once. */
  readonly events: readonly EventRecord[];
  /** The same numbers as in the messages, for Prometheus. */
  readonly metrics: readonly Metric[];
  /** Objects that should exist because of the budget. None yet: weir only observes. */
  readonly children: readonly DesiredObject[];
  /** A fault of weir's own that kept it from a judgement, for the log. */
  readonly fault?: string;
}

/** An object as it should be applied. */
interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** An object of weir's with the status that it should have. */
export interface JudgedObject<Status = ObservedStatus> {
  readonly kind: "ConnectionBudget" | "McpServer";
  /** The object as observed, with its last status. */
  readonly object: ObservedObject<unknown>;
  readonly checks: readonly Pick<Check<never>, "type" | "success">[];
  readonly status: Status;
}

/** An event of one of the objects. */
export interface EventRecord {
  readonly about: Pick<JudgedObject, "kind"> & { readonly name: string };
  readonly type: "Normal" | "Warning";
  /** The condition's reason. */
  readonly reason: string;
  readonly note: string;
}

/** One sample of a gauge. */
export interface Metric {
  readonly name: MetricName;
  /** namespace and budget are added to these. */
  readonly labels: Readonly<Partial<Record<(typeof METRIC_LABELS)[number], string>>>;
  readonly value: number;
}

export const METRIC_LABELS = ["part", "server", "pgbouncer", "line", "object", "type"] as const;

export type MetricName = keyof typeof GAUGES;

/** What each gauge says, for Prometheus and for people. */
export const GAUGES = {
  weir_clients_capacity: "max_client_conn of each PgBouncer process as planned.",
  weir_clients_planned:
    "Clients of each PgBouncer process as planned, by part: consoles, maintenance, logins, granted, headroom.",
  weir_clients_open:
    "Clients that a PgBouncer process has (LISTS used_clients), consoles and logins included.",
  weir_server_clients_open: "Clients that a server has on a PgBouncer process.",
  weir_server_grant: "Clients that a server may have on each PgBouncer process.",
  weir_server_limit: "Connections that the pool of each process of a server may have.",
  weir_server_slots: "Backend connections that a server may have on each PgBouncer process.",
  weir_server_pods: "Pods of a server that exist, terminating ones too.",
  weir_slots_capacity: "Backend connections that each PgBouncer process may have.",
  weir_slots_planned:
    "Backend connections of each PgBouncer process as planned, by part: maintenance, granted, headroom.",
  weir_backend_connections_open: "Backend connections that a line has on a PgBouncer process.",
  weir_postgres_connections_planned: "Connections of Postgres that the budget may use as planned.",
  weir_postgres_max_connections: "max_connections as Postgres has it.",
  weir_postgres_role_limit: "CONNECTION LIMIT of the budget's role; -1 is none.",
  weir_postgres_backends: "Backends of the budget's role.",
  weir_condition: "A condition: 1 True, 0 False, -1 Unknown.",
} as const;
