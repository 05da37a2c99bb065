import type { ClientRow } from "../model/pgbouncer.ts";

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
    /** The only pod at the client's address, whatever its login; otherwise the same as `of`. */
    nearest: (client: ClientOrigin): Owner<W> | undefined => {
      const here = byAddress.get(client.address) ?? [];
      const [first] = here;
      if (first === undefined || isShared(here)) return of(client);
      return of(client) ?? { workload: first.workload, pod: first.pod };
    },
    byLogin,
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
