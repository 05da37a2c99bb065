import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { ObservedStatus } from "../api/status.ts";
import type { Observation } from "./observation.ts";
import type { PgBouncerSnapshot } from "./pgbouncer.ts";
import type { PostgresSnapshot } from "./postgres.ts";
import type { PodSnapshot, WorkloadSnapshot } from "./workload.ts";

/**
 * Everything that was read about one budget, as of one moment: src/observe makes it, src/conditions
 * judges it, without any other observation. Times are milliseconds since the epoch.
 */
export interface BudgetSnapshot {
  readonly atMs: number;
  readonly budget: ObservedObject<ConnectionBudget>;
  /** All McpServers that draw from it, Disabled ones too, by name. */
  readonly servers: readonly ServerSnapshot[];
  /** The other budgets of the cluster, whose shares of the same Postgres count in the sum. */
  readonly neighbours: readonly ConnectionBudget[];
  /** Budgets of the same Postgres that this weir can't read, a line each: no sum has them. */
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

/** An object of weir's, or why it can't be read as one. */
export interface ObservedObject<T> {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  /** With defaults; else what this weir doesn't understand of it, a line each. */
  readonly parsed:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly problems: readonly string[] };
  /** The status that it has, as far as weir can read it. */
  readonly status: ObservedStatus;
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

/** A real MCP handshake with one ready pod. */
export type Handshake =
  | {
      readonly ok: true;
      readonly protocolVersion: string;
      readonly serverName: string;
      readonly pod: string;
    }
  | { readonly ok: false; readonly pod: string; readonly message: string };
