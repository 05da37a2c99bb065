import type { Logger } from "pino";
import type { KubeClient } from "../kube/client.ts";
import type { Network } from "../observe/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { startCandidacy } from "../kube/lease.ts";
import type { LeaseName } from "../kube/leaseRecord.ts";
import { copyHealth, leaseHealth, type LeaseHealth } from "./health.ts";
import { logOnChange } from "./logOnChange.ts";
import { startHttpServer } from "./httpServer.ts";
import { startMetrics, type Metrics } from "./metrics.ts";
import { followCluster, type ClusterCopy } from "../observe/cluster.ts";
import { loop } from "../runtime/loop.ts";
import { startReconciler, type Reconciler } from "./reconciler.ts";

/** What an operator is started with. */
export interface OperatorOptions {
  readonly client: KubeClient;
  /** To PgBouncers, Postgres and MCP servers. */
  readonly network: Network;
  readonly log: Logger;
  /** One namespace; absent: all. */
  readonly namespace?: string;
  /** Of /metrics, /livez and /readyz; 0: any. */
  readonly port: number;
  /** Of an operator of all namespaces; one of a single namespace has another one. */
  readonly lease: LeaseName;
  /** For people: the pod's name. */
  readonly candidate: string;
  readonly runtime: Runtime;
}

/** An operator that runs. */
export interface Operator {
  readonly port: number;
  /** Lets another one lead at once, and leaves nothing open. */
  readonly stop: () => Promise<void>;
}

/** How often the copies of the cluster are checked for problems to log. */
const CHECK_MS = 1000;

/**
 * Watches ConnectionBudgets and McpServers, and says in their statuses, Events and metrics whether
 * the sums hold. Of several operators one leads, and it alone asks PgBouncers and writes; the others
 * follow the cluster, and are ready to.
 *
 * @throws when the port is taken
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { client, log, namespace, port, runtime } = options;
  const metrics = startMetrics();
  let leadership: Leadership | undefined;
  let stopping = false;
  const cluster = followCluster({
    client,
    runtime,
    ...(namespace !== undefined && { namespace }),
    onChange: (keys) => leadership?.reconciler()?.add(keys),
  });
  const lease = leaseOf(options);
  const ofLease = leaseHealth(lease, logOnChange(log));
  const ofCopies = copyHealth(cluster, runtime);
  const whenSynced = async () => {
    if (!(await cluster.synced) || stopping) return;
    log.info("knows the cluster");
    leadership = seekLeadership(options, { lease, health: ofLease, cluster, metrics });
  };
  const synced = whenSynced();
  const logProblems = logOnChange(log);
  const checks = loop(runtime, async () => {
    logProblems(ofCopies.problems());
    return CHECK_MS;
  });
  const stop = async () => {
    stopping = true;
    await leadership?.stop();
    await Promise.all([checks.stop(), cluster.stop(), synced]);
  };
  try {
    const server = await startHttpServer(port, metrics, {
      missing: () => [...ofCopies.missing(), ...ofLease.missing()],
      dead: () => [...(leadership?.reconciler()?.stuck() ?? []), ...ofCopies.dead()],
    });
    log.info(
      { port: server.port, namespace: namespace ?? "all", server: client.server },
      "watches",
    );
    return {
      port: server.port,
      stop: async () => {
        await stop();
        await server.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The Lease that an operator leads by, if it gets it. */
interface Leadership {
  /** What works while it leads. */
  readonly reconciler: () => Reconciler | undefined;
  readonly stop: () => Promise<void>;
}

interface LeadershipParts {
  readonly lease: LeaseName;
  readonly health: LeaseHealth;
  readonly cluster: ClusterCopy;
  readonly metrics: Metrics;
}

function seekLeadership(
  { client, network, log, namespace, candidate, runtime }: OperatorOptions,
  { lease, health, cluster, metrics }: LeadershipParts,
): Leadership {
  let reconciler: Reconciler | undefined;
  const candidacy = startCandidacy({
    client,
    lease,
    candidate,
    onLead: (term) => {
      log.info({ lease: `${lease.namespace}/${lease.name}` }, "leads");
      health.answered();
      const parts = { client, network, cluster, metrics, log, term, runtime };
      reconciler = startReconciler({
        ...parts,
        instance: candidate,
        ...(namespace !== undefined && { namespace }),
      });
      reconciler.add(cluster.budgetKeys());
    },
    onLost: async (reason) => {
      log.info({ reason }, "leads no more");
      const ended = reconciler;
      reconciler = undefined;
      await ended?.stop();
    },
    onError: health.failed,
    onAnswer: health.answered,
    runtime,
  });
  return { reconciler: () => reconciler, stop: candidacy.stop };
}

/** Operators that watch the same share one: of two namespaces each needs a leader of its own. */
function leaseOf({ lease, namespace }: OperatorOptions): LeaseName {
  return namespace === undefined ? lease : { ...lease, name: `${lease.name}-${namespace}` };
}
