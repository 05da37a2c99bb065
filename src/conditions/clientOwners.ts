import type { Condition } from "../api/kubernetes.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { ClientCount, ClientRow } from "../model/pgbouncer.ts";
import type { PodSnapshot } from "../model/workload.ts";
import { isOfPool } from "../pgbouncer/lineLimits.ts";
import { byCodeUnit } from "../text/order.ts";
import { listed } from "../text/wording.ts";
import { clientsMaxOn, clientsOn } from "./processUse.ts";
import type { CheckResult } from "./condition.ts";
import type { ObservedPgBouncer } from "./sources.ts";
import { heldForCertain } from "./poolSetting.ts";
import type { OwnerUnknownReason, Reason } from "./reasons.ts";

/** How many connections a server or a pod holds, or why that can't be known. */
type HeldCount =
  | { readonly known: true; readonly count: number }
  | { readonly known: false; readonly reason: OwnerUnknownReason; readonly message: string };

/**
 * Whose clients are whose: by line where the server has one of its own there, which is its
 * bulkhead; else by the address of a pod that no other pod has.
 */
export type ClientOwners = ReturnType<typeof clientOwnersIn>;

export function clientOwnersIn(
  { budget, servers }: Pick<BudgetSnapshot, "budget" | "servers">,
  pgbouncers: readonly ObservedPgBouncer[],
) {
  const isManaged = budget.parsed.ok && budget.parsed.value.spec.pgbouncer.existing === undefined;
  const hasLine = (server: string, { lines }: ObservedPgBouncer) => isManaged || lines.has(server);
  const candidates = servers.map(({ object: { name: server }, pods }) => ({ server, pods }));
  const candidatesAt = (pgbouncer: ObservedPgBouncer) =>
    candidates.map((each) => ({
      ...each,
      ...(hasLine(each.server, pgbouncer) && { line: each.server, ownsLine: true as const }),
    }));
  const ownership = new Map(
    pgbouncers.map((pgbouncer) => [pgbouncer.name, ownershipOf(candidatesAt(pgbouncer))]),
  );
  const byAddress = podsByAddress(candidates);
  const hidden = new Map(pgbouncers.map((each) => [each.name, hidesAddresses(each, byAddress)]));
  const now = new Map(pgbouncers.map((each) => [each.name, byAddressNow(each)]));
  const serversAt = (ip: string) =>
    new Set(byAddress.get(ip)?.map(({ workload }) => workload.server));
  return {
    /** The server's name; undefined: the server is not known. */
    of: ({ name }: ObservedPgBouncer, client: ClientCount) =>
      ownership.get(name)?.of(client)?.workload.server,
    /**
     * The most that a server had on one process in its window; or what it has now. It doesn't ask
     * `of` for each client: a window has no clients, only the most of each line and of each address,
     * and a count must not pass over clients whose owner is unknown.
     */
    heldBy: (
      { object, pods: own }: ServerSnapshot,
      pgbouncer: ObservedPgBouncer,
      when: "lately" | "now",
    ): HeldCount => {
      if (hasLine(object.name, pgbouncer)) {
        const countOn = when === "now" ? clientsOn : clientsMaxOn;
        return { known: true, count: countOn(object.name, pgbouncer) };
      }
      if (hidden.get(pgbouncer.name) === true) return HIDDEN;
      const addresses = [...new Set(own.flatMap(({ address }) => address ?? []))];
      const counts = when === "now" ? now.get(pgbouncer.name) : pgbouncer.state.window.addresses;
      const held = addresses.filter((ip) => (counts?.get(ip) ?? 0) > 0);
      if (own.some(isOfNode) || held.some((ip) => serversAt(ip).size > 1)) return SHARED;
      return { known: true, count: held.reduce((sum, ip) => sum + (counts?.get(ip) ?? 0), 0) };
    },
    /** The number of connections that a pod certainly holds, on all lines: see poolSetting.ts. */
    heldByPod: (pod: PodSnapshot, all: readonly ObservedPgBouncer[]): HeldCount => {
      const { address } = pod;
      if (address === undefined) return isOfNode(pod) ? SHARED : { known: true, count: 0 };
      const hasSome = all.some(({ state }) => (state.window.addresses.get(address) ?? 0) > 0);
      if (hasSome && onlyPodAt(byAddress, address) === undefined) return SHARED;
      const count = heldForCertain(
        address,
        all.map(({ state: { window } }) => ({
          mostInRow: window.addressesHeld,
          least: window.addressesHeldMin,
        })),
      );
      if (count === 0 && all.some(({ name }) => hidden.get(name) === true)) return HIDDEN;
      return { known: true, count };
    },
  };
}

