import { PGBOUNCER_PORT } from "../api/names.ts";
import type { UnavailableReason } from "../model/observation.ts";
import type { ClusterCopy } from "./cluster.ts";
import { serviceKeyOf, type PlacedBudget } from "./observedObject.ts";
import type { PgBouncerTarget } from "./pgbouncerPoller.ts";

/** Where a budget's PgBouncer processes are. */
export type PgBouncerTargets =
  | { readonly kind: "Processes"; readonly targets: readonly PgBouncerTarget[] }
  /** DNS has to be asked. */
  | { readonly kind: "Host"; readonly host: string; readonly port: number }
  | { readonly kind: "None"; readonly reason: UnavailableReason; readonly message: string };

type TargetSource = Pick<ClusterCopy, "service" | "slicesOf" | "pgbouncerPods">;

/**
 * Of weir's own PgBouncer: its pods. Of another PgBouncer: what stands behind the Service that it
 * names, else what DNS says. Ready or not: a process that is not ready may hold clients all the same. A process that
 * terminates accepts no new client, and an open console would block its exit: it is none of them.
 */
export function pgbouncerTargets(budget: PlacedBudget, cluster: TargetSource): PgBouncerTargets {
  const { namespace, name } = budget.metadata;
  const { existing } = budget.spec.pgbouncer;
  if (existing === undefined) return ownPlaces(`${namespace}/${name}`, cluster);
  const { host, port } = existing;
  const key = serviceKeyOf(budget);
  const service = key === undefined ? undefined : cluster.service(key);
  if (key === undefined || service === undefined) return { kind: "Host", host, port };
  if (service.externalName !== undefined) {
    return { kind: "Host", host: service.externalName, port };
  }
  const portName = service.portNames.get(port);
  const targets = cluster.slicesOf(key).flatMap(({ endpoints, ports }) => {
    // A Service without this port may be a headless one: then it is the pods' own.
    const target = portName === undefined ? port : ports.get(portName);
    if (target === undefined) return [];
    return endpoints.map(({ address, pod }) => ({
      name: pod ?? `${address}:${target}`,
      host: address,
      port: target,
      ...(pod === undefined && { isAddress: true }),
    }));
  });
  return processes(targets, `Service ${key} has no endpoint at port ${port}`);
}

/**
 * The Service that `existing.host` may name in a namespace that is not watched: only DNS is asked of
 * it, which has one address for all that stands behind it.
 *
 * @param watched the namespace that alone is watched; absent: all are
 */
export function unwatchedServiceOf(
  budget: PlacedBudget,
  watched: string | undefined,
): string | undefined {
  const key = serviceKeyOf(budget);
  return watched === undefined || key?.startsWith(`${watched}/`) ? undefined : key;
}

function ownPlaces(key: string, cluster: TargetSource): PgBouncerTargets {
  const targets = cluster
    .pgbouncerPods(key)
    .filter(({ terminating }) => !terminating)
    .flatMap(({ name, ip }) =>
      ip === undefined ? [] : [{ name, host: ip, port: PGBOUNCER_PORT }],
    );
  return processes(targets, `ConnectionBudget ${key} has no PgBouncer pod that runs`);
}

/** By name, each once: a pod with two addresses is in two slices. */
function processes(targets: readonly PgBouncerTarget[], otherwise: string): PgBouncerTargets {
  if (targets.length === 0) return { kind: "None", reason: "NoPods", message: otherwise };
  const byName = new Map(targets.map((target) => [target.name, target]));
  return {
    kind: "Processes",
    targets: [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
