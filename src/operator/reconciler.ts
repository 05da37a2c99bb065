import type { Logger } from "pino";
import { API_VERSION, GROUP } from "../api/names.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Network } from "../observe/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { startEvents } from "../kube/events.ts";
import { KubeError } from "../kube/kubeError.ts";
import type { Term } from "../kube/lease.ts";
import { startWorkQueue } from "../kube/workQueue.ts";
import type { Metrics } from "./metrics.ts";
import { statusWriter, type WantedStatus, type Written } from "./writeStatuses.ts";
import { writtenStatuses } from "./writtenStatuses.ts";
import { BUDGETS, SERVERS, type ClusterCopy } from "../observe/cluster.ts";
import { startGatherer } from "../observe/gatherer.ts";
import type { CachedObject } from "../observe/observedObject.ts";
import type { Judge } from "./judge.ts";
import type { EventRecord } from "../conditions/decision.ts";

/** The work of an operator while it leads. */
export interface Reconciler {
  /** Something has changed that concerns these budgets. */
  readonly add: (budgetKeys: Iterable<string>) => void;
  /** Those that have been worked on for too long; there are none. */
  readonly stuck: () => readonly string[];
  /** Writes nothing any more, and closes every connection; doesn't reject. */
  readonly stop: () => Promise<void>;
}

/** What it works with. */
export interface ReconcilerOptions {
  readonly client: KubeClient;
  readonly network: Network;
  readonly cluster: ClusterCopy;
  /** The one that the copy is of; absent: all. */
  readonly namespace?: string;
  readonly judge: Judge;
  readonly figures: Metrics;
  readonly log: Logger;
  /** The pod's name. */
  readonly instance: string;
  readonly term: Term;
  readonly runtime: Runtime;
}

/** What happens at once is one judgement. */
const BURST_MS = 100;
/** Time itself may change what is to be said. */
const AGAIN_MS = 10_000;
const STUCK_MS = 300_000;
const BUDGETS_MAX = 4;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };
/** What an Event says was done. */
const ACTION = "Judge";

/** gather → judge → act, for each budget that something has changed of. */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { client, network, cluster, judge, figures, log, instance, term, runtime } = options;
  const underWay = new Map<string, number>();
  const written = writtenStatuses();
  const recorder = startEvents({
    client,
    controller: `${GROUP}/operator`,
    instance,
    onError: (error) => log.warn({ reason: reasonOf(error) }, "an Event could not be written"),
    runtime,
  });
  const writer = statusWriter({
    client,
    written,
    stillLeading: term.stillLeading,
    runtime,
    onWrite: figures.onWrite,
  });
  const gatherer = startGatherer({
    client,
    network,
    cluster,
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    runtime,
    statusOf: written.of,
    onSample: figures.onSample,
    onSight: (key) => queue.add(key, BURST_MS),
  });

  /** An object, what its status should be, and what is told when that is written. */
  const act = async (wanted: WantedStatus, notices: readonly EventRecord[]): Promise<Written> => {
    const done = await writer.write(wanted);
    if (done.outcome !== "written") return done;
    const { kind } = wanted.listed;
    const { namespace, name, uid } = wanted.kept.observed;
    for (const { type, reason, note } of notices) {
      const regarding = { apiVersion: API_VERSION, kind, namespace, name, uid };
      recorder.report({ regarding, type, reason, action: ACTION, note });
      figures.onWrite("Event");
      log.info({ kind, namespace, name, reason }, note);
    }
    return done;
  };
  const judged = (key: string): readonly (readonly [WantedStatus, readonly EventRecord[]])[] => {
    const servers = new Map(cluster.serversOf(key).map((kept) => [kept.observed.name, kept]));
    const budget = cluster.budget(key);
    const snapshot = gatherer.gather(key);
    figures.onJudgement();
    if (snapshot === undefined || budget === undefined) {
      const orphans = gatherer.orphans(key).map((server) => ({
        name: server.object.name,
        ...judge.judgeOrphan(server, runtime.epochMs()),
      }));
      figures.set(
        key,
        orphans.flatMap((orphan) => orphan.metrics),
      );
      return orphans.flatMap((orphan) =>
        ofServer(servers.get(orphan.name), orphan.status, orphan.events),
      );
    }
    const decision = judge.judge(snapshot);
    const { budgetStatus, serverStatuses } = decision;
    figures.set(key, decision.metrics);
    const about = (kind: string, name: string) =>
      decision.events.filter((notice) => notice.about.kind === kind && notice.about.name === name);
    return [
      [
        { listed: BUDGETS, kept: budget, status: budgetStatus },
        about(BUDGETS.kind, budget.observed.name),
      ],
      ...[...serverStatuses].flatMap(([name, status]) =>
        ofServer(servers.get(name), status, about(SERVERS.kind, name)),
      ),
    ];
  };
  const work = async (key: string) => {
    if (!term.stillLeading()) return;
    underWay.set(key, runtime.monotonicMs());
    try {
      const wanted = judged(key);
      const done = await Promise.allSettled(wanted.map(([each, notices]) => act(each, notices)));
      const failed = done.find((each) => each.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      const heldMs = done.flatMap((each) =>
        each.status === "fulfilled" && each.value.outcome === "held" ? [each.value.againInMs] : [],
      );
      if (wanted.length > 0) queue.add(key, Math.min(AGAIN_MS, ...heldMs));
    } finally {
      underWay.delete(key);
    }
  };
  const queue = startWorkQueue({
    work,
    concurrency: BUDGETS_MAX,
    backoff: BACKOFF,
    onFailure: (key, error, againInMs) =>
      log.warn({ budget: key, reason: reasonOf(error), againInMs }, "a judgement was not written"),
    runtime,
  });
  return {
    add: (keys) => {
      for (const key of keys) queue.add(key, BURST_MS);
    },
    stuck: () =>
      [...underWay]
        .filter(([, sinceMs]) => runtime.monotonicMs() - sinceMs > STUCK_MS)
        .map(([key]) => `budget ${key}: a judgement is under way for too long`),
    stop: async () => {
      await Promise.all([queue.stop(), gatherer.stop(), recorder.stop()]);
      figures.clear();
    },
  };
}

function ofServer(
  kept: CachedObject<unknown> | undefined,
  status: WantedStatus["status"],
  notices: readonly EventRecord[],
): readonly (readonly [WantedStatus, readonly EventRecord[]])[] {
  return kept === undefined ? [] : [[{ listed: SERVERS, kept, status }, notices]];
}

/** For a log: what an API server said, and of a mistake of weir's own where it is. */
function reasonOf(error: unknown): string {
  if (error instanceof KubeError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "it failed";
}
