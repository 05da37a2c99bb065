import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Metric, MetricName } from "../conditions/decision.ts";

/** The labels of each gauge beside namespace and budget, and what it says. */
const GAUGES: Readonly<
  Record<MetricName, { readonly labels: readonly string[]; readonly help: string }>
> = {
  weir_clients_capacity: {
    labels: [],
    help: "max_client_conn of each PgBouncer process as planned.",
  },
  weir_clients_planned: {
    labels: ["part"],
    help: "Clients of each PgBouncer process as planned, by part: consoles, maintenance, logins, granted, headroom.",
  },
  weir_clients_open: {
    labels: ["pgbouncer"],
    help: "Clients that a PgBouncer process has (LISTS used_clients), consoles and logins included.",
  },
  weir_server_clients_open: {
    labels: ["server", "pgbouncer"],
    help: "Clients that a server has on a PgBouncer process.",
  },
  weir_server_grant: {
    labels: ["server"],
    help: "Clients that a server may have on each PgBouncer process.",
  },
  weir_server_limit: {
    labels: ["server"],
    help: "Connections that the pool of each process of a server may have.",
  },
  weir_server_slots: {
    labels: ["server"],
    help: "Server connections that a server may have on each PgBouncer process.",
  },
  weir_server_pods: {
    labels: ["server"],
    help: "Pods of a server that exist, terminating ones too.",
  },
  weir_slots_capacity: {
    labels: [],
    help: "Server connections that each PgBouncer process may have.",
  },
  weir_slots_planned: {
    labels: ["part"],
    help: "Server connections of each PgBouncer process as planned, by part: maintenance, granted, headroom.",
  },
  weir_backend_connections_open: {
    labels: ["pgbouncer", "line"],
    help: "Server connections that a line has on a PgBouncer process.",
  },
  weir_postgres_connections_planned: {
    labels: [],
    help: "Connections of Postgres that the budget may use as planned.",
  },
  weir_postgres_max_connections: {
    labels: [],
    help: "max_connections as Postgres has it.",
  },
  weir_postgres_role_limit: {
    labels: [],
    help: "CONNECTION LIMIT of the budget's role; -1 is none.",
  },
  weir_postgres_backends: {
    labels: [],
    help: "Backends of the budget's role.",
  },
  weir_condition: {
    labels: ["object", "type"],
    help: "A condition: 1 True, 0 False, -1 Unknown.",
  },
};

/** What Prometheus gets. */
export interface Metrics {
  /** The metrics of one budget in place of its earlier ones. @param key `namespace/name` */
  readonly set: (key: string, metrics: readonly Metric[]) => void;
  /** Nobody here knows any: another process leads. */
  readonly clear: () => void;
  readonly onSample: (result: "seen" | "failed") => void;
  readonly onWrite: (kind: string) => void;
  readonly onJudgement: () => void;
  /** As text, in the format of `contentType`. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

export function startMetrics(): Metrics {
  const registry = new Registry();
  const known = new Map<string, readonly Metric[]>();
  collectDefaultMetrics({ register: registry });

  for (const [name, { labels, help }] of Object.entries(GAUGES)) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ["namespace", "budget", ...labels],
        registers: [],
        // Made when they are asked for: a series whose object is gone is never left over.
        collect() {
          this.reset();
          for (const [key, metrics] of known) {
            const [namespace = "", budget = ""] = key.split("/");
            for (const metric of metrics) {
              if (metric.name === name) {
                this.set({ ...metric.labels, namespace, budget }, metric.value);
              }
            }
          }
        },
      }),
    );
  }
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const samples = counter("weir_samples_total", "Questions to PgBouncer processes, by result.", [
    "result",
  ]);
  const writes = counter("weir_writes_total", "Statuses and Events written, by kind.", ["kind"]);
  const judgements = counter("weir_judgements_total", "Judgements of budgets.", []);
  return {
    set: (key, metrics) => {
      if (metrics.length === 0) known.delete(key);
      else known.set(key, metrics);
    },
    clear: () => known.clear(),
    onSample: (result) => samples.inc({ result }),
    onWrite: (kind) => writes.inc({ kind }),
    onJudgement: () => judgements.inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
