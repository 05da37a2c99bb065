import type { LiveClient, LiveSystem, LiveWorkload } from "../live.ts";

/** Whose a client is, as far as that is known. */
export interface Owner {
  readonly workload: LiveWorkload;
  /** The pod's name, where its address tells. */
  readonly pod?: string;
}

/** Finds out whose a client is. */
export interface Owners {
  /**
   * By address, when just one pod of all has it; else by line and login, when just one workload has
   * these. Undefined: nobody's or somebody's, that can't be told.
   */
  of(client: LiveClient): Owner | undefined;
  /** Workloads that have this line and login; none of them where nothing tells. */
  byLogin(client: LiveClient): readonly LiveWorkload[];
  /** Whether some pod has this address. */
  hasPodAt(address: string): boolean;
}

export function ownersIn({ workloads = [] }: LiveSystem): Owners {
  const byAddress = new Map<string, Owner[]>();
  for (const workload of workloads) {
    for (const { name, address } of workload.pods) {
      if (address === undefined) continue;
      byAddress.set(address, [...(byAddress.get(address) ?? []), { workload, pod: name }]);
    }
  }
  const byLogin = (client: LiveClient) => workloads.filter((one) => hasLogin(one, client));
  return {
    of: (client) => {
      const [owner, anotherOwner] = byAddress.get(client.address) ?? [];
      if (owner !== undefined && anotherOwner === undefined) return owner;
      const [workload, another] = byLogin(client);
      return workload !== undefined && another === undefined ? { workload } : undefined;
    },
    byLogin,
    hasPodAt: (address) => byAddress.has(address),
  };
}

function hasLogin({ line, user }: LiveWorkload, client: LiveClient): boolean {
  if (line === undefined && user === undefined) return false;
  return (line ?? client.line) === client.line && (user ?? client.user) === client.user;
}
