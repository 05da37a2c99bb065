import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { GAUGES, METRIC_LABELS, type Metric } from "../conditions/decision.ts";

/** Any gauge may have any of these: a label that a sample lacks is not there. */
const LABELS = ["namespace", "budget", ...METRIC_LABELS];

/** What Prometheus gets. */
export type Metrics = ReturnType<typeof startMetrics>;

export function startMetrics() {
  const registry = new Registry();
  const known = new Map<string, readonly Metric[]>();
  collectDefaultMetrics({ register: registry });

  for (const [name, help] of Object.entries(GAUGES)) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: LABELS,
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
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const samples = counter(
    "weir_samples_total",
    "Questions to PgBouncer processes, by result.",
    "result",
  );
  const writes = counter("weir_writes_total", "Statuses and Events written, by kind.", "kind");
  const judgements = counter("weir_judgements_total", "Judgements of budgets.");
  const sumErrors = counter(
    "weir_sum_errors_total",
    "Judgements of budgets whose plan failed weir's own check of its sums: a fault of weir.",
  );
  return {
    /** The metrics of one budget in place of its earlier ones. @param key `namespace/name` */
    set: (key: string, metrics: readonly Metric[]) => {
      if (metrics.length === 0) known.delete(key);
      else known.set(key, metrics);
    },
    /** Removes all metrics of budgets, when another process leads. */
    clear: () => known.clear(),
    onSample: (result: "answered" | "failed") => samples.inc({ result }),
    onWrite: (kind: string) => writes.inc({ kind }),
    onJudgement: () => judgements.inc(),
    onSumError: () => sumErrors.inc(),
    /** As text, in the format of `contentType`. */
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