/**
 * Why it can't be known who holds what, if that is so.
 *
 * @param knowing the reasons of a condition that was said when it was known: then the addresses of
 *   pods were there before, and a moment without them is a moment without clients
 */
export function whyUnknown(
  counts: readonly HeldCount[],
  before: Condition | undefined,
  knowing: readonly Reason[],
): CheckResult<OwnerUnknownReason> | undefined {
  const unknown = counts.find((each) => !each.known);
  if (unknown === undefined || unknown.known) return undefined;
  const wasKnown = knowing.some((reason) => reason === before?.reason);
  if (unknown.reason === "AddressesHidden" && wasKnown) return undefined;
  return { status: "Unknown", reason: unknown.reason, message: unknown.message };
}

/** `scene 20, review 20 and reporting 12, all idle`: who holds a process' clients, most first. */
export function holdersOf(pgbouncer: ObservedPgBouncer, owners: ClientOwners): string {
  const counts = new Map<string, { clients: number; idle: number }>();
  for (const client of pgbouncer.state.clients.filter(isOfPool)) {
    const who = owners.of(pgbouncer, client) ?? `line ${client.line} from ${client.address}`;
    const { clients, idle } = counts.get(who) ?? { clients: 0, idle: 0 };
    counts.set(who, { clients: clients + client.count, idle: idle + client.idle });
  }
  const all = [...counts].map(([who, count]) => ({ who, ...count }));
  const sorted = all.toSorted((a, b) => b.clients - a.clients || byCodeUnit(a.who, b.who));
  return `${listed(sorted.map(({ who, clients }) => `${who} ${clients}`))}${idleness(all)}`;
}

/** In steps that traffic doesn't move at every moment. */
function idleness(all: readonly { readonly clients: number; readonly idle: number }[]): string {
  const clients = all.reduce((sum, each) => sum + each.clients, 0);
  const idle = all.reduce((sum, each) => sum + each.idle, 0);
  if (clients === 0) return "no client that is logged in by now";
  if (idle === clients) return ", all idle";
  return idle * 2 > clients ? ", most of them idle" : ", most of them busy";
}

const HIDDEN: HeldCount = {
  known: false,
  reason: "AddressesHidden",
  message: "there are clients, and none has the address of a pod: weir can't know whose they are",
};

