import { diagnose } from "../../src/diagnose/diagnose.ts";
import { THRESHOLDS, type Thresholds } from "../../src/diagnose/causes/thresholds.ts";
import type { CauseKind, Diagnosis } from "../../src/diagnose/causes/diagnosis.ts";
import type { LiveWorkload } from "../../src/model/workload.ts";
import type { Postgres } from "../parts/postgres.ts";
import { gather } from "./foreignPgBouncer.ts";

/** What to look at, and how. */
export interface Look {
  /** The console's URL. */
  readonly pgbouncer: string;
  /** Absent: Postgres is not asked. */
  readonly postgres?: Postgres;
  /** As a cluster would tell them. */
  readonly workloads?: readonly LiveWorkload[];
  /** Those that differ from what `weir diagnose` takes. */
  readonly thresholds?: Partial<Thresholds>;
  /** That of `weir diagnose` when absent. */
  readonly windowMs?: number;
}

const WINDOW_MS = 3_000;
const INTERVAL_MS = 250;

/** Gathers from what runs, and judges it. */
export async function lookAt(look: Look): Promise<Diagnosis> {
  const { pgbouncer, postgres, workloads, thresholds, windowMs = WINDOW_MS } = look;
  const live = await gather({
    pgbouncers: [pgbouncer],
    ...(postgres !== undefined && {
      postgres: `postgres://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}/postgres`,
    }),
    windowMs,
    intervalMs: INTERVAL_MS,
  });
  return diagnose(
    { ...live, ...(workloads !== undefined && { workloads }) },
    { ...THRESHOLDS, ...thresholds },
  );
}

/** What was named, in order. */
export function kindsOf({ causes }: Diagnosis): readonly CauseKind[] {
  return causes.map(({ kind }) => kind);
}

/** What is not well without a proved cause. */
export function symptomsSaidIn({ symptoms }: Diagnosis): readonly string[] {
  return symptoms.map(({ summary }) => summary);
}

/** All that is said of the causes. */
export function saidOf({ causes }: Diagnosis): string {
  return causes
    .flatMap(({ summary, evidence, next }) => [summary, ...evidence, ...next])
    .join("\n");
}
