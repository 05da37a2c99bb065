import type { PoolState } from "./errors.ts";
import { REFUSING_LIMITS, type RefusingLimit } from "./refusal.ts";

/** The metrics of a pool for Prometheus. */
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
    ...waitTimes.lines("weir_pool_wait_seconds"),
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

/** Upper bounds of the buckets, in seconds: from a connection at hand to a timeout. */
const BOUNDS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10, Infinity];

/** How long checkouts waited, as Prometheus counts it. */
export class WaitTimes {
  /** Checkouts that waited at most so many seconds; the last bound is for all. */
  readonly #counts = new Map(BOUNDS_SECONDS.map((bound) => [bound, 0]));
  #sumSeconds = 0;

  add(seconds: number): void {
    this.#sumSeconds += seconds;
    for (const [bound, count] of this.#counts) {
      if (seconds <= bound) this.#counts.set(bound, count + 1);
    }
  }

  /** Its lines of the text format, by this name. */
  lines(name: string): readonly string[] {
    return [
      ...[...this.#counts].map(
        ([bound, count]) => `${name}_bucket{le="${bound === Infinity ? "+Inf" : bound}"} ${count}`,
      ),
      `${name}_sum ${this.#sumSeconds}`,
      `${name}_count ${this.#counts.get(Infinity)}`,
    ];
  }
}
