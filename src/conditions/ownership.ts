import type { ClientRow } from "../model/pgbouncer.ts";
import { isOfPool } from "../pgbouncer/lineLimits.ts";

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
export function podsByAddress<W extends Pick<OwnerCandidate, "pods">>(workloads: readonly W[]) {
  const pods = workloads.flatMap((workload) =>
    workload.pods.flatMap(({ name, address }) =>
      address === undefined ? [] : [{ workload, pod: name, address }],
    ),
  );
  return Map.groupBy(pods, ({ address }) => address);
}

/** The only pod, with the only pool, at an address: all clients from there are its. */
export function onlyPodAt<Pod>(
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
