import type { BudgetSnapshot, ServerSnapshot } from "../../src/model/budgetSnapshot.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { PgBouncerSnapshot } from "../../src/model/pgbouncer.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { followCluster } from "../../src/observe/cluster.ts";
import { systemNetwork } from "../../src/observe/network.ts";
import { observeBudgets } from "../../src/observe/observer.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import type { Sent } from "./controlPlane.ts";

/** What is observed of a cluster, as of now. */
export interface Observing {
  readonly snapshot: (budget: Sent) => BudgetSnapshot | undefined;
  /** The processes of a budget, or why they are not known. */
  readonly pgbouncers: (budget: Sent) => Observation<readonly PgBouncerSnapshot[]> | undefined;
  /** The first of them. */
  readonly process: (budget: Sent) => PgBouncerSnapshot["observation"] | undefined;
  readonly server: (budget: Sent, name: string) => ServerSnapshot | undefined;
  readonly orphans: ReturnType<typeof observeBudgets>["orphans"];
  readonly stop: () => Promise<void>;
}

export async function observe(client: KubeClient): Promise<Observing> {
  const cluster = followCluster({ client, runtime: systemRuntime, onChange: () => {} });
  const observer = observeBudgets({
    client,
    cluster,
    network: systemNetwork(systemRuntime),
    runtime: systemRuntime,
    statusOf: ({ observed }) => observed.status,
    onSample: () => {},
    onChange: () => {},
  });
  await cluster.synced;
  const snapshot = ({ namespace, name }: Sent) => {
    const key = `${namespace}/${name}`;
    observer.retarget(key);
    return observer.snapshot(key);
  };
  const pgbouncers = (own: Sent) => snapshot(own)?.pgbouncers;
  return {
    snapshot,
    pgbouncers,
    process: (own) => {
      const all = pgbouncers(own);
      return all?.state === "available" ? all.value[0]?.observation : undefined;
    },
    server: (own, name) => snapshot(own)?.servers.find(({ object }) => object.name === name),
    orphans: observer.orphans,
    stop: async () => {
      await Promise.all([observer.stop(), cluster.stop()]);
    },
  };
}
