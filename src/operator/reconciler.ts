import type { Logger } from "pino";
import { API_VERSION, GROUP } from "../api/names.ts";
import type { Decision } from "../conditions/decision.ts";
import { judge, judgeOrphans } from "../conditions/judge.ts";
import type { KubeClient } from "../kube/client.ts";
import { startEvents } from "../kube/events.ts";
import { KubeError } from "../kube/refusal.ts";
import type { LeaderTerm } from "../kube/lease.ts";
import { startWorkQueue } from "../kube/workQueue.ts";
import { BUDGETS, SERVERS, type ClusterCopy } from "../observe/cluster.ts";
import type { Network } from "../observe/network.ts";
import { observeBudgets } from "../observe/observer.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { logOnChange } from "./logOnChange.ts";
import type { Metrics } from "./metrics.ts";
import { statusWriter, type WantedStatus, type Written } from "./statusWriter.ts";

/** The work of an operator while it leads. */
export type Reconciler = ReturnType<typeof startReconciler>;

export interface ReconcilerOptions {
  readonly client: KubeClient;
  /** To PgBouncers, Postgres and MCP servers. */
  readonly network: Network;
  readonly cluster: ClusterCopy;
  /** The namespace of the copy; absent: all namespaces. */
  readonly namespace?: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** For people: the pod's name. */
  readonly candidate: string;
  readonly term: LeaderTerm;
  readonly runtime: Runtime;
}

/** Changes that come within this time are one judgement. */
const BURST_MS = 100;
/** Time itself may change what is to be said. */
const AGAIN_MS = 10_000;
const STUCK_MS = 300_000;
const BUDGETS_MAX = 4;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };
/** The `action` of its Events. */
const ACTION = "Judge";

/** Observes, decides and acts, for each budget that something has changed of. */
export function startReconciler(options: ReconcilerOptions) {
  const { client, network, cluster, namespace, metrics, log, term, runtime } = options;
  const startedMs = new Map<string, number>();
  const logFaults = logOnChange(log);
  const recorder = startEvents({
    client,
    controller: `${GROUP}/operator`,
    instance: options.candidate,
    onError: (error) => log.warn({ reason: reasonOf(error) }, "an Event could not be written"),
    runtime,
  });
  const writer = statusWriter({
    client,
    stillLeading: term.stillLeading,
    runtime,
    onWrite: metrics.onWrite,
  });
  const observer = observeBudgets({
    client,
    network,
    cluster,
    ...(namespace !== undefined && { namespace }),
    runtime,
    statusOf: writer.statusOf,
    onSample: metrics.onSample,
    onChange: (key) => queue.add(key, BURST_MS),
  });
  /** The events of an object are reported once its status is written. */
  const write = async (wanted: WantedStatus, { events }: Decision): Promise<Written> => {
    const done = await writer.write(wanted);
    if (done.outcome !== "written") return done;
    const { observed } = wanted.cached;
    const what = { kind: wanted.listed.kind, namespace: observed.namespace, name: observed.name };
    const regarding = { apiVersion: API_VERSION, ...what, uid: observed.uid };
    for (const { about, type, reason, note } of events) {
      if (about.kind !== what.kind || about.name !== what.name) continue;
      recorder.report({ regarding, type, reason, action: ACTION, note });
      metrics.onWrite("Event");
      log.info({ ...what, reason }, note);
    }
    return done;
  };
  const reconcile = async (key: string) => {
    if (!term.stillLeading()) return;
    startedMs.set(key, runtime.monotonicMs());
    try {
      observer.retarget(key);
      const snapshot = observer.snapshot(key);
      const decision = snapshot
        ? judge(snapshot)
        : judgeOrphans(observer.orphans(key), runtime.epochMs());
      metrics.onJudgement();
      if (decision.fault !== undefined) metrics.onSumError();
      logFaults(new Map([[`budget ${key}`, decision.fault]]));
      metrics.set(key, decision.metrics);
      const wanted = wantedStatuses(decision, key, cluster);
      const againInMs = await writeAll(wanted, (each) => write(each, decision));
      if (wanted.length > 0) queue.add(key, againInMs);
    } finally {
      startedMs.delete(key);
    }
  };
  const queue = startWorkQueue({
    work: reconcile,
    concurrency: BUDGETS_MAX,
    backoff: BACKOFF,
    onFailure: (key, error, againInMs) =>
      log.warn({ budget: key, reason: reasonOf(error), againInMs }, "a judgement was not written"),
    runtime,
  });
  return {
    /** Something has changed that concerns these budgets. */
    add: (keys: Iterable<string>) => {
      for (const key of keys) queue.add(key, BURST_MS);
    },
    /** Budgets whose judgement takes too long; normally there are none. */
    stuck: () =>
      [...startedMs]
        .filter(([, sinceMs]) => runtime.monotonicMs() - sinceMs > STUCK_MS)
        .map(([key]) => `budget ${key}: a judgement is under way for too long`),
    /** Writes nothing any more, and closes every connection; doesn't reject. */
    stop: async () => {
      await Promise.all([queue.stop(), observer.stop(), recorder.stop()]);
      metrics.clear();
    },
  };
}

/** The decided statuses of all objects that the copy of the cluster has. */
function wantedStatuses(
  { statuses }: Decision,
  key: string,
  cluster: ClusterCopy,
): readonly WantedStatus[] {
  const budget = cluster.budget(key);
  return [
    ...(budget && statuses.budget
      ? [{ listed: BUDGETS, cached: budget, status: statuses.budget }]
      : []),
    ...cluster.serversOf(key).flatMap((cached) => {
      const status = statuses.servers.get(cached.observed.name);
      return status === undefined ? [] : [{ listed: SERVERS, cached, status }];
    }),
  ];
}

/**
 * All of them, side by side.
 *
 * @returns in how many milliseconds to judge again
 * @throws the first failure, when all have ended
 */
async function writeAll(
  wanted: readonly WantedStatus[],
  write: (wanted: WantedStatus) => Promise<Written>,
): Promise<number> {
  const done = await Promise.allSettled(wanted.map(write));
  const heldMs = done.flatMap((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value.outcome === "held" ? [each.value.againInMs] : [];
  });
  return Math.min(AGAIN_MS, ...heldMs);
}

/** For a log: what an API server said, and of a mistake of weir's own where it is. */
function reasonOf(error: unknown): string {
  if (error instanceof KubeError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "it failed";
}
