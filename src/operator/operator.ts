import { startCandidacy, type Candidacy } from "../kube/lease.ts";
import type { LeaseName } from "../kube/lease.ts";
import { followCluster } from "../observe/cluster.ts";
import { loop } from "../runtime/loop.ts";
import { copyHealth, leaseHealth, type LeaseHealth } from "./health.ts";
import { startHttpServer } from "./httpServer.ts";
import { logOnChange } from "./logOnChange.ts";
import { startMetrics } from "./metrics.ts";
import { startReconciler, type Reconciler, type ReconcilerOptions } from "./reconciler.ts";

/** The options of an operator. */
interface OperatorOptions extends Pick<
  ReconcilerOptions,
  "client" | "network" | "log" | "namespace" | "candidate" | "runtime"
> {
  /** Of /metrics, /livez and /readyz; 0: any. */
  readonly port: number;
  /** The Lease of an operator of all namespaces; an operator of one namespace has its own. */
  readonly lease: LeaseName;
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
  const leading: Leading = {};
  let candidacy: Candidacy | undefined;
  let stopping = false;
  const cluster = followCluster({
    client,
    runtime,
    ...(namespace !== undefined && { namespace }),
    onChange: (keys) => leading.reconciler?.add(keys),
  });
  // Operators that watch the same share one: of two namespaces each needs a leader of its own.
  const { lease: all } = options;
  const lease = namespace === undefined ? all : { ...all, name: `${all.name}-${namespace}` };
  const ofLease = leaseHealth(lease, logOnChange(log));
  const ofCopies = copyHealth(cluster, runtime);
  const whenSynced = async () => {
    if (!(await cluster.synced) || stopping) return;
    log.info("knows the cluster");
    candidacy = seekLeadership(options, lease, ofLease, { cluster, metrics }, leading);
  };
  const synced = whenSynced();
  const logProblems = logOnChange(log);
  const checks = loop(runtime, async () => {
    logProblems(ofCopies.problems());
    return CHECK_MS;
  });
  const stop = async () => {
    stopping = true;
    await candidacy?.stop();
    await Promise.all([checks.stop(), cluster.stop(), synced]);
  };
  try {
    const server = await startHttpServer(port, metrics, {
      missing: () => [...ofCopies.missing(), ...ofLease.missing()],
      dead: () => [...(leading.reconciler?.stuck() ?? []), ...ofCopies.dead()],
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

/** The reconciler while this process leads; undefined otherwise. */
interface Leading {
  reconciler?: Reconciler | undefined;
}

function seekLeadership(
  options: OperatorOptions,
  lease: LeaseName,
  health: LeaseHealth,
  { cluster, metrics }: Pick<ReconcilerOptions, "cluster" | "metrics">,
  leading: Leading,
): Candidacy {
  const { client, log, candidate, runtime } = options;
  return startCandidacy({
    client,
    lease,
    candidate,
    onLead: (term) => {
      log.info({ lease: `${lease.namespace}/${lease.name}` }, "leads");
      health.answered();
      leading.reconciler = startReconciler({ ...options, cluster, metrics, term });
      leading.reconciler.add(cluster.budgetKeys());
    },
    onLost: async (reason) => {
      log.info({ reason }, "leads no more");
      const { reconciler } = leading;
      leading.reconciler = undefined;
      await reconciler?.stop();
    },
    onError: health.failed,
    onAnswer: health.answered,
    runtime,
  });
}
