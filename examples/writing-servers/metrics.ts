import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { PoolState } from "@weir-dev/pool";
import type { Explanation } from "./refusal.ts";
import type { Call } from "./tool.ts";

/** Seconds: from a row by its key to a statement that is given up. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Counts and times calls. */
export interface CallMetrics {
  /** @returns to be called when the call ends */
  started(call: Call): (outcome: "answered" | Explanation["outcome"]) => void;
}

/** What /metrics serves. */
export interface ProcessMetrics extends CallMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** @param pool the pool as it is at the moment of the call */
export function metrics(pool: () => Omit<PoolState, "inUse">): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const ended = new Counter({
    name: "writing_tool_calls_total",
    help: "Tool calls that ended, by how.",
    labelNames: ["server", "tool", "outcome"],
    registers: [registry],
  });
  const took = new Histogram({
    name: "writing_tool_call_duration_seconds",
    help: "How long tool calls took.",
    labelNames: ["server", "tool"],
    buckets: BUCKETS_S,
    registers: [registry],
  });
  new Gauge({
    name: "writing_pool_connections",
    help: "Connections of the process' pool: its limit, those open, those idle, callers waiting.",
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      const { limit, open, idle, waiting } = pool();
      for (const [kind, count] of Object.entries({ limit, open, idle, waiting })) {
        this.set({ kind }, count);
      }
    },
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    started: ({ server, tool }) => {
      const stop = took.startTimer({ server, tool });
      return (outcome) => {
        stop();
        ended.inc({ server, tool, outcome });
      };
    },
  };
}
