import {
  CONNECTS_TO_ANNOTATION,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  POSTGRES_PORT,
  RESERVE_ANNOTATION,
} from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import type { Client, Pooler, PoolerGroup, PostgresServer, System } from "../system.ts";
import type { Workload } from "../workload.ts";
import { isLoopback, type AddressBook } from "./addresses.ts";
import { annotatedWhole, reserveOf } from "./annotations.ts";
import { clientsOf } from "./clients.ts";
import { groupOf, type FoundPooler } from "./poolers.ts";
import type { FoundPostgres } from "./postgresServers.ts";

/** What manifests or a compose file hold, before it is known who connects to what. */
interface FoundSystem {
  readonly workloads: readonly Workload[];
  readonly poolers: readonly FoundPooler[];
  readonly servers: ReadonlyMap<FoundPostgres, PostgresServer>;
  /** The addresses of all poolers and servers. */
  readonly book: AddressBook;
  /** Names of the poolers that have an address: others than their own pods can connect to them. */
  readonly addressed: ReadonlySet<string>;
}

/** The system, every connection followed to where it leads. */
export function connectedSystem(found: FoundSystem): System {
  const { workloads, poolers, servers, book, addressed } = found;
  const groups = poolers.map((pooler) => groupsOf(pooler, book, servers));
  const behind = new Set(
    groups.flat().flatMap(({ lines }) => lines.map(({ postgres }) => postgres)),
  );
  const byWorkload = workloads.map((workload) => clientsOf(workload, { book, poolers, behind }));
  const clients = byWorkload.flatMap((one) => one.clients);
  const sidecars = new Set(byWorkload.flatMap(({ sidecarPoolers }) => sidecarPoolers));
  const finished = poolers.map((pooler, index) => {
    const isSidecar = sidecars.has(pooler.name) && !addressed.has(pooler.name);
    return poolerOf(pooler, groups[index] ?? [], isSidecar ? "pod" : "service");
  });
  return {
    poolers: finished.map(({ pooler }) => pooler),
    clients,
    postgres: [...servers.values()],
    missing: [
      ...byWorkload.flatMap((one) => one.missing),
      ...finished.flatMap((one) => one.missing),
      ...poolers.flatMap((pooler) => chained(pooler, book, clients)),
    ],
    notes: [...poolers.flatMap(({ notes }) => notes), ...byWorkload.flatMap(({ notes }) => notes)],
  };
}

/** The groups of a pooler, each line with the address of its Postgres. */
function groupsOf(
  { name, namespace, groups, workload }: FoundPooler,
  book: AddressBook,
  servers: FoundSystem["servers"],
): readonly PoolerGroup[] {
  const postgresOf = (host: string | undefined, port: number): string => {
    if (host !== undefined && !isLoopback(host)) return book.postgresAt(host, port, namespace);
    // The pod's own: a Postgres in it, or what its socket leads to.
    for (const [server, { address }] of servers) {
      const isHere = workload !== undefined && server.workload === workload;
      if (isHere && server.ports.includes(port)) return address;
    }
    return `localhost of ${name}:${port}`;
  };
  return groups.map((group) => groupOf(group, postgresOf));
}

/** A pooler with its groups, and what is missing of its reserve. */
function poolerOf(
  { name, place, annotation }: FoundPooler,
  groups: readonly PoolerGroup[],
  scope: Pooler["scope"],
): { readonly pooler: Pooler; readonly missing: readonly MissingQuantity[] } {
  const { reserve, missing: missingReserve } = reserveOf(annotation(RESERVE_ANNOTATION));
  const share = annotatedWhole(
    annotation(POSTGRES_CONNECTIONS_ANNOTATION),
    "its share of Postgres",
  );
  return {
    pooler: { name, place, scope, groups, reserve, ...(share === undefined ? {} : { share }) },
    missing: missingReserve,
  };
}

/** Lines that lead to another pooler: only an annotation says what goes through two. */
function chained(
  found: FoundPooler,
  book: AddressBook,
  clients: readonly Client[],
): readonly MissingQuantity[] {
  const here = JSON.stringify(found.place.path);
  const own = clients.filter(
    ({ place }) => place.object === found.place.object && JSON.stringify(place.path) === here,
  );
  const lines = found.groups.flatMap(({ configuration }) =>
    "known" in configuration ? [] : [...configuration.lines],
  );
  return lines.flatMap(([name, { place, keys }]) => {
    const [host, port] = [keys.get("host"), keys.get("port")];
    if (!host?.known || isLoopback(host.value)) return [];
    const number = port?.known ? Number(port.value) : POSTGRES_PORT;
    const other = book.poolerAt(host.value, number, found.namespace);
    if (other === undefined) return [];
    const isAnnotated = own.some(
      ({ target }) => target.kind === "pooler" && target.pooler === other,
    );
    if (isAnnotated) return [];
    const what = `what line ${name} of ${found.name} opens on the pooler ${other} behind it`;
    const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION} and ${POOL_MAX_ANNOTATION}`;
    return [missing(what, place, remedy)];
  });
}
