import { REFUSING_LIMITS, type RefusingLimit } from "./refusal.ts";
import type { PoolState } from "./state.ts";
import type { WaitTimes } from "./waitTimes.ts";

/** What is told to Prometheus. */
export interface PoolFigures {
  readonly state: PoolState;
  readonly waitTimes: WaitTimes;
  /** Logins that PgBouncer refused, by the limit that was reached. */
  readonly refused: Readonly<Record<RefusingLimit, number>>;
}

/** The figures in Prometheus' text format. */
export function metricsText({ state, waitTimes, refused }: PoolFigures): string {
  return [
    ...gauge("weir_pool_limit", "Connections that this process may open.", state.limit),
    ...gauge("weir_pool_open", "Connections that PgBouncer may count.", state.open),
    ...gauge("weir_pool_idle", "Open connections that nobody uses.", state.idle),
    ...gauge("weir_pool_in_use", "Connections that are checked out.", state.inUse),
    ...gauge("weir_pool_waiting", "Checkouts that wait for a connection.", state.waiting),
    ...head("weir_pool_wait_seconds", "How long checkouts waited.", "histogram"),
    ...waitTimes.buckets.map(
      ({ bound, count }) => `weir_pool_wait_seconds_bucket{le="${bound}"} ${count}`,
    ),
    `weir_pool_wait_seconds_sum ${waitTimes.sumSeconds}`,
    `weir_pool_wait_seconds_count ${waitTimes.count}`,
    ...head("weir_pool_refused_total", "Logins that PgBouncer refused, by its limit.", "counter"),
    ...REFUSING_LIMITS.map(
      (limit) => `weir_pool_refused_total{limit="${limit}"} ${refused[limit]}`,
    ),
    "",
  ].join("\n");
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [...head(name, help, "gauge"), `${name} ${value}`];
}

function head(name: string, help: string, type: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
