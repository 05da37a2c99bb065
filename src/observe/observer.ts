import { isDeepStrictEqual } from "node:util";
import { pgbouncerSelector } from "../api/labels.ts";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import type { KubeClient } from "../kube/client.ts";
import { labelText } from "../api/selector.ts";
import type {
  BudgetSnapshot,
  Handshake,
  ObservedObject,
  ServerSnapshot,
} from "../model/budgetSnapshot.ts";
import { PENDING, type Observation } from "../model/observation.ts";
import { semaphore } from "../runtime/semaphore.ts";
import { observeBudget, type BudgetObserver } from "./budgetObserver.ts";
import { type CachedObject, budgetsSharingPostgres } from "./observedObject.ts";
import type { CachedPod } from "./cachedObjects.ts";
import type { ClusterCopy } from "./cluster.ts";
import type { McpEndpoints } from "./mcpPoller.ts";
import { pollers, type ObserverOptions } from "./poller.ts";
import { pgbouncerTargets, unwatchedServiceOf } from "./pgbouncerTargets.ts";
import { cachedPodsOf, podOf, workloadOf } from "./serverWorkload.ts";

/** The options of an observer of all budgets; `onChange` is called for each new observation. */
interface BudgetsOptions extends ObserverOptions {
  readonly client: KubeClient;
  readonly cluster: ClusterCopy;
  /** The namespace of the copy; absent: all namespaces. */
  readonly namespace?: string;
  /** The status that was written last, even if the copy of the cluster does not have it yet. */
  readonly statusOf: (cached: CachedObject<unknown>) => ObservedObject<unknown>["status"];
  readonly onChange: (budgetKey: string) => void;
}

/** Handshakes under way, over all budgets. */
const HANDSHAKES_MAX = 8;

interface Observed {
  /** The budget as it was when its observer was started. */
  readonly budget: ConnectionBudget;
  readonly observer: BudgetObserver;
  readonly stop: () => Promise<void>;
}

/**
 * Observes the budgets of a cluster. Only `retarget` and `stop` open and close connections: what is
 * known is asked without changing anything.
 */
export function observeBudgets(options: BudgetsOptions) {
  const { client, cluster, namespace, runtime, statusOf, onChange } = options;
  const observed = pollers<Observed>();
  const limit = semaphore(HANDSHAKES_MAX);

  /** Another host, Secret or port needs another observer; another size does not matter. */
  const observerOf = (key: string, budget: ConnectionBudget): BudgetObserver => {
    const old = observed.get(key);
    if (old !== undefined && isDeepStrictEqual(askedOf(old.budget), askedOf(budget))) {
      return old.observer;
    }
    return observed.replace(key, () => {
      const observer = observeBudget(budget, { ...options, client, limit }, () => onChange(key));
      return { budget, observer, stop: observer.stop };
    }).observer;
  };
  const current = <T>(cached: CachedObject<T>) => ({
    ...cached.observed,
    status: statusOf(cached),
  });
  const serversOf = (key: string) =>
    cluster
      .serversOf(key)
      .toSorted((a, b) => (a.observed.name < b.observed.name ? -1 : 1))
      .map((cached) => ({
        object: current(cached),
        pods: cachedPodsOf(cached.observed, cluster),
      }));
  const budgetOf = (key: string): ConnectionBudget | undefined => {
    const parsed = cluster.budget(key)?.observed.parsed;
    return parsed?.ok ? parsed.value : undefined;
  };

  return {
    /**
     * Follows a budget as it is now: asks the parts that it names from now on, and those no more
     * that it names no more. Of a budget that isn't there nothing is asked.
     */
    retarget: (key: string) => {
      const budget = budgetOf(key);
      if (budget === undefined) return observed.end(key);
      const ready = serversOf(key).map((each) => [each.object.name, endpointsOf(each)] as const);
      observerOf(key, budget).retarget(pgbouncerTargets(budget, cluster), new Map(ready));
    },
    /** The observations of a budget now; undefined if the budget does not exist. */
    snapshot: (key: string): BudgetSnapshot | undefined => {
      const cached = cluster.budget(key);
      if (cached === undefined) return undefined;
      const budget = budgetOf(key);
      const observer = budget && observed.get(key)?.observer;
      const unwatchedService = budget && unwatchedServiceOf(budget, namespace);
      return {
        atMs: runtime.epochMs(),
        budget: current(cached),
        servers: serversOf(key).map((each) =>
          serverOf(each, cluster, observer?.handshake(each.object.name) ?? PENDING),
        ),
        ...budgetsSharingPostgres(cached, cluster.budgets()),
        ...(namespace !== undefined && { namespaceAlone: namespace }),
        ...(unwatchedService !== undefined && { unwatchedService }),
        pgbouncers: observer?.pgbouncers() ?? PENDING,
        ...(budget?.spec.pgbouncer.existing === undefined && {
          pgbouncerSelector: labelText(pgbouncerSelector(cached.observed.name)),
        }),
        postgres: observer?.postgres() ?? PENDING,
      };
    },
    /** Servers whose budget does not exist. */
    orphans: (key: string) => serversOf(key).map((each) => serverOf(each, cluster, PENDING)),
    stop: observed.stop,
  };
}

interface ServerWithPods {
  readonly object: ObservedObject<McpServer>;
  readonly pods: readonly CachedPod[];
}

function serverOf(
  { object, pods }: ServerWithPods,
  cluster: ClusterCopy,
  handshake: Observation<Handshake>,
): ServerSnapshot {
  const workload = workloadOf(object, cluster);
  return {
    object,
    ...(workload !== undefined && { workload }),
    pods: pods.map((pod) => podOf(pod, object)),
    handshake,
  };
}

/** The addresses of its ready pods. */
function endpointsOf({ object: { parsed }, pods }: ServerWithPods): McpEndpoints {
  if (!parsed.ok) return [];
  const { port, path } = parsed.value.spec;
  return pods.flatMap(({ name, uid, ip, ready, terminating }) =>
    ip === undefined || !ready || terminating ? [] : [{ uid, pod: name, host: ip, port, path }],
  );
}

/** The fields that decide which programs weir asks, and with which login. */
function askedOf({ spec }: ConnectionBudget) {
  const { host, port, database, user, credentialsSecretRef, tls } = spec.postgres;
  return {
    postgres: { host, port, database, user, credentialsSecretRef, tls },
    existing: spec.pgbouncer.existing,
    tls: spec.pgbouncer.tls,
  };
}
