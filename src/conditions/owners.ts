import { CONSOLE_DATABASE, MAINTENANCE_LINE } from "../api/names.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { ClientCount } from "../model/pgbouncer.ts";
import type { PodSnapshot } from "../model/workload.ts";
import { clientsMaxOn, clientsOn } from "./clientUse.ts";
import type { ObservedPgBouncer } from "./observed.ts";

/** How many connections somebody holds, or why that can't be told. */
export type Held =
  | { readonly known: true; readonly count: number }
  | { readonly known: false; readonly reason: string; readonly message: string };

/**
 * Whose clients are whose: by line where the server has one of its own there, which is its
 * bulkhead; else by the address of a pod that no other pod has.
 */
export interface Owners {
  /** The server's name; undefined: nobody's that is known. */
  of(pooler: ObservedPgBouncer, client: ClientCount): string | undefined;
  /** The most that a server had on one process in its window; or what it has now. */
  heldBy(server: ServerSnapshot, pooler: ObservedPgBouncer, when: "lately" | "now"): Held;
  /**
   * The most that a pod certainly had: on one process in its window, or on all together in their
   * last samples. Not those that wait, which its pool may have given up. Not the sum of the windows, nor of what each had when it was asked last: a pool may
   * move its connections from one process to another.
   */
  heldByPod(pod: PodSnapshot, poolers: readonly ObservedPgBouncer[]): Held;
}

export function ownersIn(
  { budget, servers }: Pick<BudgetSnapshot, "budget" | "servers">,
  poolers: readonly ObservedPgBouncer[],
): Owners {
  const names = new Set(servers.map(({ object }) => object.name));
  const isManaged = budget.parsed.ok && budget.parsed.value.spec.pgbouncer.existing === undefined;
  const pods = servers.flatMap(({ object, pods: own }) =>
    own.flatMap(({ uid, address }) =>
      address === undefined ? [] : [{ address, uid, server: object.name }],
    ),
  );
  const byAddress = Map.groupBy(pods, ({ address }) => address);
  const hidden = new Map(poolers.map((pooler) => [pooler.name, hidesAddresses(pooler, byAddress)]));
  const now = new Map(poolers.map((pooler) => [pooler.name, byAddressNow(pooler)]));
  const serversAt = (address: string) =>
    new Set(byAddress.get(address)?.map(({ server }) => server));
  const hasLine = (server: string, { lines }: ObservedPgBouncer) => isManaged || lines.has(server);
  return {
    of: (pooler, { line, address }) => {
      if (isManaged || (names.has(line) && pooler.lines.has(line))) return line;
      const [server, another] = serversAt(address);
      return another === undefined ? server : undefined;
    },
    heldBy: ({ object, pods: own }, pooler, when) => {
      if (hasLine(object.name, pooler)) {
        const countOn = when === "now" ? clientsOn : clientsMaxOn;
        return { known: true, count: countOn(object.name, pooler) };
      }
      if (hidden.get(pooler.name) === true) return HIDDEN;
      const addresses = [...new Set(own.flatMap(({ address }) => address ?? []))];
      const counts = when === "now" ? now.get(pooler.name) : pooler.state.window.addresses;
      const held = addresses.filter((ip) => (counts?.get(ip) ?? 0) > 0);
      if (own.some(isOfNode) || held.some((ip) => serversAt(ip).size > 1)) return SHARED;
      return { known: true, count: sumOf(held.map((ip) => counts?.get(ip) ?? 0)) };
    },
    heldByPod: (pod, all) => {
      const { address } = pod;
      if (address === undefined) return isOfNode(pod) ? SHARED : { known: true, count: 0 };
      const hasSome = all.some(({ state }) => (state.window.addresses.get(address) ?? 0) > 0);
      if (hasSome && (byAddress.get(address)?.length ?? 0) > 1) return SHARED;
      const windows = all.map(({ state }) => state.window.addressesHeld.get(address) ?? 0);
      const kept = all.map(({ state }) => state.window.addressesHeldMin.get(address) ?? 0);
      const count = Math.max(0, ...windows, sumOf(kept));
      if (count === 0 && all.some(({ name }) => hidden.get(name) === true)) return HIDDEN;
      return { known: true, count };
    },
  };
}

const HIDDEN: Held = {
  known: false,
  reason: "AddressesHidden",
  message: "there are clients, and none has the address of a pod: whose they are can't be told",
};

const SHARED: Held = {
  known: false,
  reason: "AddressesShared",
  message: "several pods have one address (hostNetwork): whose its clients are can't be told",
};

/** A pod that is ready has an address: without one of its own it has its node's. */
function isOfNode({ address, ready }: PodSnapshot): boolean {
  return ready && address === undefined;
}

/** Clients are there, and none of them comes from a pod: something translates addresses. */
function hidesAddresses({ state }: ObservedPgBouncer, pods: ReadonlyMap<string, unknown>): boolean {
  const some = state.clients.some(isOfPool);
  return some && pods.size > 0 && ![...state.window.addresses.keys()].some((ip) => pods.has(ip));
}

function byAddressNow({ state }: ObservedPgBouncer): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { address, count } of state.clients.filter(isOfPool)) {
    counts.set(address, (counts.get(address) ?? 0) + count);
  }
  return counts;
}

/** Consoles and those that check or migrate come from elsewhere, or are beside a pod's pool. */
function isOfPool({ line }: ClientCount): boolean {
  return line !== CONSOLE_DATABASE && line !== MAINTENANCE_LINE;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
