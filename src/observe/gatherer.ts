import { isDeepStrictEqual } from "node:util";
import { pgbouncerSelector } from "../api/labels.ts";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { KubeClient } from "../kube/client.ts";
import type {
  BudgetSnapshot,
  Handshake,
  ObservedObject,
  ServerSnapshot,
} from "../model/budgetSnapshot.ts";
import type { Observation } from "../model/observation.ts";
import { startObserver, type BudgetObserver } from "./budgetObserver.ts";
import type { ClusterCopy } from "./cluster.ts";
import type { CachedPod } from "./cachedPod.ts";
import { budgetsSharingPostgres } from "./budgetsSharingPostgres.ts";
import type { CachedObject } from "./observedObject.ts";
import { pgbouncerTargets, unwatchedServiceOf } from "./pgbouncerTargets.ts";
import { labelText } from "../kube/selector.ts";
import { keptPodsOf, podOf, workloadOf } from "./serverWorkload.ts";
import type { ObserverOptions } from "./observerOptions.ts";
import { semaphore } from "../runtime/semaphore.ts";
import type { Endpoints } from "./mcpPoller.ts";

/** Reads everything about a budget, in one place. */
export interface Gatherer {
  /**
   * All that is known of a budget now; from then on it is looked at. Undefined when it isn't there,
   * and then nothing of it is looked at any more.
   */
  readonly gather: (key: string) => BudgetSnapshot | undefined;
  /** Servers whose budget isn't there. */
  readonly orphans: (budgetKey: string) => readonly ServerSnapshot[];
  /** Closes every connection. */
  readonly stop: () => Promise<void>;
}

/** What it reads with, and whom it tells that there is something new. */
export interface GathererOptions extends ObserverOptions {
  readonly client: KubeClient;
  readonly cluster: ClusterCopy;
  /** The one that the copy is of; absent: all. */
  readonly namespace?: string;
  /** What was written last, where the copy of the cluster does not have it yet. */
  readonly statusOf: (kept: CachedObject<unknown>) => ObservedObject<unknown>["status"];
  readonly onSight: (budgetKey: string) => void;
}

/** Handshakes under way, over all budgets. */
const HANDSHAKES_MAX = 8;

interface Looked {
  /** As the eyes were opened for it. */
  readonly budget: ConnectionBudget;
  readonly eyes: BudgetObserver;
}

export function startGatherer(options: GathererOptions): Gatherer {
  const { client, cluster, namespace, runtime, statusOf, onSight } = options;
  const looked = new Map<string, Looked>();
  const closing = new Set<Promise<void>>();
  const limit = semaphore(HANDSHAKES_MAX);

  const closeEyes = (key: string) => {
    const old = looked.get(key);
    looked.delete(key);
    if (old === undefined) return;
    const closed = old.eyes.stop().finally(() => closing.delete(closed));
    closing.add(closed);
  };
  /** Another host, Secret or port needs other eyes; another size of it does not matter. */
  const eyesFor = (key: string, budget: ConnectionBudget): BudgetObserver => {
    const old = looked.get(key);
    if (old !== undefined && isDeepStrictEqual(placesOf(old.budget), placesOf(budget))) {
      return old.eyes;
    }
    closeEyes(key);
    const eyes = startObserver(budget, { ...options, client, limit }, () => onSight(key));
    looked.set(key, { budget, eyes });
    return eyes;
  };
  const current = <T>(kept: CachedObject<T>) => ({ ...kept.observed, status: statusOf(kept) });
  const serversOf = (key: string) =>
    cluster
      .serversOf(key)
      .toSorted((a, b) => (a.observed.name < b.observed.name ? -1 : 1))
      .map((kept) => ({ observed: current(kept), pods: keptPodsOf(kept.observed, cluster) }));

  const gather = (key: string): BudgetSnapshot | undefined => {
    const kept = cluster.budget(key);
    const observed = kept && current(kept);
    const budget = observed?.parsed.ok ? observed.parsed.value : undefined;
    if (budget === undefined) closeEyes(key);
    if (kept === undefined || observed === undefined) return undefined;
    const servers = serversOf(key);
    const eyes = budget && eyesFor(key, budget);
    const unwatchedService = budget && unwatchedServiceOf(budget, namespace);
    if (budget !== undefined) {
      const ready = servers.map((each) => [each.observed.name, endpointsOf(each)] as const);
      eyes?.retarget(pgbouncerTargets(budget, cluster), new Map(ready));
    }
    return {
      atMs: runtime.epochMs(),
      budget: observed,
      servers: servers.map((each) =>
        serverOf(each, cluster, eyes?.handshake(each.observed.name) ?? PENDING),
      ),
      ...budgetsSharingPostgres(kept, cluster.budgets()),
      ...(namespace !== undefined && { namespaceAlone: namespace }),
      ...(unwatchedService !== undefined && { unwatchedService }),
      pgbouncers: eyes?.poolers() ?? PENDING,
      ...(budget?.spec.pgbouncer.existing === undefined && {
        pgbouncerSelector: labelText(pgbouncerSelector(observed.name)),
      }),
      postgres: eyes?.postgres() ?? PENDING,
    };
  };
  return {
    gather,
    orphans: (key) => serversOf(key).map((each) => serverOf(each, cluster, PENDING)),
    stop: async () => {
      for (const key of looked.keys()) closeEyes(key);
      await Promise.all(closing);
    },
  };
}

const PENDING = { state: "pending" } as const;

interface ServerWithPods {
  readonly observed: ObservedObject<McpServer>;
  readonly pods: readonly CachedPod[];
}

function serverOf(
  { observed, pods }: ServerWithPods,
  cluster: ClusterCopy,
  handshake: Observation<Handshake>,
): ServerSnapshot {
  const workload = workloadOf(observed, cluster);
  return {
    object: observed,
    ...(workload !== undefined && { workload }),
    pods: pods.map((pod) => podOf(pod, observed)),
    handshake,
  };
}

/** Where its ready pods listen. */
function endpointsOf({ observed: { parsed }, pods }: ServerWithPods): Endpoints {
  if (!parsed.ok) return [];
  const { port, path } = parsed.value.spec;
  return pods.flatMap(({ name, uid, ip, ready, terminating }) =>
    ip === undefined || !ready || terminating ? [] : [{ uid, pod: name, host: ip, port, path }],
  );
}

/** All that decides whom weir asks, and as whom. */
function placesOf({ spec }: ConnectionBudget) {
  const { host, port, database, user, credentialsSecretRef, tls } = spec.postgres;
  return {
    postgres: { host, port, database, user, credentialsSecretRef, tls },
    existing: spec.pgbouncer.existing,
    tls: spec.pgbouncer.tls,
  };
}
