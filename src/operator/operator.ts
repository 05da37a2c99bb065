import type { Logger } from "pino";
import type { KubeClient } from "../kube/client.ts";
import type { Network } from "../observe/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { startCandidacy, type Candidacy } from "../kube/lease.ts";
import type { LeaseName } from "../kube/leaseRecord.ts";
import { leaseHealth } from "./leaseHealth.ts";
import { logOnChange } from "./logOnChange.ts";
import { startHttpServer } from "./httpServer.ts";
import { startMetrics } from "./metrics.ts";
import { BUDGETS, followCluster, SERVERS, type CopyState } from "../observe/cluster.ts";
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

/** A copy that said nothing for so long, and no error either, does not follow any more. */
const SILENT_MS_MAX = 600_000;
const LOOK_MS = 1000;

/**
 * Watches ConnectionBudgets and McpServers, and says in their statuses, Events and figures whether
 * the sums hold. Of several operators one leads, and it alone asks PgBouncers and writes; the others
 * follow the cluster, and are ready to.
 *
 * @throws when the port is taken
 */
export async function startOperator({
  client,
  network,
  log,
  namespace,
  port,
  lease,
  candidate,
  runtime,
}: OperatorOptions): Promise<Operator> {
  const metrics = startMetrics();
  const own = leaseOf(lease, namespace);
  let work: Reconciler | undefined;
  let candidacy: Candidacy | undefined;
  let stopping = false;
  const cluster = followCluster({
    client,
    runtime,
    ...(namespace !== undefined && { namespace }),
    onChange: (keys) => work?.add(keys),
  });
  const tellCopies = logOnChange(log);
  const standing = leaseHealth(own, logOnChange(log));

  const lead = () =>
    startCandidacy({
      client,
      lease: own,
      candidate,
      onLead: (term) => {
        log.info({ lease: `${own.namespace}/${own.name}` }, "leads");
        standing.answered();
        const instance = candidate;
        const all = { client, network, cluster, metrics, log, instance, term, runtime };
        work = startReconciler({ ...all, ...(namespace !== undefined && { namespace }) });
        work.add(cluster.budgetKeys());
      },
      onLost: async (reason) => {
        log.info({ reason }, "leads no more");
        const ended = work;
        work = undefined;
        await ended?.stop();
      },
      onError: standing.failed,
      onAnswer: standing.answered,
      runtime,
    });
  const whenSynced = async () => {
    if (!(await cluster.synced) || stopping) return;
    log.info("knows the cluster");
    candidacy = lead();
  };
  const synced = whenSynced();

  const watching = loop(runtime, async () => {
    tellCopies(new Map(cluster.states().map((state) => [state.plural, complaintOf(state)])));
    return LOOK_MS;
  });
  const stop = async () => {
    stopping = true;
    await candidacy?.stop();
    await Promise.all([watching.stop(), cluster.stop(), synced]);
  };
  try {
    const door = await startHttpServer(port, metrics, {
      missing: () => [
        ...cluster
          .states()
          .filter((state) => !state.synced)
          .map((state) => `${state.plural}: ${complaintOf(state) ?? "not listed yet"}`),
        ...standing.missing(),
      ],
      dead: () => [
        ...(work?.stuck() ?? []),
        ...cluster
          .states()
          .filter((state) => isDead(state, runtime.monotonicMs()))
          .map(({ plural }) => `${plural}: the copy does not follow any more`),
      ],
    });
    log.info({ port: door.port, namespace: namespace ?? "all", server: client.server }, "watches");
    return {
      port: door.port,
      stop: async () => {
        await stop();
        await door.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Those that watch the same share one: of two namespaces each needs a leader of its own. */
function leaseOf(lease: LeaseName, namespace: string | undefined): LeaseName {
  return namespace === undefined ? lease : { ...lease, name: `${lease.name}-${namespace}` };
}

function isDead({ lastContactMs, lastError }: CopyState, nowMs: number): boolean {
  return (
    lastError === undefined && lastContactMs !== undefined && nowMs - lastContactMs > SILENT_MS_MAX
  );
}

/** What is wrong with a copy, and what to do about it where that is known. */
function complaintOf({ plural, lastError }: CopyState): string | undefined {
  if (lastError === undefined) return undefined;
  const isOurs = plural === BUDGETS.plural || plural === SERVERS.plural;
  // Of a group that no CRD has yet an API server says 404 without a word.
  if (isOurs && /could not find the requested resource|HTTP 404/.test(lastError)) {
    return `the cluster has no ${plural} of weir's: apply its CRDs (crds/); it is asked again and again`;
  }
  return lastError;
}
