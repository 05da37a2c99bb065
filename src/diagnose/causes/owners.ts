import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { byCodeUnit } from "../../text/order.ts";

/** Whose a client is, as far as that is known. */
export interface LiveOwner {
  readonly workload: LiveWorkload;
  /** The pod's name, where its address tells. */
  readonly pod?: string;
}

/** Finds out whose a client is. */
export interface LiveOwners {
  /** One for each name, line and login: what several pools of a pod open there is summed up. */
  readonly workloads: readonly LiveWorkload[];
  /**
   * Whose pool a client belongs to. By address, when just one pod has it, and that pod's line and
   * login are the client's; where no pod or several have it, by line and login, when just one
   * workload has these. Undefined: nobody's, or somebody's that can't be told.
   */
  of(client: ClientRow): LiveOwner | undefined;
  /** The one pod at its address, whatever it logs in as; else as `of`. */
  nearest(client: ClientRow): LiveOwner | undefined;
  /** Workloads that have this line and login. */
  byLogin(client: ClientRow): readonly LiveWorkload[];
  /** Whether some pod has this address. */
  hasPodAt(address: string): boolean;
}

export function ownersIn(live: LiveSystem): LiveOwners {
  const workloads = onePoolEach(live.workloads ?? []);
  const all = workloads.flatMap((workload) =>
    workload.pods.map(({ name, address }) => ({ workload, pod: name, address })),
  );
  const byAddress = Map.groupBy(all, ({ address }) => address);
  const byLogin = (client: ClientRow) =>
    workloads.filter((one) => namesLogin(one) && hasLogin(one, client));
  const of = (client: ClientRow): LiveOwner | undefined => {
    const here = byAddress.get(client.address) ?? [];
    if (here.length === 0 || isShared(here)) {
      const [workload, another] = byLogin(client);
      return workload !== undefined && another === undefined ? { workload } : undefined;
    }
    const [owner, another] = here.filter(({ workload }) => hasLogin(workload, client));
    if (owner === undefined || another !== undefined) return undefined;
    return { workload: owner.workload, pod: owner.pod };
  };
  return {
    workloads,
    of,
    nearest: (client) => {
      const here = byAddress.get(client.address) ?? [];
      const [first] = here;
      if (first === undefined || isShared(here)) return of(client);
      return of(client) ?? { workload: first.workload, pod: first.pod };
    },
    byLogin,
    hasPodAt: (address) => byAddress.has(address),
  };
}

/** Several pods have it: those of the host's network. */
function isShared(owners: readonly LiveOwner[]): boolean {
  return new Set(owners.map(({ pod }) => pod)).size > 1;
}

function onePoolEach(workloads: readonly LiveWorkload[]): readonly LiveWorkload[] {
  const same = Map.groupBy(workloads, ({ name, line, user }) => JSON.stringify([name, line, user]));
  return [...same]
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([, [first, ...others]]) => {
      if (first === undefined) return [];
      return others.length === 0 ? [first] : [summed(first, [first, ...others])];
    });
}

/** Several pools of the same pods as one, of as many connections in one process. */
function summed(first: LiveWorkload, pools: readonly LiveWorkload[]): LiveWorkload {
  const { name, line, user, replicas, peakPods, pods } = first;
  const sizes = pools.flatMap(({ poolMax, processesPerPod }) =>
    poolMax === undefined ? [] : [poolMax * processesPerPod],
  );
  const from = pools.flatMap(({ poolMaxFrom }) => poolMaxFrom ?? []).toSorted(byCodeUnit);
  return {
    name,
    ...(line !== undefined && { line }),
    ...(user !== undefined && { user }),
    replicas,
    ...(peakPods !== undefined && { peakPods }),
    pods,
    processesPerPod: 1,
    ...(sizes.length === pools.length && { poolMax: sizes.reduce((sum, size) => sum + size, 0) }),
    ...(from.length > 0 && { poolMaxFrom: from.join(" + ") }),
  };
}

function namesLogin({ line, user }: LiveWorkload): boolean {
  return line !== undefined || user !== undefined;
}

function hasLogin({ line, user }: LiveWorkload, client: ClientRow): boolean {
  return (line ?? client.line) === client.line && (user ?? client.user) === client.user;
}
