import { ownershipOf } from "../../conditions/clientOwners.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { byCodeUnit } from "../../text/order.ts";

/** Finds out whose a client is. */
export interface LiveOwners extends ReturnType<typeof ownershipOf<LiveWorkload>> {
  readonly workloads: readonly LiveWorkload[];
}

export function ownersIn(live: LiveSystem): LiveOwners {
  const workloads = onePoolEach(live.workloads ?? []);
  return { workloads, ...ownershipOf(workloads) };
}

/** One for each name, line and login: what several pools of a pod open there is summed up. */
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
  const sizes = pools.flatMap(({ poolMax, processesPerPod }) =>
    poolMax === undefined ? [] : [poolMax * processesPerPod],
  );
  const from = pools.flatMap(({ poolMaxFrom }) => poolMaxFrom ?? []).toSorted(byCodeUnit);
  const { poolMax: _, poolMaxFrom: __, ...same } = first;
  return {
    ...same,
    processesPerPod: 1,
    ...(sizes.length === pools.length && { poolMax: sizes.reduce((sum, size) => sum + size, 0) }),
    ...(from.length > 0 && { poolMaxFrom: from.join(" + ") }),
  };
}

/**
 * The network that addresses of one cluster's pods share, as far as an address alone shows it:
 * the first 16 bits of an IPv4 address (a cluster's pods have a /16 or less by default), the first
 * 48 of an IPv6 address. Undefined for what is no address (`unix`), and for this machine's own.
 */
export function networkOf(address: string): string | undefined {
  const [, high, low] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(address) ?? [];
  if (high !== undefined) return high === "127" ? undefined : `${high}.${low}`;
  if (!address.includes(":") || address === "::1") return undefined;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const zeros = tail === undefined ? [] : ["0", "0", "0"];
  return [...groups, ...zeros].slice(0, 3).join(":");
}