const SHARED: HeldCount = {
  known: false,
  reason: "AddressesShared",
  message: "several pods have one address (hostNetwork): weir can't know whose its clients are",
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

/** Something that runs, to which clients of one PgBouncer process may belong. */
interface OwnerCandidate {
  /** The line and the login that it uses; absent: any. */
  readonly line?: string;
  readonly user?: string;
  /** The line is its alone: every client of the line counts against its limit. */
  readonly ownsLine?: true;
  readonly pods: readonly { readonly name: string; readonly address?: string }[];
}

/** What shows the workload that a client belongs to. */
type ClientOrigin = Pick<ClientRow, "line" | "user" | "address">;

/** The workload that a client belongs to, and its pod if the address shows it. */
interface Owner<W> {
  readonly workload: W;
  /** The pod's name, where its address shows it. */
  readonly pod?: string;
}

/** Finds the workload that a client belongs to. */
export function ownershipOf<W extends OwnerCandidate>(workloads: readonly W[]) {
  const byAddress = podsByAddress(workloads);
  const byWorkload = Map.groupBy([...byAddress.values()].flat(), ({ workload }) => workload);
  const byLine = Map.groupBy(workloads.filter(namesLogin), ({ line }) => line);
  /** The workloads that are known to use this line and login. */
  const byLogin = (client: ClientOrigin) =>
    [...(byLine.get(client.line) ?? []), ...(byLine.get(undefined) ?? [])].filter((each) =>
      fits(each, client),
    );
  /**
   * Whose pool a client belongs to: that of the workload which owns the line; else, when just one
   * pod has the client's address, that of the one workload of this pod which uses the client's line
   * and login; else, when no pod or several have the address, that of the one workload which is
   * known to use this line and login, or could from there. Undefined: of no workload, or not known.
   */
  const of = (client: ClientOrigin): Owner<W> | undefined => {
    const here = byAddress.get(client.address) ?? [];
    const owned = byLine.get(client.line)?.find(({ ownsLine }) => ownsLine);
    const isOnePod = here.length > 0 && !isShared(here);
    const possible = new Set(
      owned === undefined
        ? [
            ...here.flatMap(({ workload }) => (fits(workload, client) ? [workload] : [])),
            ...(isOnePod ? [] : byLogin(client)),
          ]
        : [owned],
    );
    const [workload, another] = possible;
    if (workload === undefined || another !== undefined) return undefined;
    const own = isOnePod ? here.find((each) => each.workload === workload) : undefined;
    return own ? { workload, pod: own.pod } : { workload };
  };
  return {
    of,
    /**
     * The pod whose pool holds a client: the only one at its address, whatever the line, since a
     * setting limits a pod and not a line. Of a pod with several pools, the one that `of` finds.
     */
    podOf: (client: ClientOrigin) => {
      const only = isOfPool(client) ? onlyPodAt(byAddress, client.address) : undefined;
      if (only !== undefined) return only;
      const owner = of(client);
      if (owner?.pod === undefined) return undefined;
      return byAddress.get(client.address)?.find(({ workload }) => workload === owner.workload);
    },
    /** The only pod at the client's address, whatever its login; otherwise the same as `of`. */
    nearest: (client: ClientOrigin): Owner<W> | undefined => {
      const here = byAddress.get(client.address) ?? [];
      const [first] = here;
      if (first === undefined || isShared(here)) return of(client);
      return of(client) ?? { workload: first.workload, pod: first.pod };
    },
    byLogin,
    /** The pods of a workload that have an address, as `podOf` gives them. */
    podsOf: (workload: W) => byWorkload.get(workload) ?? [],
    /** Whether some pod has this address. */
    hasPodAt: (address: string) => byAddress.has(address),
  };
}

/** The pods at each address, and what they are of. */
function podsByAddress<W extends Pick<OwnerCandidate, "pods">>(workloads: readonly W[]) {
  const pods = workloads.flatMap((workload) =>
    workload.pods.flatMap(({ name, address }) =>
      address === undefined ? [] : [{ workload, pod: name, address }],
    ),
  );
  return Map.groupBy(pods, ({ address }) => address);
}

/** The only pod, with the only pool, at an address: all clients from there are its. */
function onlyPodAt<Pod>(
  byAddress: ReadonlyMap<string, readonly Pod[]>,
  address: string,
): Pod | undefined {
  const [first, ...others] = byAddress.get(address) ?? [];
  return others.length === 0 ? first : undefined;
}

/** Several pods have one address: those of the host's network. */
function isShared(pods: readonly { readonly pod: string }[]): boolean {
  return new Set(pods.map(({ pod }) => pod)).size > 1;
}

function namesLogin({ line, user }: OwnerCandidate): boolean {
  return line !== undefined || user !== undefined;
}

function fits({ line, user }: OwnerCandidate, client: ClientOrigin): boolean {
  return (line ?? client.line) === client.line && (user ?? client.user) === client.user;
}
